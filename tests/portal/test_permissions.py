"""Who may do what, by each way: the table says it, and every combination is tried.

What counts is what happened: a request that was made, a decision that was taken, a page that was
shown. A refusal leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from api.models import ApiToken
from calls import API, approved, token_of
from changes import service
from changes.models import ChangeRequest
from people import Person
from records.models import Partner
from unmapped.forms import IGNORE
from unmapped.models import UnmappedId

# "own": the request that is decided on is the person's own; other actions do not know one.
TABLE = """
            anonymous  no_role  viewer  steward  approver  steward-own  approver-own
home            -        may     may     may       may         .            .
view            -         -      may     may       may         .            .
as-of           -         -      may     may       may         .            .
history         -         -      may     may       may         .            .
requests        -         -      may     may       may         .            .
queue           -         -      may     may       may         .            .
export          -         -      may     may       may         .            .
autocomplete    -         -      may     may       may         .            .
create          -         -       -      may       may         .            .
update          -         -       -      may       may         .            .
grid            -         -       -      may       may         .            .
merge           -         -       -      may       may         .            .
revert          -         -       -      may       may         .            .
import          -         -       -      may       may         .            .
ignore          -         -       -      may       may         .            .
approve         -         -       -       -        may         -            -
reject          -         -       -       -        may         -            -
approve-ticked  -         -       -       -        may         -            -
approve-batch   -         -       -       -        may         -            -
reject-batch    -         -       -       -        may         -            -
withdraw-batch  -         -       -       -         -         may          may
withdraw        -         -       -       -         -         may          may
token           -        may     may     may       may         .            .
accounts        -         -       -       -         -          .            .
"""
HEADER, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
MAY = {
    (row[0], role): cell == "may"
    for row in ROWS
    for role, cell in zip(HEADER, row[1:], strict=True)
    if cell != "."
}
ACTIONS = [row[0] for row in ROWS]
# Ways that an action does not have.
PAGES_ONLY = {
    "home", "queue", "export", "autocomplete", "grid", "import", "ignore", "token", "accounts",
    "approve-ticked", "approve-batch", "reject-batch", "withdraw-batch",
}  # fmt: skip
ABSENT = {
    "service": {"view", "as-of", "history", "requests", *PAGES_ONLY},
    "api": PAGES_ONLY,
    "pages": {"as-of"},
}


@dataclass
class World:
    """Two partners, a request that waits, and somebody who tries something."""

    user: User | AnonymousUser
    asked: ChangeRequest
    insider: User
    statuses: list[int] = field(default_factory=list)

    # ------------------------------------------------------------------------------ by the API

    def api(self, method: str, address: str, body: Any = None) -> bool:
        """Whether a call was answered."""
        headers = {}
        if isinstance(self.user, User):
            headers["Authorization"] = f"Bearer {token_of(self.user)}"
        client = Client(headers=headers)
        answer: Any = (
            client.get(API + address)
            if method == "get"
            else client.post(API + address, body, content_type="application/json")
        )
        self.statuses.append(answer.status_code)
        return bool(answer.status_code < 300)

    def ask(self, **change: Any) -> bool:
        """Ask for a change by the API."""
        body = {"entity": "partner", "reason": "because", **change}
        return self.api("post", "/change-requests", {"changes": [body]})

    # ----------------------------------------------------------------------------- by the pages

    @property
    def browser(self) -> Client:
        client = Client()
        if isinstance(self.user, User):
            client.force_login(self.user)
        return client

    def page(self, address: str) -> bool:
        """Whether a page was shown."""
        answer = self.browser.get(address)
        self.statuses.append(answer.status_code)
        return answer.status_code == 200

    def send(self, address: str, form_of: str = "", **values: Any) -> bool:
        """Send a form as somebody sees it who may: the person may have kept it from before."""
        client = Client()
        client.force_login(self.insider)
        page = client.get(form_of or address)
        assert page.status_code == 200, (form_of or address, page.status_code)
        answer = self.browser.post(address, {**fields_of(page.content.decode()), **values})
        self.statuses.append(answer.status_code)
        return answer.status_code == 302 and "/login/" not in answer["Location"]

    def decide(self, what: str) -> bool:
        """Press a button on the page of the request."""
        start = f"/changes/changerequest/{self.asked.pk}"
        return self.send(f"{start}/decide/", f"{start}/change/", **{what: "1", "note": "so"})

    def tick(self) -> bool:
        """Approve the request from the list."""
        ticked = {"action": "approve_selected", "_selected_action": str(self.asked.pk)}
        return self.send("/changes/changerequest/", **ticked, index="0")

    def decide_together(self, what: str) -> bool:
        """Press a button for all that was made together."""
        address = f"/changes/changerequest/together/{self.asked.batch}/"
        return self.send(address, **{what: "1", "note": "so"})

    def bring(self) -> bool:
        """Send a file and confirm what it would change."""
        file = SimpleUploadedFile("partners.csv", b"code,name\nP-9,From a file\n")
        answer = self.browser.post("/records/partner/import/", {"file": file})
        self.statuses.append(answer.status_code)
        if answer.status_code != 302 or "/login/" in answer["Location"]:
            return False
        return self.send(answer["Location"], "/records/partner/import/", reason="because")


class _Fields(HTMLParser):
    """The fields of the forms of a page, and what they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name = has.get("name") or ""
        if tag == "select":
            self._select = name
            self.found.setdefault(name, "")
        elif tag == "option" and "selected" in has:
            self.found[self._select] = has.get("value") or ""
        elif tag in ("input", "textarea") and name and "disabled" not in has:
            kind = has.get("type")
            if kind in ("submit", "file") or (
                kind in ("checkbox", "radio") and "checked" not in has
            ):
                return
            self.found[name] = has.get("value") or ("on" if kind == "checkbox" else "")


