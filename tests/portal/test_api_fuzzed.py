"""The API against its own description: what no person would send breaks nothing.

Schemathesis sends what the description allows and what it forbids; the same requests each time.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import schemathesis
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, models, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

from calls import API, approved, token_of
from changes import service
from changes.models import ChangeRequest
from portal.wsgi import application
from records.base import Record
from records.models import ENTITIES, Crosswalk, Fee, Partner

# Routes of records are made by one function: three kinds with different filters stand for all.
FUZZED = r"/(change-requests|records/(partner|crosswalk|target))(/|$)"
CHECKED = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "negative_data_rejection",
    "unsupported_method", "ignored_auth", "allow_header_conformance",
)  # fmt: skip
load_all_checks()
CHECKS_MADE = CHECKS.get_by_names(list(CHECKED))
EACH = settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def waiting(steward: User, approver: User) -> ChangeRequest:
    """A request that the approver may decide on."""
    approved(steward, approver, Partner, "P-1", name="Shop")
    request = service.request_change(
        steward, Partner, "P-1", {"name": "New"}, reason="because", base_version=1,
        source=ChangeRequest.Source.FORM,
    )  # fmt: skip
    assert request is not None
    return request


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """Without Django's own client, the end of a call closes the connection and its transaction."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


# Its own ideas of tokens would be overwritten by ours, and a refused request be accepted.
CONFIG = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
SCHEMA = schemathesis.openapi.from_wsgi(f"{API}/openapi.json", application, config=CONFIG)
FOUND: Any = SCHEMA.include(path_regex=FUZZED).get_all_operations()
CASES = [
    (operation, mode)
    for operation in (result.ok() for result in FOUND)
    for mode in GenerationMode
    # Every text may be a code, so of these addresses there is nothing that is forbidden.
    if mode.is_positive or not operation.path.endswith("/{code}")
]


@pytest.mark.parametrize(
    ("operation", "mode"), CASES, ids=[f"{one.label}-{mode.value}" for one, mode in CASES]
)
def test_what_the_description_allows_and_forbids(
    operation: Any, mode: GenerationMode, approver: User, waiting: ChangeRequest, settings: Any
) -> None:
    # It tries wrong tokens too.
    settings.AXES_LOCK_OUT_AT_FAILURE = False
    headers = {"Authorization": f"Bearer {token_of(approver)}"}

    @EACH
    @given(operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        if mode.is_positive:
            for name, real in (("request_id", waiting.pk), ("code", "P-1")):
                if name in (case.path_parameters or {}):
                    case.path_parameters[name] = real
        case.call_and_validate(headers=headers, checks=CHECKS_MADE)

    send()


# --------------------------------------------------------------------------------- every kind

SOME_VALUES = {
    "CharField": "x", "BooleanField": False, "DateField": dt.date(2026, 1, 2),
    "PositiveIntegerField": 1, "PositiveSmallIntegerField": 1, "ExactDecimalField": Decimal("0.5"),
}  # fmt: skip


def filled(entity: type[Record], full: bool) -> dict[str, Any]:
    """A value for every column, or for those that need one; past the checks of the portal."""
    values: dict[str, Any] = {}
    for field in entity._meta.concrete_fields:
        needed = full and field.related_model is not entity
        if field.null and not needed:
            values[field.attname] = None
        elif isinstance(field, models.ForeignKey):
            values[field.attname] = "X-1"
        else:
            values[field.attname] = SOME_VALUES[field.get_internal_type()]
    if entity is Fee:
        values |= {"amount": None, "rate": Decimal("0.5")}
    if entity is Crosswalk:
        others = ("advertiser_id", "program_id", "campaign_id", "creative_id")
        values |= dict.fromkeys(others) | {"kind": "partner"}
    return {**values, "code": "X-1"}


@pytest.mark.parametrize("full", [True, False], ids=["full", "empty"])
def test_a_record_of_each_kind_is_as_described(full: bool, viewer: User) -> None:
    headers = {"Authorization": f"Bearer {token_of(viewer)}"}
    for entity in ENTITIES:
        entity._default_manager.create(**filled(entity, full))
        start = f"{API}/records/{entity._meta.db_table}"
        for end in ("", "/{code}", "/{code}/history", "/{code}/as-of"):
            case = SCHEMA[start + end]["GET"].Case(
                path_parameters={"code": "X-1"} if end else {},
                query={"as_of": "2026-01-01T00:00:00Z"} if "as-of" in end else {},
            )
            assert case.call_and_validate(headers=headers).status_code == 200


# ------------------------------------------------------------------------------- absurd values

ABSURD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(),
    st.sampled_from(
        ["\x00", "\ud800", "\u0663", "\u202e", " ", "P-1", "a" * 3000, "9" * 5000, "1e999999999",
         "NaN", "-0", "2026-02-30", "0000-00-00", 10**400, -(10**400), 1e308, [], {}, [None]]
    ),
)  # fmt: skip


@settings(parent=EACH, max_examples=150)
@given(data=st.data())
def test_no_value_of_any_field_breaks_a_request(data: st.DataObject, tokened: Client) -> None:
    entity = data.draw(st.sampled_from(ENTITIES))
    names = [field.name for field in entity.editable_fields()]
    change = {
        "entity": entity._meta.db_table,
        "code": data.draw(st.sampled_from(["P-1", "N-1", "\x00", "\ud800", "a/b", "~", None])),
        "values": data.draw(st.dictionaries(st.sampled_from([*names, "\ud800"]), ABSURD)),
        "reason": data.draw(st.sampled_from(["because", "\x00", "\ud800", ""])),
        "base_version": data.draw(st.sampled_from([None, 1, 2**63 - 1])),
    }
    body = json.dumps({"changes": [change]})
    with transaction.atomic():
        answer = tokened.post(f"{API}/change-requests", body, content_type="application/json")
        transaction.set_rollback(True)
    assert answer.status_code in (200, 201, 400, 409, 422), answer.content


@pytest.fixture
def tokened(waiting: ChangeRequest, steward: User) -> Client:
    return Client(headers={"Authorization": f"Bearer {token_of(steward)}"})
