"""The entities of master data. Foreign keys hold codes: histories are read without joins."""

from __future__ import annotations

import ipaddress
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import (
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
    URLValidator,
)
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Coalesce

from records import value_lists
from records.base import (
    DOMAIN,
    MergeableRecord,
    NamedRecord,
    Record,
    TreeRecord,
    history,
    made_code_field,
)
from records.exact import ExactDecimalField

NOT_NEGATIVE = MinValueValidator(0)
SHARE = [NOT_NEGATIVE, MaxValueValidator(1)]
# The warehouse keeps whole numbers in 32 bits; SQLite alone would take more.
COUNT = [MaxValueValidator(2**31 - 1)]
PREFIX_LENGTHS = {4: 24, 6: 48}
URL_PARAMETER = RegexValidator(r"\A[^=&\s]+=[^&\s]*\Z", "Write name=value, such as staff=1.")


def ip_prefix(value: str) -> None:
    """Refuse what no click carries: anything but a /24 of IPv4 or a /48 of IPv6, in short."""
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        network = None
    if network is None or (str(network), network.prefixlen) != (
        value,
        PREFIX_LENGTHS[network.version],
    ):
        raise ValidationError(
            "Write the prefix as clicks carry it: 192.0.2.0/24, or 2001:db8:1::/48."
        )


def _link(to: str, *, required: bool = False, **options: Any) -> models.ForeignKey[Any, Any]:
    """A foreign key in a column `<name>_code`."""
    return models.ForeignKey(
        to, on_delete=models.PROTECT, null=not required, blank=not required, **options
    )


def _network(*, required: bool = True) -> models.CharField[Any, Any]:
    return models.CharField(
        max_length=30,
        choices=value_lists.networks,
        blank=not required,
        verbose_name="network",
    )


def _currency(verbose_name: str = "currency") -> models.CharField[Any, Any]:
    return models.CharField(
        max_length=3, choices=value_lists.currencies, blank=True, verbose_name=verbose_name
    )


def _country() -> models.CharField[Any, Any]:
    return models.CharField(
        max_length=2, choices=value_lists.countries, blank=True, verbose_name="country"
    )


def _time_zone() -> models.CharField[Any, Any]:
    return models.CharField(max_length=63, choices=value_lists.time_zones, blank=True)


def _website() -> models.CharField[Any, Any]:
    return models.CharField(max_length=255, blank=True, validators=[DOMAIN])


def _check_days(record: Any) -> None:
    if record.starts_on and record.ends_on and record.ends_on < record.starts_on:
        raise ValidationError({"ends_on": "The last day is before the first."})


class AdvertiserGroup(MergeableRecord):
    """A group of companies that advertisers belong to."""

    history = history("advertiser_group")

    class Meta(MergeableRecord.Meta):
        db_table = "advertiser_group"


class Advertiser(MergeableRecord):
    """A client or other company whose products are advertised."""

    group = _link("AdvertiserGroup", db_column="group_code")
    vertical = models.CharField(max_length=100, blank=True, help_text="The line of business.")
    website_domain = _website()
    country_code = _country()
    reporting_currency_code = _currency("reporting currency")
    history = history("advertiser")

    class Meta(MergeableRecord.Meta):
        db_table = "advertiser"


class Brand(MergeableRecord):
    """A name under which an advertiser sells."""

    advertiser = _link("Advertiser", required=True, db_column="advertiser_code")
    website_domain = _website()
    history = history("brand")

    class Meta(MergeableRecord.Meta):
        db_table = "brand"


class Channel(TreeRecord):
    """A kind of traffic."""

    parent = _link("self", db_column="parent_channel_code", related_name="children")
    sort_order = models.PositiveIntegerField(default=500, validators=COUNT)
    is_paid = models.BooleanField(null=True, blank=True, help_text="Whether the traffic is bought.")
    description = models.CharField(max_length=255, blank=True)
    parent_field = "parent"
    history = history("channel")

    class Meta(TreeRecord.Meta):
        db_table = "channel"
        ordering: ClassVar[list[str]] = ["sort_order", "code"]


class ProductCategory(TreeRecord):
    """A category of products that commission rates may differ by."""

    parent = _link("self", db_column="parent_category_code", related_name="children")
    parent_field = "parent"
    history = history("product_category")

    class Meta(TreeRecord.Meta):
        db_table = "product_category"
        verbose_name_plural = "product categories"


class Partner(MergeableRecord):
    """A publisher: whoever sends clicks."""

    partner_type = models.CharField(
        max_length=50, blank=True, help_text="coupon, cashback, content, influencer …"
    )
    channel = _link(
        "Channel",
        db_column="channel_code",
        help_text="Where its clicks belong when the traffic source does not say.",
    )
    website_domain = _website()
    country_code = _country()
    history = history("partner")

    class Meta(MergeableRecord.Meta):
        db_table = "partner"


