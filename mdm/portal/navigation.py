"""The sidebar: the entities as the work groups them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse

from changes.waiting import waiting_for
from records.models import BY_NAME
from unmapped.models import UnmappedId

GROUPS: dict[str, dict[str, str]] = {
    "Partners": {"partner": "storefront", "site_domain": "language", "channel": "account_tree"},
    "Advertisers": {
        "advertiser": "apartment",
        "advertiser_group": "domain",
        "brand": "sell",
        "campaign": "campaign",
        "creative": "image",
        "product_category": "category",
    },
    "Programs": {"program": "handshake", "commission_rate": "percent", "network_account": "hub"},
    "Money": {
        "fee": "receipt_long",
        "target": "flag",
        "fiscal_calendar": "calendar_month",
    },
    "Counting": {"uniqueness_rule": "fingerprint", "internal_traffic": "filter_alt"},
    "Access": {
        "client": "groups",
        "client_user": "person",
        "client_advertiser": "visibility",
    },
    "Queue": {"crosswalk": "swap_horiz"},
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar as unfold wants it."""
    home = {"title": "Home", "icon": "home", "link": reverse("admin:index")}
    changes = {
        "title": "Change requests",
        "icon": "rate_review",
        "link": reverse("admin:changes_changerequest_changelist"),
        "permission": _may_view("changes", "changerequest"),
    }
    waiting = waiting_for(request.user) if isinstance(request.user, User) else None
    if waiting is not None and (number := waiting.count()):
        changes |= {"badge": number, "badge_variant": "primary", "badge_style": "solid"}
    queue = {
        "title": "Unmapped ids",
        "icon": "fact_check",
        "link": reverse("admin:unmapped_unmappedid_changelist"),
        "permission": _may_view("unmapped", "unmappedid"),
    }
    if number := UnmappedId.objects.waiting().count():
        queue |= {"badge": number, "badge_variant": "primary"}
    return [
        {"items": [home, changes, queue]},
        *({"title": title, "separator": True, "items": items} for title, items in groups(request)),
        {"title": "People", "separator": True, "items": _people()},
    ]


def groups(request: HttpRequest) -> list[tuple[str, list[dict[str, Any]]]]:
    """The entities that the person may look at, by group."""
    return [
        (title, [_entity(name, icon) for name, icon in entities.items()])
        for title, entities in GROUPS.items()
        if request.user.has_perm("records.view_partner")
    ]


def _entity(name: str, icon: str) -> dict[str, Any]:
    meta = BY_NAME[name]._meta
    title = str(meta.verbose_name_plural)
    return {
        "title": title[:1].upper() + title[1:],
        "icon": icon,
        "link": reverse(f"admin:records_{meta.model_name}_changelist"),
        "permission": _may_view("records", str(meta.model_name)),
    }


def _people() -> list[dict[str, Any]]:
    return [
        {
            "title": "Accounts",
            "icon": "manage_accounts",
            "link": reverse("admin:auth_user_changelist"),
            "permission": lambda request: request.user.is_superuser,
        },
        {"title": "API tokens", "icon": "key", "link": reverse("admin:api_apitoken_changelist")},
    ]


def _may_view(app: str, model: str) -> Any:
    return lambda request: request.user.has_perm(f"{app}.view_{model}")
