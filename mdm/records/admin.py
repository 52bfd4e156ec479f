"""The pages of each entity: which columns, filters and groups of fields it has."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from records import models
from records.editing import RecordAdmin, RowInline, named, number
from records.pages import MergingPages, RecordPages

KEY = ("code", "is_active")
NETWORK_IDS = "=crosswalk__source_id"


# ------------------------------------------------------------------------------------ inline rows


class SiteDomains(RowInline):
    model = models.SiteDomain
    verbose_name_plural = "site domains"
    columns = ("domain", "is_active")


class CommissionRates(RowInline):
    model = models.CommissionRate
    columns = ("product_category", "partner", "rate", "is_active")
    code_parts = ("program", "product_category", "partner")


class ClientUsers(RowInline):
    model = models.ClientUser
    verbose_name_plural = "logins that see what the client may see"
    columns = ("user_name", "is_active")


class ClientAdvertisers(RowInline):
    model = models.ClientAdvertiser
    verbose_name_plural = "advertisers that the client may see"
    columns = ("advertiser", "is_active")
    code_parts = ("client", "advertiser")


class Ids(RowInline):
    """The ids of networks that stand for the record."""

    model = models.Crosswalk
    verbose_name = "id"
    verbose_name_plural = "ids in the networks"
    columns = ("network_code", "source_id")


def _ids(of: str) -> type[RowInline]:
    """The ids of one kind of record."""
    return type(f"{of.title()}Ids", (Ids,), {"fixed": {"kind": of}, "fk_name": of})


# --------------------------------------------------------------------------------------- partners


@admin.register(models.Partner)
class PartnerAdmin(MergingPages, RecordAdmin):
    list_display = (
        "name", "code", "partner_type", named("channel"), "website_domain", "country_code",
        "is_active", "changed",
    )  # fmt: skip
    grid = ("name", "partner_type", "channel", "website_domain", "is_active")
    list_filter = ("is_active", "channel", "partner_type")
    list_select_related = ("channel",)
    search_fields = ("code", "name", "website_domain", "site_domains__domain", NETWORK_IDS)
    search_help_text = "Search by name, code, web domain, or the id in a network"
    groups = (
        (None, ("name", *KEY)),
        ("What it is", ("partner_type", "channel")),
        ("Where it is", ("website_domain", "country_code")),
    )
    inlines = (SiteDomains, _ids("partner"))


@admin.register(models.SiteDomain)
class SiteDomainAdmin(RecordPages, RecordAdmin):
    list_display = ("domain", named("partner"), "is_active", "changed")
    grid_names = ("domain",)
    grid = ("is_active",)
    list_filter = ("is_active",)
    list_select_related = ("partner",)
    search_fields = ("domain", "partner__name", "partner__code")
    search_help_text = "Search by domain or partner"
    groups = ((None, ("domain", "partner", "is_active")),)


@admin.register(models.Channel)
class ChannelAdmin(RecordPages, RecordAdmin):
    list_display = (
        "name", "code", named("parent"), "sort_order", "is_paid", "is_active", "changed",
    )  # fmt: skip
    grid = ("name", "parent", "sort_order", "is_paid", "is_active")
    list_filter = ("is_active", "is_paid", "parent")
    list_select_related = ("parent",)
    search_fields = ("code", "name", "description")
    search_help_text = "Search by name, code or description"
    groups = (
        (None, ("name", *KEY)),
        ("In the tree", ("parent", "sort_order")),
        ("What it is", ("is_paid", "description")),
    )


# ------------------------------------------------------------------------------------ advertisers


@admin.register(models.AdvertiserGroup)
class AdvertiserGroupAdmin(MergingPages, RecordAdmin):
    list_display = ("name", "code", "is_active", "changed")
    grid = ("name", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code", "name")
    search_help_text = "Search by name or code"
    groups = ((None, ("name", *KEY)),)


@admin.register(models.Advertiser)
class AdvertiserAdmin(MergingPages, RecordAdmin):
    list_display = (
        "name", "code", named("group"), "vertical", "website_domain", "country_code",
        "reporting_currency_code", "is_active", "changed",
    )  # fmt: skip
    grid = ("name", "group", "vertical", "website_domain", "is_active")
    list_filter = ("is_active", "vertical")
    list_select_related = ("group",)
    search_fields = ("code", "name", "website_domain", "group__name", NETWORK_IDS)
    search_help_text = "Search by name, code, group, web domain, or the id in a network"
    groups = (
        (None, ("name", *KEY)),
        ("What it is", ("group", "vertical")),
        ("Where it is", ("website_domain", "country_code")),
        ("Reports", ("reporting_currency_code",)),
    )
    inlines = (_ids("advertiser"),)


@admin.register(models.Brand)
class BrandAdmin(MergingPages, RecordAdmin):
    list_display = ("name", "code", named("advertiser"), "website_domain", "is_active", "changed")
    grid = ("name", "website_domain", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("advertiser",)
    search_fields = ("code", "name", "website_domain", "advertiser__name")
    search_help_text = "Search by name, code, advertiser or web domain"
    groups = ((None, ("name", *KEY)), ("What it is", ("advertiser", "website_domain")))


@admin.register(models.Campaign)
class CampaignAdmin(MergingPages, RecordAdmin):
    list_display = (
        "name", "code", named("advertiser"), "objective", "starts_on", "ends_on", "is_active",
        "changed",
    )  # fmt: skip
    grid = ("name", "objective", "starts_on", "ends_on", "is_active")
    list_filter = ("is_active", "objective")
    list_select_related = ("advertiser",)
    search_fields = ("code", "name", "advertiser__name", NETWORK_IDS)
    search_help_text = "Search by name, code, advertiser, or the id in a network"
    groups = (
        (None, ("name", *KEY)),
        ("What it is", ("advertiser", "objective")),
        ("When it runs", ("starts_on", "ends_on")),
    )
    inlines = (_ids("campaign"),)


@admin.register(models.Creative)
class CreativeAdmin(MergingPages, RecordAdmin):
    list_display = (
        "name", "code", named("advertiser"), "creative_type", "size", "is_active", "changed",
    )  # fmt: skip
    grid = ("name", "creative_type", "is_active")
    list_filter = ("is_active", "creative_type")
    list_select_related = ("advertiser",)
    search_fields = ("code", "name", "advertiser__name", "destination_url", NETWORK_IDS)
    search_help_text = "Search by name, code, advertiser, address, or the id in a network"
    groups = (
        (None, ("name", *KEY)),
        ("What it is", ("advertiser", "creative_type")),
        ("Size in pixels", ("width", "height")),
        ("Where it leads", ("destination_url",)),
    )
    inlines = (_ids("creative"),)

    @display(description="size")  # type: ignore[untyped-decorator]
    def size(self, creative: models.Creative) -> str:
        """Width and height, in pixels."""
        return f"{creative.width} × {creative.height}" if creative.width else "–"


@admin.register(models.ProductCategory)
class ProductCategoryAdmin(RecordPages, RecordAdmin):
    list_display = ("name", "code", named("parent"), "is_active", "changed")
    grid = ("name", "parent", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("parent",)
    search_fields = ("code", "name")
    search_help_text = "Search by name or code"
    groups = ((None, ("name", *KEY)), ("In the tree", ("parent",)))


# --------------------------------------------------------------------------------------- programs


@admin.register(models.Program)
class ProgramAdmin(MergingPages, RecordAdmin):
    list_display = (
        "name", "code", named("advertiser"), "network_code",
        number("commission_rate", percent=True), "cookie_days", "lock_days", "currency_code",
        "is_active", "changed",
    )  # fmt: skip
    grid = ("name", "commission_rate", "cookie_days", "lock_days", "is_active")
    list_filter = ("is_active", "network_code", "currency_code")
    list_select_related = ("advertiser",)
    search_fields = ("code", "name", "advertiser__name", "advertiser__code", NETWORK_IDS)
    search_help_text = "Search by name, code, advertiser, or the id in a network"
    groups = (
        (None, ("name", *KEY)),
        ("Who and where", ("advertiser", "network_code")),
        ("Terms", ("commission_rate", "cookie_days", "lock_days")),
        ("Reports of the network", ("currency_code", "time_zone")),
    )
    inlines = (CommissionRates, _ids("program"))


@admin.register(models.CommissionRate)
class CommissionRateAdmin(RecordPages, RecordAdmin):
    list_display = (
        "code", named("program"), named("product_category"), named("partner"),
        number("rate", percent=True), "is_active", "changed",
    )  # fmt: skip
    grid_names = ("code", named("program"), named("product_category"), named("partner"))
    grid = ("rate", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("program", "product_category", "partner")
    search_fields = ("code", "program__name", "partner__name", "product_category__name")
    search_help_text = "Search by code, program, partner or category"
    groups = (
        ("For which sales", ("program", "product_category", "partner")),
        ("How much", ("rate",)),
        (None, KEY),
    )
    code_parts = ("program", "product_category", "partner")


@admin.register(models.NetworkAccount)
class NetworkAccountAdmin(RecordPages, RecordAdmin):
    list_display = (
        "name", "code", "network_code", "account_id", "side", "currency_code", "is_active",
        "changed",
    )  # fmt: skip
    grid = ("name", "account_id", "is_active")
    list_filter = ("is_active", "network_code", "side")
    search_fields = ("code", "name", "account_id")
    search_help_text = "Search by name, code, or the account's id"
    groups = (
        (None, ("name", *KEY)),
        ("The account", ("network_code", "account_id", "side")),
        ("Its reports", ("currency_code", "time_zone")),
    )


# ------------------------------------------------------------------------------------------ money


@admin.register(models.Fee)
class FeeAdmin(RecordPages, RecordAdmin):
    list_display = (
        "name", "code", "fee_type", number("rate", percent=True), number("amount"),
        "currency_code", "charged", "starts_on", "ends_on", "is_active", "changed",
    )  # fmt: skip
    grid = ("name", "rate", "amount", "starts_on", "ends_on", "is_active")
    list_filter = ("is_active", "fee_type", "charged", "network_code")
    search_fields = ("code", "name", "advertiser__name", "partner__name", "program__name")
    search_help_text = "Search by name, code, advertiser, partner or program"
    groups = (
        (None, ("name", *KEY)),
        ("What is paid", ("fee_type", "rate", "amount", "currency_code", "charged")),
        ("For what", ("network_code", "advertiser", "partner", "program")),
        ("When", ("starts_on", "ends_on")),
    )


@admin.register(models.Target)
class TargetAdmin(RecordPages, RecordAdmin):
    list_display = (
        "code", named("advertiser"), named("channel"), "metric_name", "starts_on", "ends_on",
        number("amount"), "currency_code", "is_active", "changed",
    )  # fmt: skip
    grid_names = ("code", named("advertiser"), named("channel"), "metric_name")
    grid = ("amount", "starts_on", "ends_on", "is_active")
    list_filter = ("is_active", "metric_name")
    list_select_related = ("advertiser", "channel")
    search_fields = ("code", "advertiser__name", "channel__name", "metric_name")
    search_help_text = "Search by code, advertiser, channel or metric"
    groups = (
        ("Whose", ("advertiser", "channel")),
        ("What to reach", ("metric_name", "amount", "currency_code")),
        ("When", ("starts_on", "ends_on")),
        (None, KEY),
    )
    code_parts = ("advertiser", "metric_name", "starts_on")


@admin.register(models.FiscalCalendar)
class FiscalCalendarAdmin(RecordPages, RecordAdmin):
    list_display = (
        "name", "code", named("advertiser"), "first_month", "week_pattern", "is_active",
        "changed",
    )  # fmt: skip
    grid = ("name", "first_month", "week_pattern", "is_active")
    list_filter = ("is_active", "week_pattern")
    list_select_related = ("advertiser",)
    search_fields = ("code", "name", "advertiser__name")
    search_help_text = "Search by name, code or advertiser"
    groups = (
        (None, ("name", *KEY)),
        ("How years are counted", ("advertiser", "first_month", "week_pattern")),
    )


# --------------------------------------------------------------------------------------- counting


@admin.register(models.UniquenessRule)
class UniquenessRuleAdmin(RecordPages, RecordAdmin):
    list_display = (named("advertiser"), "rule_id", "changed")
    grid_names = (named("advertiser"),)
    grid = ("rule_id",)
    list_filter = ("rule_id",)
    list_select_related = ("advertiser",)
    search_fields = ("advertiser__name", "code")
    search_help_text = "Search by advertiser"
    groups = ((None, ("advertiser", "rule_id")),)


@admin.register(models.InternalTraffic)
class InternalTrafficAdmin(RecordPages, RecordAdmin):
    list_display = ("name", "code", "ip_prefix", "url_parameter", "is_active", "changed")
    grid = ("name", "ip_prefix", "url_parameter", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code", "name", "ip_prefix", "url_parameter")
    search_help_text = "Search by name, code, prefix or parameter"
    groups = (
        (None, ("name", *KEY)),
        ("How it is known", ("ip_prefix", "cookie_id", "url_parameter")),
    )


# ----------------------------------------------------------------------------------------- access


@admin.register(models.Client)
class ClientAdmin(RecordPages, RecordAdmin):
    list_display = ("name", "code", "is_active", "changed")
    grid = ("name", "is_active")
    list_filter = ("is_active",)
    search_fields = ("code", "name", "users__user_name", "advertisers__advertiser__name")
    search_help_text = "Search by name, code, login or advertiser"
    groups = ((None, ("name", *KEY)),)
    inlines = (ClientUsers, ClientAdvertisers)


@admin.register(models.ClientUser)
class ClientUserAdmin(RecordPages, RecordAdmin):
    list_display = ("user_name", named("client"), "is_active", "changed")
    grid_names = ("user_name",)
    grid = ("is_active",)
    list_filter = ("is_active", "client")
    list_select_related = ("client",)
    search_fields = ("user_name", "client__name", "client__code")
    search_help_text = "Search by login or client"
    groups = ((None, ("user_name", "client", "is_active")),)


@admin.register(models.ClientAdvertiser)
class ClientAdvertiserAdmin(RecordPages, RecordAdmin):
    list_display = ("code", named("client"), named("advertiser"), "is_active", "changed")
    grid_names = ("code", named("client"), named("advertiser"))
    grid = ("is_active",)
    list_filter = ("is_active", "client")
    list_select_related = ("client", "advertiser")
    search_fields = ("code", "client__name", "advertiser__name")
    search_help_text = "Search by client or advertiser"
    groups = ((None, ("client", "advertiser", *KEY)),)
    code_parts = ("client", "advertiser")


# ------------------------------------------------------------------------------------------ queue


@admin.register(models.Crosswalk)
class CrosswalkAdmin(RecordPages, RecordAdmin):
    list_display = ("source_id", "network_code", "kind", "stands_for", "is_ignored", "changed")
    grid_names = ("source_id", "network_code", "kind", "stands_for")
    grid = ("is_ignored",)
    list_filter = ("network_code", "kind", "is_ignored")
    list_select_related: ClassVar = models.Kind.values
    search_fields = ("source_id", *(f"{kind}__name" for kind in models.Kind.values))
    search_help_text = "Search by the id, or by what it stands for"
    groups = (
        ("The id", ("network_code", "kind", "source_id")),
        ("Stands for", (*models.Kind.values, "is_ignored")),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Of an id that there is, offer records of its kind only."""
        shown = super().get_fieldsets(request, obj)
        if obj is not None:
            shown[1] = ("Stands for", {"fields": (obj.kind, "is_ignored")})
        return shown

    @display(description="stands for")  # type: ignore[untyped-decorator]
    def stands_for(self, row: models.Crosswalk) -> str:
        """The record, whatever its kind."""
        return str(row.target) if row.target else "ignored" if row.is_ignored else "not mapped"
