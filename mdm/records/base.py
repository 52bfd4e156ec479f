"""What every master record has in common: a code, a version, and a history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.core.validators import RegexValidator
from django.db import models
from simple_history.models import HistoricalRecords

CODE = RegexValidator(
    r"\A[A-Za-z0-9~][A-Za-z0-9_.~-]*\Z",
    "A code starts with a letter or digit and holds letters, digits, and the signs _ . ~ - only.",
)
DOMAIN = RegexValidator(
    r"\A(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]\Z",
    "Write the domain alone and in lower case, such as shop.example: no scheme, no path.",
)
# As many as the warehouse reads of a tree of channels.
LEVELS = 4
# Set by the change that is applied, and no value that a person edits.
MANAGED_FIELDS = frozenset({"code", "version", "merged_into"})


class HistoryEntry(models.Model):
    """What the history says of a change besides the record: when it counts from, and who asked."""

    effective_from = models.DateTimeField(
        null=True, help_text="From when the change counts; empty: from when it was recorded."
    )
    change_request_id = models.BigIntegerField(
        null=True, help_text="The approved request; empty: the change came past the portal."
    )

    class Meta:
        abstract = True


def _no_user(*_: object) -> None:
    return None


def history(table: str, **options: Any) -> HistoricalRecords:
    """The append-only history of a table, `<table>_history`, typed like it and written by triggers.

    The user is kept by name: it is still readable when the account is gone.
    """
    return HistoricalRecords(
        table_name=f"{table}_history",
        bases=[HistoryEntry],
        history_id_field=models.BigAutoField(),
        history_user_id_field=models.CharField(max_length=150, null=True),
        history_user_getter=_no_user,
        history_user_setter=_no_user,
        history_change_reason_field=models.CharField(max_length=500, null=True),
        **options,
    )


class Record(models.Model):
    """A master record: approved values only, changed through `changes.service`."""

    code = models.CharField(
        max_length=64,
        primary_key=True,
        validators=[CODE],
        help_text="The key of the record: never changed, never used again.",
    )
    version = models.PositiveIntegerField(
        default=1,
        editable=False,
        help_text="Counts the changes; a change of an older one is refused.",
    )

    # The parts that a code is made of; empty where people choose it.
    code_made_from: ClassVar[tuple[str, ...]] = ()
    # The values (False, None or "") of a record that rests. One that was deleted where it came from
    # rests here: its history goes on to end with the deletion, until somebody changes the record.
    resting: ClassVar[Mapping[str, Any]] = {"is_active": False}

    class Meta:
        abstract = True

    @classmethod
    def made_code(cls, values: dict[str, Any]) -> str | None:
        """The code that follows from the values, or None where people choose it."""
        if not cls.code_made_from:
            return None
        # The dash stands between the parts, so within one of several it is written out.
        kept = "_." if len(cls.code_made_from) > 1 else "_.-"
        return "-".join(code_text(str(values.get(name) or ""), kept) for name in cls.code_made_from)

    @classmethod
    def editable_fields(cls) -> list[models.Field[Any, Any]]:
        """The fields that a change may set."""
        return [field for field in cls._meta.concrete_fields if field.name not in MANAGED_FIELDS]

    def pointed_to(self, name: str) -> Any:
        """The record that a foreign key points to; None also where there is no such record.

        That is said by the check of the field, after which Django goes on with `clean`.
        """
        try:
            return getattr(self, name)
        except ObjectDoesNotExist:
            return None

    def clean_fields(self, exclude: Any = None) -> None:
        """Check the fields; those that make the code never change afterwards."""
        super().clean_fields(exclude=exclude)
        if self.code_made_from and not self._state.adding:
            made = self.made_code({f.name: f.value_from_object(self) for f in self._meta.fields})
            if made != self.code:
                raise ValidationError(
                    dict.fromkeys(
                        self.code_made_from,
                        "This is part of the record's key and cannot change: make another record.",
                    )
                )


def code_text(value: str, kept: str = "_.") -> str:
    """A text as part of a code: what a code cannot hold is written as ~ and its UTF-8 in hex."""
    return "".join(
        character
        if character.isascii() and (character.isalnum() or character in kept)
        else "".join(f"~{byte:02X}" for byte in character.encode())
        for character in value
    )


def made_code_field() -> models.CharField[Any, Any]:
    """The code of a record whose code follows from its values."""
    return models.CharField(max_length=500, primary_key=True, editable=False)


class NamedRecord(Record):
    """A record with a name that people know it by."""

    name = models.CharField(max_length=255)
    is_active = models.BooleanField(default=True, help_text="Records are not deleted: they rest.")

    class Meta:
        abstract = True
        ordering: ClassVar[list[str]] = ["name", "code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class MergeableRecord(NamedRecord):
    """A record of which two may turn out to be the same: one becomes part of the other."""

    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="merged",
    )

    class Meta(NamedRecord.Meta):
        abstract = True


class TreeRecord(NamedRecord):
    """A record with a parent of its own kind: a tree without cycles."""

    parent_field: ClassVar[str]

    class Meta(NamedRecord.Meta):
        abstract = True

    def clean(self) -> None:
        """Refuse a parent that is the record itself, hangs below it, or puts it too deep."""
        super().clean()
        above = {self.code}
        parent = self.pointed_to(self.parent_field)
        while parent is not None:
            if parent.code in above:
                below = f"{parent.name} hangs below {self.name}: a tree has no cycles."
                raise ValidationError({self.parent_field: below})
            above.add(parent.code)
            parent = getattr(parent, self.parent_field)
        if len(above) + self._levels_below() > LEVELS:
            raise ValidationError(
                {self.parent_field: f"The tree would have more than {LEVELS} levels."}
            )

    def _levels_below(self) -> int:
        below, levels = [self.code], 0
        children = type(self)._default_manager
        while levels < LEVELS:
            found = children.filter(**{f"{self.parent_field}__in": below})
            below = list(found.values_list("code", flat=True))
            if not below:
                break
            levels += 1
        return levels
