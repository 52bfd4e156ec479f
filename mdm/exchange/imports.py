"""From an uploaded file to change requests, in two steps with a person's look between them."""

from __future__ import annotations

from collections import Counter

from django.contrib.auth.models import User
from django.db import transaction

from changes.models import ChangeRequest
from changes.service import Refused, When, clean_reason, new_batch, save_prepared
from exchange.models import Upload
from exchange.preview import UNCHANGED, WRONG, JudgedRow, given_rows, judged_rows
from exchange.tables import Unreadable, read_table
from records.base import Record
from records.models import BY_NAME


class LookAgain(Refused):
    """Records were changed since the preview, which now says so."""


def upload(user: User, entity: type[Record], name: str, content: bytes) -> Upload:
    """Keep a file's rows with what they would change.

    Raises:
        Unreadable: in a sentence.
    """
    table = read_table(name, content)
    if not table.rows:
        raise Unreadable("The file has column names and no rows below them.")
    rows, _ = judged_rows(user, entity, given_rows(entity, table))
    Upload.forget_old()
    return Upload.objects.create(
        entity=entity._meta.db_table,
        file_name=name[:255],
        uploaded_by=user,
        rows=[row.as_json() for row in rows],
    )


def rows_of(kept: Upload) -> list[JudgedRow]:
    """The rows of an upload."""
    return [JudgedRow.from_json(row) for row in kept.rows]


def confirm(
    kept: Upload,
    user: User,
    *,
    reason: str,
    when: When | None = None,
    leaves_out_wrong: bool = False,
) -> list[ChangeRequest]:
    """Ask for what an upload changes, all in one batch; its rows are forgotten.

    Raises:
        LookAgain: a record was changed since the preview; the upload says so now.
        Refused: rows are wrong and not left out, nothing changes, or it was confirmed already.
        ValidationError: no reason.
    """
    reason = clean_reason(reason)
    before = rows_of(kept)
    groups = Counter(row.group for row in before)
    if groups[WRONG] and not leaves_out_wrong:
        raise Refused(
            "Nothing was imported, because rows are wrong: mend them in the file and upload it"
            " again, or say that the wrong rows are to be left out."
        )
    after, requests = judged_rows(
        user, BY_NAME[kept.entity], before, reason=reason, when=when, batch=new_batch()
    )
    if any(old.group != new.group for old, new in zip(before, after, strict=True)):
        Upload.objects.filter(pk=kept.pk).update(rows=[row.as_json() for row in after])
        raise LookAgain(
            "Nothing was imported: records were changed while you were looking. This is how it is"
            " now."
        )
    if not requests:
        raise Refused("Nothing was imported: no row changes anything.")
    with transaction.atomic():
        if not Upload.objects.filter(pk=kept.pk).delete()[0]:
            raise Refused("This file was confirmed already.")
        return save_prepared(requests, user)


def counts(rows: list[JudgedRow]) -> dict[str, int]:
    """How many rows are of each group."""
    found = Counter(row.group for row in rows)
    return {group: found[group] for group in ("new", "changed", UNCHANGED, WRONG)}
