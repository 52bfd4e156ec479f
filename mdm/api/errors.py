"""What a refusal looks like: always `detail`, a sentence, and `errors`, sentences by field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import (
    NON_FIELD_ERRORS,
    PermissionDenied,
    RequestDataTooBig,
    ValidationError,
)
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError
from ninja.errors import ValidationError as WrongInput
from pydantic import Field

from changes.service import Refused

ADDRESS = "/api/v1/"
LOOK_AT_ERRORS = "Nothing was done: see what is wrong, by field, in errors."
WORDS = {
    400: "The request could not be read: send valid JSON in UTF-8.",
    404: "There is nothing at this address: see /api/v1/docs.",
    405: "This address does not know this method: see /api/v1/docs.",
    413: "The request is too large: send fewer changes at once.",
    415: "Send JSON, with the header `Content-Type: application/json`.",
    429: "Too many wrong tokens came from your address: wait 15 minutes.",
    500: "Something went wrong on our side; nothing was changed.",
}


class Error(Schema):
    """Why a request was refused."""

    detail: str = Field(description="A sentence for people.")
    errors: dict[str, list[str]] = Field(description="What is wrong, by field; often empty.")


class Fields(Exception):
    """Wrong values, by the place where they stand in the request."""

    def __init__(self, errors: dict[str, list[str]]) -> None:
        super().__init__(errors)
        self.errors = errors


def by_field(error: ValidationError, before: str = "") -> dict[str, list[str]]:
    """The sentences of a refusal by field; those of the record as a whole stand under `values`."""
    if not hasattr(error, "error_dict"):
        return {f"{before}values": list(error.messages)}
    return {
        before + ("values" if name == NON_FIELD_ERRORS else name): list(messages)
        for name, messages in error.message_dict.items()
    }


def add_handlers(api: NinjaAPI) -> None:
    """Turn every refusal into one status and one body."""

    def respond(status: int, detail: str, errors: dict[str, list[str]] | None = None) -> Any:
        def make(request: HttpRequest) -> HttpResponse:
            return api.create_response(
                request, {"detail": detail, "errors": errors or {}}, status=status
            )

        return make

    def handle(kind: type[Exception], make: Callable[[Any], Any]) -> None:
        api.add_exception_handler(kind, lambda request, error: make(error)(request))

    handle(Fields, lambda error: respond(422, LOOK_AT_ERRORS, error.errors))
    handle(ValidationError, lambda error: respond(422, LOOK_AT_ERRORS, by_field(error)))
    handle(WrongInput, lambda error: respond(422, LOOK_AT_ERRORS, _of_input(error)))
    handle(Refused, lambda error: respond(409, str(error)))
    handle(PermissionDenied, lambda error: respond(403, str(error) or "You may not do this."))
    handle(RequestDataTooBig, lambda error: respond(413, WORDS[413]))
    handle(Http404, lambda error: respond(404, str(error) or WORDS[404]))

    def with_status(request: HttpRequest, error: Any) -> HttpResponse:
        detail = WORDS[400] if error.status_code == 400 else str(error)
        if error.status_code == 401 and detail == "Unauthorized":
            detail = "Send a token in the header `Authorization: Bearer …`."
        response: HttpResponse = respond(error.status_code, detail)(request)
        if error.status_code == 401:
            response["WWW-Authenticate"] = "Bearer"
        if error.status_code == 429:
            response["Retry-After"] = "900"
        return response

    api.add_exception_handler(HttpError, with_status)


def _of_input(error: WrongInput) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for wrong in error.errors:
        # Of a body our name for the whole comes before the sender's names.
        source, *place = map(str, wrong["loc"])
        name = ".".join(place[1:] if source == "body" else place) or source
        sentence = str(wrong["msg"]).removeprefix("Value error, ")
        found.setdefault(name, []).append(sentence)
    return found


def _said(status: int) -> HttpResponse:
    detail = WORDS.get(status, WORDS[400])
    return JsonResponse({"detail": detail, "errors": {}}, status=status)


class JsonOnly:
    """Under the API's address only JSON goes in and comes out, also from Django itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        if not request.path.startswith(ADDRESS):
            return self.get_response(request)
        has_body = request.META.get("CONTENT_LENGTH") not in (None, "", "0")
        if has_body and request.content_type != "application/json":
            return _said(415)
        response = self.get_response(request)
        is_json = response.get("Content-Type", "").startswith("application/json")
        if response.status_code < 400 or is_json:
            return response
        body = _said(response.status_code)
        for name, value in response.items():
            if name not in ("Content-Type", "Content-Length"):
                body[name] = value
        return body