class SiteDomain(Record):
    """A web domain of a partner: each domain is one partner's."""

    code = made_code_field()
    domain = models.CharField(max_length=255, unique=True, validators=[DOMAIN])
    partner = _link("Partner", required=True, db_column="partner_code", related_name="site_domains")
    is_active = models.BooleanField(default=True)
    code_made_from = ("domain",)
    history = history("site_domain")

    class Meta:
        db_table = "site_domain"
        ordering: ClassVar[list[str]] = ["domain"]

    def __str__(self) -> str:
        return self.domain


class Program(MergeableRecord):
    """The terms of one advertiser on one network."""

    advertiser = _link("Advertiser", required=True, db_column="advertiser_code")
    network_code = _network()
    commission_rate = ExactDecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=SHARE,
        help_text="The usual commission as a share of the sale: 0.08 for 8 %.",
    )
    cookie_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=COUNT,
        help_text="Days after a click in which a sale earns a commission.",
    )
    lock_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=COUNT,
        help_text="Days after which a commission is no longer corrected.",
    )
    currency_code = _currency()
    time_zone = _time_zone()
    history = history("program")

    class Meta(MergeableRecord.Meta):
        db_table = "program"


class CommissionRate(Record):
    """The commission of a program for one product category, one partner, or both."""

    program = _link("Program", required=True, db_column="program_code", related_name="rates")
    product_category = _link("ProductCategory", db_column="product_category_code")
    partner = _link("Partner", db_column="partner_code")
    rate = ExactDecimalField(
        max_digits=9, decimal_places=6, validators=SHARE, help_text="0.08 for 8 % of the sale."
    )
    is_active = models.BooleanField(default=True)
    history = history("commission_rate")

    class Meta:
        db_table = "commission_rate"
        ordering: ClassVar[list[str]] = ["program", "code"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                "program",
                # SQLite takes no two nulls for the same.
                Coalesce("product_category", Value("")),
                Coalesce("partner", Value("")),
                name="commission_rate_unique",
                violation_error_message="The program has a rate for this category and partner.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.rate:.2%} ({self.code})"

    def clean(self) -> None:
        """Refuse a rate for everything and everybody: that is the program's own."""
        if self.product_category_id is None and self.partner_id is None:
            raise ValidationError(
                "Name a product category, a partner, or both: other sales have the program's rate."
            )


class Campaign(MergeableRecord):
    """An advertiser's campaign."""

    advertiser = _link("Advertiser", db_column="advertiser_code")
    objective = models.CharField(max_length=100, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    history = history("campaign")

    class Meta(MergeableRecord.Meta):
        db_table = "campaign"

    def clean(self) -> None:
        """Refuse an end before the start."""
        _check_days(self)


class Creative(MergeableRecord):
    """A banner, text link or other advertising material."""

    advertiser = _link("Advertiser", db_column="advertiser_code")
    creative_type = models.CharField(
        max_length=50, blank=True, help_text="banner, text link, video …"
    )
    width = models.PositiveIntegerField(
        null=True, blank=True, validators=COUNT, help_text="Pixels."
    )
    height = models.PositiveIntegerField(
        null=True, blank=True, validators=COUNT, help_text="Pixels."
    )
    destination_url = models.CharField(
        max_length=2048, blank=True, validators=[URLValidator(schemes=["http", "https"])]
    )
    history = history("creative")

    class Meta(MergeableRecord.Meta):
        db_table = "creative"


class NetworkAccount(NamedRecord):
    """An account of ours, or of a client, on a network."""

    class Side(models.TextChoices):
        PUBLISHER = "publisher", "publisher"
        ADVERTISER = "advertiser", "advertiser"

    network_code = _network()
    account_id = models.CharField(max_length=128, help_text="The account's id in the network.")
    side = models.CharField(max_length=20, choices=Side)
    currency_code = _currency()
    time_zone = _time_zone()
    history = history("network_account")

    class Meta(NamedRecord.Meta):
        db_table = "network_account"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["network_code", "side", "account_id"], name="network_account_unique"
            )
        ]


class Kind(models.TextChoices):
    """What a network's id may stand for."""

    ADVERTISER = "advertiser", "advertiser"
    PARTNER = "partner", "partner"
    PROGRAM = "program", "program"
    CAMPAIGN = "campaign", "campaign"
    CREATIVE = "creative", "creative"


