"""One browser for all tests here, one server for those that only add to it, and pages that nothing went wrong in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.browsing import Guard, chromium, signed_in
from tests.e2e.serving import LOST_AFTER_S, STATIC, Server, serving


@pytest.fixture(scope="package", autouse=True)
def pages_are_built() -> None:
    assert STATIC.is_file(), "the pages are not built: make setup"
    expect.set_options(timeout=15_000)


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


@pytest.fixture(scope="package")
async def server() -> AsyncIterator[Server]:
    """Shared: nobody may count its runs, or stop it."""
    async with serving(FLOWO_LOST_AFTER_S=str(LOST_AFTER_S)) as started:
        yield started


@pytest.fixture
async def visit(browser: Browser, server: Server) -> AsyncIterator[tuple[Page, Guard]]:
    """A signed-in page at 1440 px."""
    async with signed_in(browser, server) as made:
        yield made
