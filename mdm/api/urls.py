"""The API, put together: addresses, tokens, and how refusals look."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from ninja import NinjaAPI, Router
from ninja.openapi.docs import Swagger

from api.errors import add_handlers
from api.record_routes import record_router
from api.request_routes import router as requests
from api.tokens import TokenAuth

api = NinjaAPI(
    title="Clickstar master data",
    version="1",
    description=(
        "Read master records, ask for changes, and decide on them. Send a token of yours (made"
        " under *API tokens*) in the header `Authorization: Bearer …`; it may do what you may do."
        " Moments are UTC. A refusal is always `detail`, a sentence, and `errors`, sentences by"
        " field."
    ),
    urls_namespace="api",
    auth=TokenAuth(),
    # No address outside: the page would ask a validator elsewhere whether the description is valid.
    docs=Swagger(settings={"validatorUrl": None}),
)
add_handlers(api)
api.add_router("/records", record_router())
api.add_router("/change-requests", requests)

# Added last: an address that is tried before the others takes their calls.
elsewhere = Router(auth=None)


@elsewhere.api_operation(
    ["GET", "POST", "PUT", "PATCH", "DELETE"], "/{path:address}", include_in_schema=False
)
def nothing_here(request: HttpRequest, address: str) -> None:
    """Answer all other addresses, so that the pages for people do not."""
    raise Http404


api.add_router("", elsewhere)
