"""What the warehouse says of ids that nobody mapped. It is replaced with each run: no history."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from records import value_lists
from records.models import Crosswalk, Kind
from suggestions.suggest import Key


class NetworkId(models.Model):
    """An id of a network, under the code of the crosswalk entry that maps it, or will."""

    code = models.CharField(max_length=500, primary_key=True)
    network_code = models.CharField(
        max_length=30, choices=value_lists.networks, verbose_name="network"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    source_id = models.CharField(max_length=128, verbose_name="id")

    class Meta:
        abstract = True

    @property
    def key(self) -> Key:
        """The id as suggestions know it."""
        return Key(self.kind, self.network_code, self.source_id)


class Queue(models.Manager["UnmappedId"]):
    """The ids that wait for a decision."""

    def waiting(self) -> QuerySet[UnmappedId]:
        """Ids that are neither mapped nor ignored by now; the most money first, then clicks.

        The warehouse lists an id until its next run, and one that is mapped from a date on for as
        long as it has facts from before: somebody has decided on both.
        """
        targets = Q(*((f"{kind}__isnull", False) for kind in Kind.values), _connector=Q.OR)
        decided = Crosswalk.objects.filter(Q(is_ignored=True) | targets, pk=OuterRef("pk"))
        return self.filter(~Exists(decided)).order_by("-money_at_stake", "-clicks", "code")


class UnmappedId(NetworkId):
    """An id under which facts stand, and what is known of it."""

    name = models.CharField(max_length=255, blank=True, help_text="As the network delivers it.")
    website = models.CharField(max_length=2048, blank=True)
    click_host = models.CharField(
        max_length=255, blank=True, help_text="Where its clicks land, or come from."
    )
    clicks = models.BigIntegerField(default=0)
    commissions = models.BigIntegerField(default=0)
    money_at_stake = models.DecimalField(
        max_digits=18, decimal_places=6, default=0, help_text="Net commission under the id."
    )
    currency_code = models.CharField(max_length=3)
    has_missing_rate = models.BooleanField(
        default=False, help_text="Commissions without an exchange rate come on top of the money."
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    objects: ClassVar[Queue] = Queue()

    class Meta:
        db_table = "unmapped_id"
        verbose_name = "unmapped id"
        default_permissions = ("view",)
        indexes: ClassVar[list[models.Index]] = [
            models.Index(F("money_at_stake").desc(), F("clicks").desc(), name="unmapped_id_order")
        ]

    def __str__(self) -> str:
        return self.name or self.source_id


class DeliveredName(NetworkId):
    """The last name that a network delivered for an id: it stays when the id leaves the queue.

    With the crosswalk it makes every decision an alias, whichever way it was made.
    """

    name = models.CharField(max_length=255)

    class Meta:
        db_table = "delivered_name"
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