def _of_its_kind() -> Q:
    """At most the target of the row's own kind, and none where the id is ignored."""
    allowed = Q()
    for kind in Kind.values:
        others = {f"{other}__isnull": True for other in Kind.values if other != kind}
        allowed |= Q(kind=kind, **others)
    nothing = Q(**{f"{kind}__isnull": True for kind in Kind.values})
    return allowed & (Q(is_ignored=False) | nothing)


class Crosswalk(Record):
    """What one id of a network stands for."""

    code = made_code_field()
    network_code = _network()
    kind = models.CharField(max_length=20, choices=Kind)
    source_id = models.CharField(max_length=128, help_text="The id in the network.")
    advertiser = _link("Advertiser", db_column="advertiser_code")
    partner = _link("Partner", db_column="partner_code")
    program = _link("Program", db_column="program_code")
    campaign = _link("Campaign", db_column="campaign_code")
    creative = _link("Creative", db_column="creative_code")
    is_ignored = models.BooleanField(
        default=False, help_text="Looked at, and not worth a record: it leaves the queue."
    )
    code_made_from = ("network_code", "kind", "source_id")
    resting: ClassVar[dict[str, Any]] = {**dict.fromkeys(Kind.values), "is_ignored": False}
    history = history("crosswalk")

    class Meta:
        db_table = "crosswalk"
        verbose_name = "crosswalk entry"
        verbose_name_plural = "crosswalk"
        ordering: ClassVar[list[str]] = ["network_code", "kind", "source_id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["network_code", "kind", "source_id"], name="crosswalk_unique"
            ),
            models.CheckConstraint(
                condition=_of_its_kind(),
                name="crosswalk_target_of_its_kind",
                violation_error_message="An id is mapped to a record of its own kind, or ignored.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_network_code_display()} {self.kind} {self.source_id}"

    @property
    def target(self) -> MergeableRecord | None:
        """The record that the id stands for; None when it is not mapped."""
        found: MergeableRecord | None = self.pointed_to(self.kind) if self.kind in Kind else None
        return found

    def clean(self) -> None:
        """Refuse a target that has become part of another record."""
        target = self.target
        if target is not None and target.merged_into is not None:
            raise ValidationError(
                {self.kind: f"{target} was merged into {target.merged_into}: map the id to that."}
            )


class Fee(NamedRecord):
    """What is paid besides commissions."""

    class FeeType(models.TextChoices):
        NETWORK = "network_fee", "network fee"
        TRACKING = "tracking_fee", "tracking fee"
        PLACEMENT = "placement", "placement"
        RETAINER = "retainer", "retainer"

    class Charged(models.TextChoices):
        PER_COMMISSION = "per_commission", "per commission"
        PER_MONTH = "per_month", "per month"
        ONCE = "once", "once"

    fee_type = models.CharField(max_length=20, choices=FeeType)
    network_code = _network(required=False)
    advertiser = _link("Advertiser", db_column="advertiser_code")
    partner = _link("Partner", db_column="partner_code")
    program = _link("Program", db_column="program_code")
    rate = ExactDecimalField(
        max_digits=9,
        decimal_places=6,
        null=True,
        blank=True,
        validators=SHARE,
        help_text="Share of the commission: 0.3 for 30 %.",
    )
    amount = ExactDecimalField(
        max_digits=18, decimal_places=6, null=True, blank=True, validators=[NOT_NEGATIVE]
    )
    currency_code = _currency()
    charged = models.CharField(max_length=20, choices=Charged)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    history = history("fee")

    class Meta(NamedRecord.Meta):
        db_table = "fee"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(rate__isnull=False, amount__isnull=True)
                | Q(rate__isnull=True, amount__isnull=False),
                name="fee_rate_or_amount",
                violation_error_message="A fee is either a rate or an amount.",
            )
        ]

    def clean(self) -> None:
        """Refuse an amount without currency, a rate without commissions, and days out of order."""
        _check_days(self)
        if self.amount is not None and not self.currency_code:
            raise ValidationError({"currency_code": "An amount never goes without its currency."})
        if self.rate is not None and self.charged != self.Charged.PER_COMMISSION:
            raise ValidationError({"charged": "A rate is charged per commission."})


class Target(Record):
    """What an advertiser wants to reach in a period."""

    advertiser = _link("Advertiser", required=True, db_column="advertiser_code")
    channel = _link("Channel", db_column="channel_code")
    metric_name = models.CharField(max_length=100, help_text="The metric's name in the warehouse.")
    starts_on = models.DateField()
    ends_on = models.DateField()
    amount = ExactDecimalField(max_digits=18, decimal_places=6)
    currency_code = _currency()
    is_active = models.BooleanField(default=True)
    history = history("target")

    class Meta:
        db_table = "target"
        ordering: ClassVar[list[str]] = ["advertiser", "starts_on", "code"]

    def __str__(self) -> str:
        return f"{self.metric_name} {self.starts_on} … {self.ends_on} ({self.code})"

    def clean(self) -> None:
        """Refuse an end before the start."""
        _check_days(self)


