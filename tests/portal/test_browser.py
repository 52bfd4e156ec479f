"""What people do at the portal, in a real browser: at a desk, on a phone, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browsing import NARROW, WIDE, chromium, visitor
from running import portal_environment, running_portal
from small_world import deliver_small_world, make_small_warehouse


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A portal as `make mdm` starts it, with a few records."""
    folder = tmp_path_factory.mktemp("portal")
    deliver_small_world(folder / "landing")
    make_small_warehouse(folder / "clickstar.duckdb")
    with running_portal(portal_environment(folder)) as portal:
        yield portal.address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize(
    ("partner", "width", "javascript"),
    [("P-1", WIDE, True), ("P-2", NARROW, True), ("P-3", NARROW, False)],
    ids=["desk", "phone", "no script"],
)
def test_a_steward_asks_and_an_approver_decides(
    browser: Browser, address: str, partner: str, width: int, javascript: bool
) -> None:
    path = f"records/partner/{partner}/change/"
    with visitor(browser, address, "steward", width=width, javascript=javascript) as steward:
        for other in ("records/target/add/", "records/partner/?grid=1"):
            steward.goes_to(other)
            assert steward.fits(), other
        steward.goes_to(path)
        steward.page.locator("select[name=channel]").select_option("paid_social")
        steward.page.locator("#id_reason").fill("Its clicks come from social ads")
        steward.shows("edit")
        steward.page.get_by_role("button", name="Send").first.click()
        steward.is_told("nothing changes until somebody else approves it")
    with visitor(browser, address, "approver", width=width, javascript=javascript) as approver:
        approver.goes_to("changes/changerequest/?whose=waiting")
        approver.page.get_by_role("link", name="change partner").first.click()
        approver.is_told("Paid Social")
        approver.is_told("Its clicks come from social ads")
        approver.shows("approve")
        approver.page.get_by_role("button", name="Approve").click()
        approver.is_told("Approved: the record has the new values.")
        approver.goes_to(path)
        assert approver.page.locator("select[name=channel]").input_value() == "paid_social"


FILE = """code,name,partner_type,channel_code,is_active
P-1,Morning Deals Club,coupon,affiliates,true
P-2,Trail Journal,content,affiliates,true
{new},Quiet Reader,content,affiliates,true
P-3,Point Cashback,cashback,nowhere,true
"""


@pytest.mark.parametrize(("width", "new"), [(WIDE, "P-8"), (NARROW, "P-9")], ids=["desk", "phone"])
def test_a_file_is_looked_at_before_it_is_imported(
    browser: Browser, address: str, tmp_path: Path, width: int, new: str
) -> None:
    (tmp_path / "partners.csv").write_text(FILE.format(new=new), encoding="utf-8")
    with visitor(browser, address, "steward", width=width) as steward:
        steward.goes_to("records/partner/import/")
        page = steward.page
        page.locator("input[type=file]").set_input_files(tmp_path / "partners.csv")
        page.get_by_role("button", name="Show what it would change").click()
        steward.is_told("nowhere")
        page.get_by_role("link", name="new").click()
        steward.is_told("Quiet Reader")
        steward.shows("import")
        page.locator("#id_reason").fill("The list of the account team")
        page.get_by_text("Leave the wrong rows out").click()
        page.get_by_role("button", name="Send to an approver").click()
        steward.is_told("nothing changes until somebody else approves")
        steward.goes_to("changes/changerequest/?whose=mine")
        steward.is_told("Quiet Reader")


@pytest.mark.parametrize(
    ("width", "named", "to"),
    [(WIDE, "Trail Journal Ltd", "P-2"), (NARROW, "Point Cash-Back", "P-3")],
    ids=["desk", "phone"],
)
def test_an_unmapped_id_is_mapped_in_the_queue(
    browser: Browser, address: str, width: int, named: str, to: str
) -> None:
    with visitor(browser, address, "steward", width=width) as steward:
        steward.goes_to("unmapped/unmappedid/")
        item = steward.page.locator(".queue-item").filter(has_text=named)
        item.locator(f"input[value='map:{to}']").check()
        steward.shows("queue")
        steward.page.locator("#id_reason").fill("The same site")
        steward.page.get_by_role("button", name="Send what is ticked").click()
        steward.is_told("nothing changes until somebody else approves")
    with visitor(browser, address, "approver", width=width) as approver:
        approver.goes_to("changes/changerequest/?whose=waiting&entity=crosswalk")
        approver.page.locator(".what").first.click()
        approver.page.get_by_role("button", name="Approve").click()
        approver.is_told("Approved: the record has the new values.")
        approver.goes_to("unmapped/unmappedid/")
        assert named not in approver.page.content()
