"""Replace the queue by what the warehouse says now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from records.models import Crosswalk
from unmapped.models import DeliveredName, UnmappedId
from unmapped.warehouse import COLUMNS

AT_ONCE = 500


def replace_queue(rows: Iterable[Sequence[Any]]) -> int:
    """Replace the queue by rows as `warehouse.COLUMNS` has them, all or nothing; returns its size.

    The names that networks delivered stay, also of ids that leave the queue. An id that is longer
    than a mapping may be is left out.
    """
    now = timezone.now()
    ids = [one for one in (_unmapped(row, now) for row in rows) if _may_be_mapped(one)]
    names = [
        DeliveredName(
            code=one.code,
            network_code=one.network_code,
            kind=one.kind,
            source_id=one.source_id,
            name=one.name,
        )
        for one in ids
        if one.name
    ]
    with transaction.atomic():
        UnmappedId.objects.all().delete()
        UnmappedId.objects.bulk_create(ids, batch_size=AT_ONCE)
        DeliveredName.objects.bulk_create(
            names,
            batch_size=AT_ONCE,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["name"],
        )
    return len(ids)


def _unmapped(row: Sequence[Any], now: dt.datetime) -> UnmappedId:
    of = dict(zip(COLUMNS, row, strict=True))
    key = {name: of[name] for name in ("network_code", "kind", "source_id")}
    return UnmappedId(
        code=Crosswalk.made_code(key) or "",
        **key,
        name=_kept("name", of["delivered_name"]),
        website=_kept("website", of["delivered_website"]),
        click_host=_kept("click_host", of["click_host"]),
        clicks=of["clicks"],
        commissions=of["commissions"],
        money_at_stake=of["reporting_net_commission_amount"],
        currency_code=of["reporting_currency_code"],
        has_missing_rate=of["has_missing_rate"],
        first_seen_at=_utc(of["first_seen_at"]),
        last_seen_at=_utc(of["last_seen_at"]),
        refreshed_at=now,
    )


def _may_be_mapped(one: UnmappedId) -> bool:
    """Whether the portal can keep the id: one that is longer would stop all others."""
    texts = {"code": one.code, "source_id": one.source_id}
    return all(_kept(name, text) == text for name, text in texts.items())


def _kept(field: str, delivered: str | None) -> str:
    """What a network delivers, as far as the portal keeps it."""
    longest = UnmappedId._meta.get_field(field).max_length  # type: ignore[union-attr]
    return (delivered or "").replace("\x00", "").strip()[:longest]


def _utc(moment: dt.datetime) -> dt.datetime:
    # The warehouse's moments are UTC and do not say so.
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