class FiscalCalendar(NamedRecord):
    """How an advertiser, or everybody, counts its business years."""

    class WeekPattern(models.TextChoices):
        MONTHS = "months", "calendar months"
        W445 = "4-4-5", "4-4-5 weeks"
        W454 = "4-5-4", "4-5-4 weeks"
        W544 = "5-4-4", "5-4-4 weeks"

    advertiser = _link("Advertiser", db_column="advertiser_code")
    first_month = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    week_pattern = models.CharField(max_length=10, choices=WeekPattern, default=WeekPattern.MONTHS)
    history = history("fiscal_calendar")

    class Meta(NamedRecord.Meta):
        db_table = "fiscal_calendar"


class UniquenessRule(Record):
    """By which rule an advertiser's unique clicks are counted; the code is the advertiser's."""

    code = made_code_field()
    advertiser = models.OneToOneField(
        "Advertiser", on_delete=models.PROTECT, db_column="advertiser_code"
    )
    rule_id = models.CharField(
        max_length=40,
        blank=True,
        choices=value_lists.uniqueness_rules,
        help_text="Empty: the default rule.",
    )
    code_made_from = ("advertiser",)
    resting: ClassVar[dict[str, Any]] = {"rule_id": ""}
    history = history("uniqueness_rule")

    class Meta:
        db_table = "uniqueness_rule"
        ordering: ClassVar[list[str]] = ["code"]

    def __str__(self) -> str:
        return f"{self.advertiser}: {self.rule_id or 'default rule'}"

    @classmethod
    def made_code(cls, values: dict[str, Any]) -> str | None:
        """The advertiser's code as it is."""
        return str(values.get("advertiser") or "")


class InternalTraffic(NamedRecord):
    """Traffic of our own: an office, staff's links, a browser."""

    ip_prefix = models.CharField(max_length=43, blank=True, validators=[ip_prefix])
    cookie_id = models.CharField(
        max_length=255, blank=True, help_text="Of a browser of ours; the loader hashes it."
    )
    url_parameter = models.CharField(max_length=255, blank=True, validators=[URL_PARAMETER])
    history = history("internal_traffic")

    class Meta(NamedRecord.Meta):
        db_table = "internal_traffic"
        verbose_name_plural = "internal traffic"

    def clean(self) -> None:
        """Refuse an entry that names no traffic."""
        if not (self.ip_prefix or self.cookie_id or self.url_parameter):
            raise ValidationError("Name a prefix, a browser or a parameter of the links.")


class Client(NamedRecord):
    """Somebody who reads reports about some advertisers."""

    history = history("client")

    class Meta(NamedRecord.Meta):
        db_table = "client"


class ClientUser(Record):
    """A login of the warehouse that sees what its client may see."""

    code = made_code_field()
    client = _link("Client", required=True, db_column="client_code", related_name="users")
    user_name = models.CharField(
        max_length=127, unique=True, help_text="The login in the warehouse, in lower case."
    )
    is_active = models.BooleanField(default=True)
    code_made_from = ("user_name",)
    history = history("client_user")

    class Meta:
        db_table = "client_user"
        ordering: ClassVar[list[str]] = ["user_name"]

    def __str__(self) -> str:
        return self.user_name

    def clean(self) -> None:
        """Refuse capitals: the warehouse compares logins in lower case."""
        if self.user_name != self.user_name.lower():
            raise ValidationError({"user_name": "Write the login in lower case."})


class ClientAdvertiser(Record):
    """An advertiser that a client may see."""

    client = _link("Client", required=True, db_column="client_code", related_name="advertisers")
    advertiser = _link("Advertiser", required=True, db_column="advertiser_code")
    is_active = models.BooleanField(default=True)
    history = history("client_advertiser")

    class Meta:
        db_table = "client_advertiser"
        ordering: ClassVar[list[str]] = ["client", "advertiser"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["client", "advertiser"], name="client_advertiser_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.client} sees {self.advertiser}"


ENTITIES: tuple[type[Record], ...] = (
    AdvertiserGroup, Advertiser, Brand, Channel, ProductCategory, Partner, SiteDomain, Program,
    CommissionRate, Campaign, Creative, NetworkAccount, Crosswalk, Fee, Target, FiscalCalendar,
    UniquenessRule, InternalTraffic, Client, ClientUser, ClientAdvertiser,
)  # fmt: skip
BY_NAME: dict[str, type[Record]] = {entity._meta.db_table: entity for entity in ENTITIES}