def fields_of(page: str) -> dict[str, str]:
    reader = _Fields()
    reader.feed(page)
    # The buttons of a list of actions belong to another form.
    return {name: value for name, value in reader.found.items() if name and name != "action"}


# -------------------------------------------------------------------------------- what is tried


def asks(world: World, *args: Any, **options: Any) -> ChangeRequest | None:
    user: Any = world.user
    return service.request_change(
        user, Partner, *args, reason="because", source=ChangeRequest.Source.FORM, **options
    )


def first_entry() -> int:
    number: int = Partner.history.filter(code="P-1").order_by("history_id").first().history_id
    return number


def partner(code: str = "P-1") -> Any:
    return Partner.objects.get(pk=code)


Attempt = Callable[[Any], Any]
BY_SERVICE: dict[str, Attempt] = {
    "create": lambda w: asks(w, "P-9", {"name": "New"}),
    "update": lambda w: asks(w, "P-1", {"name": "Newer"}, base_version=2),
    "merge": lambda w: service.request_merge(w.user, partner(), partner("P-2"), reason="because"),
    "revert": lambda w: service.request_revert(w.user, partner(), first_entry(), reason="because"),
    "approve": lambda w: service.approve(w.asked, w.user),
    "reject": lambda w: service.reject(w.asked, w.user, "so"),
    "withdraw": lambda w: service.withdraw(w.asked, w.user),
}
BY_API: dict[str, Attempt] = {
    "view": lambda w: w.api("get", "/records/partner/P-1") and w.api("get", "/records/partner"),
    "as-of": lambda w: w.api("get", "/records/partner/P-1/as-of?as_of=2026-01-01T00:00:00Z"),
    "history": lambda w: w.api("get", "/records/partner/P-1/history"),
    "requests": lambda w: (
        w.api("get", "/change-requests")
        and w.api("get", f"/change-requests/{w.asked.pk}")
        and w.api("get", f"/change-requests/{w.asked.pk}/diff")
    ),
    "create": lambda w: w.ask(code="P-9", values={"name": "New"}),
    "update": lambda w: w.ask(code="P-1", values={"name": "Newer"}, base_version=2),
    "merge": lambda w: w.api("post", "/change-requests/merge", {
        "entity": "partner", "code": "P-1", "into": "P-2", "reason": "because"}),
    "revert": lambda w: w.api("post", "/change-requests/revert", {
        "entity": "partner", "code": "P-1", "history_id": first_entry(), "reason": "because"}),
    "approve": lambda w: w.api("post", f"/change-requests/{w.asked.pk}/approve", {}),
    "reject": lambda w: w.api("post", f"/change-requests/{w.asked.pk}/reject", {"note": "so"}),
    "withdraw": lambda w: w.api("post", f"/change-requests/{w.asked.pk}/withdraw", {}),
}  # fmt: skip
RECORD = "/records/partner/P-1"
QUEUE = "/unmapped/unmappedid/"
BY_PAGES: dict[str, Attempt] = {
    "home": lambda w: w.page("/"),
    "view": lambda w: w.page("/records/partner/") and w.page(f"{RECORD}/change/"),
    "history": lambda w: w.page(f"{RECORD}/history/"),
    "requests": lambda w: (
        w.page("/changes/changerequest/") and w.page(f"/changes/changerequest/{w.asked.pk}/change/")
    ),
    "export": lambda w: w.page("/records/partner/export/"),
    "create": lambda w: w.send("/records/partner/add/", name="New", code="P-9", reason="because"),
    "update": lambda w: w.send(f"{RECORD}/change/", name="Newer", reason="because"),
    "grid": lambda w: w.send(
        "/records/partner/?grid=1", **{"form-0-name": "Newer", "reason": "because", "_save": "1"}
    ),
    "merge": lambda w: w.send(f"{RECORD}/merge/?into=P-2", reason="because"),
    "revert": lambda w: w.send(f"{RECORD}/again/?entry={first_entry()}", reason="because"),
    "import": lambda w: w.bring(),
    "queue": lambda w: w.page(QUEUE) and w.page(f"{QUEUE}awin-partner-7/change/"),
    "ignore": lambda w: w.send(QUEUE, **{"choice-awin-partner-7": IGNORE, "reason": "because"}),
    "approve": lambda w: w.decide("approve"),
    "reject": lambda w: w.decide("reject"),
    "withdraw": lambda w: w.decide("withdraw"),
    "token": lambda w: w.page("/api/apitoken/add/"),
    "accounts": lambda w: w.page("/auth/user/"),
    "autocomplete": lambda w: w.page(
        "/autocomplete/?app_label=records&model_name=sitedomain&field_name=partner&term=x"
    ),
    "approve-ticked": lambda w: w.tick(),
    "approve-batch": lambda w: w.decide_together("approve"),
    "reject-batch": lambda w: w.decide_together("reject"),
    "withdraw-batch": lambda w: w.decide_together("withdraw"),
}
WAYS = {"service": BY_SERVICE, "api": BY_API, "pages": BY_PAGES}
LOOKS = {
    "home", "queue", "view", "as-of", "history", "requests", "export", "autocomplete", "token",
    "accounts",
}  # fmt: skip
COMBINATIONS = [
    (way, action, role) for way, (action, role) in product(WAYS, MAY) if action not in ABSENT[way]
]


