"""A change of a record, from its request to its application."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from records.base import Record
from records.models import BY_NAME


class ChangeRequest(models.Model):
    """What somebody wants to change of one record, and what became of it."""

    class Action(models.TextChoices):
        CREATE = "create", "create"
        UPDATE = "update", "change"
        MERGE = "merge", "merge"
        UNMERGE = "unmerge", "unmerge"

    class Status(models.TextChoices):
        OPEN = "open", "waiting for approval"
        APPLIED = "applied", "approved"
        REJECTED = "rejected", "rejected"
        WITHDRAWN = "withdrawn", "withdrawn"
        STALE = "stale", "out of date"

    class Source(models.TextChoices):
        FORM = "form", "form"
        INLINE = "inline", "inline row"
        GRID = "grid", "grid"
        IMPORT = "import", "import"
        API = "api", "API"
        QUEUE = "queue", "queue of unmapped ids"
        REVERT = "revert", "revert"
        MERGE = "merge", "merge"

    class Effective(models.TextChoices):
        NOW = "now", "from now on"
        DATE = "date", "from a date"
        ALWAYS = "always", "a correction, for all time"

    entity = models.CharField(max_length=63, choices=[(name, name) for name in BY_NAME])
    code = models.CharField(max_length=500, verbose_name="record")
    action = models.CharField(max_length=10, choices=Action)
    values = models.JSONField(
        default=dict,
        encoder=DjangoJSONEncoder,
        help_text="The new value of each field that changes; of a merge, the record that stays.",
    )
    base_version = models.PositiveIntegerField(
        default=0, help_text="The version of the record that the request was made against."
    )
    reason = models.CharField(max_length=500)
    effective = models.CharField(max_length=10, choices=Effective, default=Effective.NOW)
    effective_from = models.DateTimeField(null=True, blank=True)
    source = models.CharField(max_length=10, choices=Source)
    batch = models.CharField(
        max_length=40, blank=True, db_index=True, help_text="Requests that were made together."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN, db_index=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests_made"
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="requests_decided",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=500, blank=True)
    moved = models.JSONField(
        default=list,
        help_text="Of a merge: entity, code and field of each row that was pointed elsewhere, with"
        " what it was from when on.",
    )

    class Meta:
        db_table = "change_request"
        ordering: ClassVar[list[str]] = ["-id"]
        permissions: ClassVar = [("approve_changerequest", "Can approve the changes of others")]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["entity", "code"])]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.entity.replace('_', ' ')} {self.code}"

    @property
    def record_type(self) -> type[Record]:
        """The model of the record."""
        return BY_NAME[self.entity]

    @property
    def record_type_name(self) -> str:
        """What people call records of this kind."""
        return str(self.record_type._meta.verbose_name)
