"""A real Chromium that reaches this machine only, and a guard that hears whatever goes wrong in its pages."""

from __future__ import annotations

import contextlib
import re
import shutil
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    ViewportSize,
    async_playwright,
)

from tests.e2e.serving import Server

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    assert path, f"the tests in the browser need Chromium on the PATH ({', '.join(NAMES)}): sh tests/chromium.sh"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


class Guard:
    """Hears console errors, exceptions, failed and foreign requests of all pages of a context; counts its streams."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self.found: list[str] = []
        self._streams: set[Request] = set()
        self._home = urlsplit(home).netloc
        self._announced: list[re.Pattern[str]] = []
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.found.append(f"exception: {error.error}"))
        context.on("request", self._on_request)
        context.on("requestfailed", self._on_failed)
        context.on("requestfinished", lambda request: self._streams.discard(request))
        context.on("response", self._on_response)

    @property
    def streams(self) -> list[str]:
        """The streams that are open; those of a closed page ended with it, without an event of their own."""
        return [request.url for request in self._streams if not request.frame.page.is_closed()]

    def announce(self, *patterns: str) -> None:
        """What the test does on purpose is no fault: regular expressions for lines of `found`."""
        self._announced += map(re.compile, patterns)

    def check(self) -> None:
        wrong = [line for line in self.found if not any(pattern.search(line) for pattern in self._announced)]
        assert not wrong, "\n".join(wrong)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"console: {message.text} ({message.location['url']})")

    def _on_request(self, request: Request) -> None:
        if request.url.startswith(("data:", "blob:")):
            return
        if urlsplit(request.url).netloc != self._home:
            self.found.append(f"foreign: {request.url}")
        if "/api/v1/stream" in request.url:
            self._streams.add(request)

    def _on_failed(self, request: Request) -> None:
        self._streams.discard(request)
        if request.failure != "net::ERR_ABORTED":  # the page itself let go of it
            self.found.append(f"failed: {request.method} {request.url} {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"answered {response.status}: {response.request.method} {response.url}")


@contextlib.asynccontextmanager
async def guarded(browser: Browser, server: Server, **options: Any) -> AsyncIterator[tuple[BrowserContext, Guard]]:
    """A context that nobody is signed in to; at its end nothing may have gone wrong in it."""
    context = await browser.new_context(**{"viewport": WIDE, "locale": "en-GB", "timezone_id": "UTC"} | options)
    context.set_default_timeout(15_000)
    guard = Guard(context, server.address)
    try:
        yield context, guard
    finally:
        await context.close()
    guard.check()


@contextlib.asynccontextmanager
async def signed_in(browser: Browser, server: Server, **options: Any) -> AsyncIterator[tuple[Page, Guard]]:
    async with guarded(browser, server, **options) as (context, guard):
        page = await context.new_page()
        await page.goto(await server.new_link())
        await page.get_by_role("button", name=re.compile("^Menu of")).wait_for()
        yield page, guard