@pytest.fixture
def world(request: Any, person: Person, steward: User, approver: User) -> World:
    """The world of a role."""
    role, _, own = request.param.partition("-")
    approved(steward, approver, Partner, "P-1", name="Old")
    approved(steward, approver, Partner, "P-1", name="New")
    approved(steward, approver, Partner, "P-2", name="Other")
    UnmappedId.objects.create(
        code="awin-partner-7", network_code="awin", kind="partner", source_id="7",
        first_seen_at=timezone.now(), last_seen_at=timezone.now(), refreshed_at=timezone.now(),
    )  # fmt: skip
    user: User | AnonymousUser = AnonymousUser()
    if role == "no_role":
        user = User.objects.create_user("somebody")
    elif role != "anonymous":
        user = person(role, "somebody")
    asker = user if own and isinstance(user, User) else steward
    asked = service.request_change(
        asker, Partner, "P-2", {"name": "Asked"}, reason="because", base_version=1,
        source=ChangeRequest.Source.FORM, batch="b",
    )  # fmt: skip
    assert asked is not None
    return World(user, asked, approver)


def state() -> Any:
    requests = ChangeRequest.objects.order_by("pk").values_list("pk", "status")
    return list(requests), list(Partner.objects.order_by("pk").values())


def test_every_action_is_tried_by_every_way_it_has() -> None:
    for way, attempts in WAYS.items():
        assert set(attempts) == set(ACTIONS) - ABSENT[way], way


@pytest.mark.parametrize(("way", "action", "world"), COMBINATIONS, indirect=["world"])
def test_who_may_do_what(way: str, action: str, world: World, request: Any) -> None:
    role = request.node.callspec.params["world"]
    may = MAY[action, role]
    before = state()
    try:
        done = bool(WAYS[way][action](world))
    except PermissionDenied:
        done = False
    happened = done if action in LOOKS else state() != before
    assert (done, happened) == (may, may) or (way == "pages" and happened == may), world.statuses
    assert not any(status >= 500 for status in world.statuses)
    if not may:
        assert state() == before
        # An action that a list does not offer shows the list.
        listed = {200} if action == "approve-ticked" else set()
        assert set(world.statuses) <= {302, 401, 403, 409} | listed, world.statuses


def test_a_token_is_made_for_oneself_only(steward: User) -> None:
    client = Client()
    client.force_login(steward)
    form = {"name": "mine", "expires_on": "2999-01-01", "user": "1"}
    client.post("/api/apitoken/add/", form)
    assert not ApiToken.objects.exclude(user=steward).exists()
