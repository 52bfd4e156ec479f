"""The channel of a click by Google's default channel group: each rule, on both engines."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import pytest

from standins import stand_in
from warehouses import DATABASE, Warehouse

MODELS = (
    *("channels", "channel_rules", "channel_sources"),
    *("int_channels__traffic_sources", "int_channels__assigned"),
)

Case = tuple[str | None, str | None, str | None, str | None, str]

# source, medium, campaign, referrer -> channel; at least one line for every row of the seed
CASES: list[Case] = [
    # Direct: neither tagged nor referred, or tagged so.
    (None, None, None, None, "direct"),
    ("(direct)", "(none)", None, None, "direct"),
    ("(direct)", "(not set)", None, None, "direct"),
    ("(direct)", None, None, None, "direct"),
    # Cross-network comes before everything paid.
    ("google", "cpc", "Spring Cross-Network sale", None, "cross_network"),
    # Paid Shopping by the site, and by the campaign's name.
    ("amazon", "cpc", None, None, "paid_shopping"),
    ("alibaba.com", "paid", None, None, "paid_shopping"),
    ("newsletter", "ppc", "shop-the-look", None, "paid_shopping"),
    ("google", "cpc", "google_shopping_brand", None, "paid_shopping"),
    ("newsletter", "retargeting", "eshop", None, "paid_shopping"),
    # ... but "workshop" is no shop: a letter other than e stands before it.
    ("newsletter", "cpc", "workshop", None, "paid_other"),
    ("google", "cpc", None, None, "paid_search"),
    ("Bing", "PPC", "Brand", None, "paid_search"),
    ("google", "cpm", None, None, "paid_search"),
    ("facebook", "paid_social", None, None, "paid_social"),
    ("instagram", "cpv-cpc", None, None, "paid_social"),
    ("youtube.com", "cpc", None, None, "paid_video"),
    ("some-site", "display", None, None, "display"),
    ("some-site", "Banner", None, None, "display"),
    ("some-site", "expandable", None, None, "display"),
    ("some-site", "interstitial", None, None, "display"),
    ("some-site", "cpm", None, None, "display"),
    ("some-site", "cpc", None, None, "paid_other"),
    ("some-site", "retargeting", None, None, "paid_other"),
    ("some-site", "paidads", None, None, "paid_other"),
    ("some-site", "prepaid", None, None, "unassigned"),
    ("etsy.com", "some-medium", None, None, "organic_shopping"),
    ("some-site", "some-medium", "shopping", None, "organic_shopping"),
    ("linkedin", "some-medium", None, None, "organic_social"),
    ("some-site", "social-network", None, None, "organic_social"),
    ("some-site", "social media", None, None, "organic_social"),
    ("some-site", "sm", None, None, "organic_social"),
    ("vimeo", "some-medium", None, None, "organic_video"),
    ("some-site", "instream-video-ad", None, None, "organic_video"),
    ("duckduckgo", "some-medium", None, None, "organic_search"),
    ("some-site", "organic", None, None, "organic_search"),
    ("some-site", "referral", None, None, "referral"),
    ("some-site", "app", None, None, "referral"),
    ("some-site", "link", None, None, "referral"),
    ("e-mail", "some-medium", None, None, "email"),
    ("e mail", None, None, None, "email"),
    ("some-site", "E_Mail", None, None, "email"),
    ("some-site", "affiliate", None, None, "affiliates"),
    (None, "affiliate", None, "https://www.facebook.com/", "affiliates"),
    ("some-site", "audio", None, None, "audio"),
    ("sms", "some-medium", None, None, "sms"),
    ("some-site", "sms", None, None, "sms"),
    ("some-site", "webpush", None, None, "mobile_push_notifications"),
    ("some-site", "mobile-app", None, None, "mobile_push_notifications"),
    ("some-site", "a-notification-b", None, None, "mobile_push_notifications"),
    ("firebase", "some-medium", None, None, "mobile_push_notifications"),
    ("some-site", "some-medium", "some-campaign", None, "unassigned"),
    (None, "some-medium", None, None, "unassigned"),
    # Untagged clicks: the referring host is the source; subdomains count, the longest name decides.
    (None, None, None, "https://www.google.co.uk/search?q=x", "organic_search"),
    (None, None, None, "https://m.facebook.com/story", "organic_social"),
    (None, None, None, "android-app://com.google.android.youtube/", "organic_video"),
    (None, None, None, "https://www.amazon.de/dp/1", "organic_shopping"),
    (None, None, None, "https://mail.google.com/mail/u/0", "referral"),
    (None, None, None, "https://blog.example:8080/post", "referral"),
    (None, None, "some-shopping-campaign", "https://blog.example/", "organic_shopping"),
    # The last part of a host is no source: this is somebody's site, not a text message.
    (None, None, None, "https://offers.sms/", "referral"),
    # Google itself has its own top-level domain.
    (None, None, None, "https://about.google/", "referral"),
]


def shared_cases(folder: Path) -> list[Case]:
    """The published cases of another project, with our codes of the channels."""
    with (folder / "channels" / "ga4_channel_cases.csv").open(encoding="utf-8") as stream:
        return [
            (
                *(row["source"] or None, row["medium"] or None, row["campaign"] or None, None),
                row["expected_channel"].lower().replace(" ", "_").replace("-", "_"),
            )
            for row in csv.DictReader(stream)
        ]


@dataclass(frozen=True)
class Assigned:
    """The channels that one engine gives the cases: ours, and those of the shared data if any."""

    own: list[str]
    shared: list[str]


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Assigned:
    """Build the models once on each engine, over all cases."""
    folder = tmp_path_factory.mktemp(f"channels_{request.param}")
    if request.param == "duckdb":
        warehouse = Warehouse("duckdb", folder)
    else:
        server = request.getfixturevalue("postgres_server")
        request.addfinalizer(lambda: server.drop_database(DATABASE))
        warehouse = Warehouse("postgres", folder, server.create_database(DATABASE))
    try:
        theirs = shared_cases(request.getfixturevalue("shared_data"))
    except pytest.skip.Exception:
        theirs = []
    channels = assigned(warehouse, CASES + theirs)
    return Assigned(channels[: len(CASES)], channels[len(CASES) :])


def assigned(warehouse: Warehouse, cases: list[Case]) -> list[str]:
    """The channel that the models give each case, standing in for a click."""
    stand_in(
        warehouse,
        "staging.stg_loader__files",
        "file_id bigint, status varchar(20)",
        [(number, "loaded") for number in range(len(cases))],
    )
    stand_in(
        warehouse,
        "intermediate.int_clicks__unioned",
        "network_code varchar(30), utm_source varchar(255), utm_medium varchar(255),"
        " utm_campaign varchar(255),"
        " referrer_url varchar(8192), file_id bigint",
        [(None, *case[:4], number) for number, case in enumerate(cases)],
    )
    stand_in(
        warehouse,
        "intermediate.int_page_views__unioned",
        "utm_source varchar(255), utm_medium varchar(255), utm_campaign varchar(255),"
        " referrer_url varchar(8192), is_internal boolean, file_id bigint",
        [],
    )
    # The case's number travels as the id of the file that the click came in.
    options = ["--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]
    warehouse.dbt("build", *options, "--select", *MODELS)
    found = warehouse.query(
        "select s.file_id, a.channel_code from intermediate.int_channels__traffic_sources as s"
        " left join intermediate.int_channels__assigned as a"
        " on s.source = a.source and s.medium = a.medium and s.campaign = a.campaign"
    )
    by_number = {int(str(number)): str(code) for number, code in found}
    assert len(found) == len(by_number) == len(cases)
    return [by_number[number] for number in range(len(cases))]


def wrong(cases: list[Case], channels: list[str]) -> list[tuple[object, ...]]:
    """The cases that got another channel than they should, with the one they got."""
    return [(*case, got) for case, got in zip(cases, channels, strict=True) if case[4] != got]


def test_every_case_gets_the_channel_of_the_published_rules(given: Assigned) -> None:
    assert not wrong(CASES, given.own)


def test_the_cases_of_another_project_get_their_channels(
    given: Assigned, shared_data: Path
) -> None:
    assert not wrong(shared_cases(shared_data), given.shared)


def test_every_rule_of_the_seed_has_a_case(repository: Path) -> None:
    with (repository / "seeds" / "channel_rules.csv").open(encoding="utf-8") as stream:
        channels = {row["channel_code"] for row in csv.DictReader(stream)}
    assert channels == {case[4] for case in CASES}
