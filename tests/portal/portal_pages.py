"""What the tests of the portal's pages share: a record of each kind, and a browser without scripts.

`Browser` fills in the forms that a page shows and sends what a browser without JavaScript would.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.test import Client as Web
from lxml import html

from records import models
from records.base import Record

WORLD: tuple[tuple[type[Record], str, dict[str, Any]], ...] = (
    (models.AdvertiserGroup, "G-1", {"name": "Harbor Group"}),
    (models.Advertiser, "A-1", {"name": "Harbor Shoes", "group_id": "G-1"}),
    (models.Advertiser, "A-2", {"name": "Juniper Travel"}),
    (models.Brand, "B-1", {"name": "Harbor Kids", "advertiser_id": "A-1"}),
    (models.Channel, "affiliate", {"name": "Affiliate"}),
    (models.Channel, "coupon", {"name": "Coupons", "parent_id": "affiliate"}),
    (models.ProductCategory, "C-1", {"name": "Boots"}),
    (models.Partner, "P-1", {"name": "Morning Deals", "channel_id": "coupon"}),
    (models.Partner, "P-2", {"name": "Trail Journal"}),
    (models.SiteDomain, "deals.example", {"domain": "deals.example", "partner_id": "P-1"}),
    (
        models.Program,
        "PR-1",
        {"name": "Harbor on Awin", "advertiser_id": "A-1", "network_code": "awin"},
    ),
    (
        models.CommissionRate,
        "PR-1-C-1",
        {"program_id": "PR-1", "product_category_id": "C-1", "rate": "0.05"},
    ),
    (models.Campaign, "CA-1", {"name": "Spring", "advertiser_id": "A-1"}),
    (models.Creative, "CR-1", {"name": "Banner", "advertiser_id": "A-1"}),
    (
        models.NetworkAccount,
        "N-1",
        {"name": "Awin", "network_code": "awin", "account_id": "7", "side": "publisher"},
    ),
    (
        models.Crosswalk,
        "awin-partner-7",
        {"network_code": "awin", "kind": "partner", "source_id": "7", "partner_id": "P-1"},
    ),
    (
        models.Fee,
        "F-1",
        {"name": "Fee", "fee_type": "network_fee", "rate": "0.3", "charged": "per_commission"},
    ),
    (
        models.Target,
        "T-1",
        {
            "advertiser_id": "A-1",
            "metric_name": "revenue",
            "starts_on": "2026-01-01",
            "ends_on": "2026-12-31",
            "amount": "1000",
        },
    ),
    (models.FiscalCalendar, "FC-1", {"name": "February", "first_month": 2}),
    (models.UniquenessRule, "A-1", {"advertiser_id": "A-1"}),
    (models.InternalTraffic, "I-1", {"name": "Office", "ip_prefix": "192.0.2.0/24"}),
    (models.Client, "CL-1", {"name": "Harbor"}),
    (models.ClientUser, "reader_1", {"client_id": "CL-1", "user_name": "reader_1"}),
    (models.ClientAdvertiser, "CL-1-A-1", {"client_id": "CL-1", "advertiser_id": "A-1"}),
)


def make_world() -> None:
    """Make a record of each kind, past the portal."""
    for entity, code, values in WORLD:
        entity._default_manager.create(code=code, **values)


def list_of(entity: type[Record]) -> str:
    return f"/records/{entity._meta.model_name}/"


def page_of(entity: type[Record], code: str, page: str = "change") -> str:
    return f"{list_of(entity)}{quote(code)}/{page}/"


@dataclass
class Page:
    """A page as a person sees it."""

    status: int
    address: str
    document: Any
    fields: dict[str, list[str]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.document.itertext()).split())

    def buttons(self) -> list[str]:
        found = self.document.xpath("//*[@id='main']//button | //*[@id='main']//a")
        return [" ".join(button.text_content().split()) for button in found]

    def value(self, name: str) -> str | None:
        """What stands in a field of the form."""
        return self.fields.get(name, [None])[0]


class Browser:
    """A browser without scripts, and a person who is logged in."""

    def __init__(self, user: User) -> None:
        self.web = Web()
        self.web.force_login(user, backend="django.contrib.auth.backends.ModelBackend")

    def look(self, address: str, form: str | None = None) -> Page:
        return self._page(self.web.get(address, follow=True), address, form)

    def send(
        self, page: Page, button: str = "_save", typed: Mapping[str, Any] | None = None, **more: Any
    ) -> Page:
        """Type into the form of a page and press a button."""
        data = {**page.fields, **(typed or {}), **more, button: "1"}
        # A box that is not ticked is not sent.
        sent = {name: value for name, value in data.items() if value is not None}
        answer = self.web.post(page.address, sent, follow=True)
        return self._page(answer, page.address, None)

    def _page(self, answer: Any, address: str, form: str | None) -> Page:
        document = html.fromstring(answer.content.decode() or "<html/>")
        for hidden in document.xpath("//script | //style"):
            hidden.getparent().remove(hidden)
        return Page(answer.status_code, address, document, _fields(document, form))


def _fields(document: Any, wanted: str | None) -> dict[str, list[str]]:
    forms = [
        form
        for form in document.forms
        if form.method == "POST"
        and form.get("id") != "logout-form"
        and (wanted is None or form.get("id") == wanted)
    ]
    found: dict[str, list[str]] = {}
    if forms:
        for name, value in forms[0].form_values():
            found.setdefault(name, []).append(value)
    return found
