"""People at their browsers: each with a login of the demo, a width, and perhaps without JavaScript.

Whatever a test does, no page may write an error to the console or ask another host for anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from ensure_chromium import ensure_chromium
from publishing.demo import DEMO_LOGINS
from running import PROJECT

WIDE, NARROW = 1280, 390
HEIGHTS = {WIDE: 800, NARROW: 844}
SIZE_OF_PICTURES = {"width": WIDE, "height": HEIGHTS[WIDE]}
PICTURES = PROJECT / "docs" / "images"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium."""
    # The sandbox refuses to work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(ensure_chromium()), args=arguments)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser window at the portal."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def goes_to(self, path: str) -> None:
        """Open a page of the portal."""
        answer = self.page.goto(self.address + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def logs_in(self, login: str) -> None:
        """Log in with the password that `make mdm` prints."""
        self.goes_to("")
        self.shows("login")
        self.page.get_by_label("Username").fill(login)
        self.page.get_by_label("Password").fill(DEMO_LOGINS[login])
        self.page.locator("button[type=submit]").click()
        self.page.wait_for_url(lambda url: "/login/" not in url)

    def is_told(self, words: str) -> None:
        """See a message of the page."""
        self.page.get_by_text(words).filter(visible=True).first.wait_for()

    def shows(self, picture: str) -> None:
        """Hold that the page is no wider than the window; WRITE_DOCS=1 keeps a picture of it."""
        assert self.fits(), f"{self.page.url} is wider than {self.page.viewport_size}"
        if os.environ.get("WRITE_DOCS") == "1" and self.page.viewport_size == SIZE_OF_PICTURES:
            self.page.screenshot(path=PICTURES / f"mdm_{picture}.png")

    def fits(self) -> bool:
        """Whether the page is no wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@contextmanager
def visitor(
    browser: Browser, address: str, login: str, *, width: int = WIDE, javascript: bool = True
) -> Iterator[Visitor]:
    """Open a window and log in; at the end nothing may have been complained about."""
    context: BrowserContext = browser.new_context(
        viewport={"width": width, "height": HEIGHTS[width]}, java_script_enabled=javascript
    )
    context.set_default_timeout(30_000)
    page = context.new_page()
    guest = Visitor(page, address)
    host = urlsplit(address).netloc
    page.on("console", lambda message: guest.complaints.append(f"{page.url}: {message.text}")
            if message.type == "error" else None)  # fmt: skip
    page.on("pageerror", lambda error: guest.complaints.append(f"{page.url}: {error}"))
    page.on("request", lambda request: guest.complaints.append(f"{page.url} asks {request.url}")
            if urlsplit(request.url).netloc not in ("", host) else None)  # fmt: skip
    guest.logs_in(login)
    yield guest
    context.close()
    assert not guest.complaints
