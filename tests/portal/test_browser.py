"""What people do at the portal, in a real browser: at a desk, on a phone, and without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from browsing import NARROW, WIDE, chromium, visitor
from running import portal_environment, running_portal
from small_world import deliver_small_world


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A portal as `make mdm` starts it, with a few records."""
    folder = tmp_path_factory.mktemp("portal")
    deliver_small_world(folder / "landing")
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
        steward.goes_to(path)
        steward.page.locator("select[name=channel]").select_option("paid_social")
        steward.page.locator("#id_reason").fill("Its clicks come from social ads")
        steward.page.get_by_role("button", name="Send").first.click()
        steward.is_told("nothing changes until somebody else approves it")
    with visitor(browser, address, "approver", width=width, javascript=javascript) as approver:
        approver.goes_to("changes/changerequest/?whose=waiting")
        approver.page.get_by_role("link", name="change partner").first.click()
        approver.is_told("Paid Social")
        approver.is_told("Its clicks come from social ads")
        approver.page.get_by_role("button", name="Approve").click()
        approver.is_told("Approved: the record has the new values.")
        approver.goes_to(path)
        assert approver.page.locator("select[name=channel]").input_value() == "paid_social"
