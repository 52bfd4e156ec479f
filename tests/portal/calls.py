"""Calls of the API by people of the tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from api.models import make_token
from changes import service
from changes.models import ChangeRequest
from records.base import Record

Call = Callable[..., Any]
API = "/api/v1"


def token_of(user: User, days: int = 30) -> str:
    return make_token(user, "test", timezone.now().date() + dt.timedelta(days=days))[1]


def caller(user: User) -> Call:
    """Call the API as a user: `call("get", "/records/partner")`, `call("post", address, {…})`."""
    client = Client(headers={"Authorization": f"Bearer {token_of(user)}"})

    def call(method: str, address: str, body: Any = None, **query: Any) -> Any:
        if method == "get":
            return client.get(API + address, query)
        data = {} if body is None else body
        return client.post(API + address, data, content_type="application/json")

    return call


def approved(
    steward: User, approver: User, entity: type[Record], code: str | None, **values: Any
) -> Any:
    """A record that the steward asked for and the approver approved."""
    known = entity._default_manager.filter(pk=code).first()
    request = service.request_change(
        steward, entity, code, values, reason="because", source=ChangeRequest.Source.FORM,
        base_version=known.version if known else None,
    )  # fmt: skip
    assert request is not None
    service.approve(request, approver)
    return entity._default_manager.get(pk=request.code)
