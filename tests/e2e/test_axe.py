"""axe finds nothing serious on any page, in light and in dark."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e import made
from tests.e2e.browsing import guarded, signed_in
from tests.e2e.serving import Server

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const {violations, passes} = await axe.run(document, {resultTypes: ['violations']});
  if (passes.length < 10) throw new Error('axe has looked at hardly anything');
  return violations.filter(({impact}) => impact === 'serious' || impact === 'critical')
    .flatMap(({id, nodes}) => nodes.map(node => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`));
}"""


@pytest.fixture(scope="module")
async def runs(server: Server) -> dict[str, str]:
    """Where to look, by the name of the state."""
    running, failed, early = made.running(), made.failed(), made.before_any_job()
    await asyncio.gather(*map(server.post, (running, failed, early, *made.others())))
    return {"running": str(running.run_id), "failed": str(failed.run_id), "early": str(early.run_id)}


async def findings(page: Page) -> list[str]:
    # By the debugger, since the policy of the page forbids a script from elsewhere.
    await page.evaluate(AXE.read_text())
    found: Any = await page.evaluate(RUN)
    return [f"{page.url} {finding}" for finding in found]


async def in_both_shades(page: Page) -> list[str]:
    found = []
    for shade in ("light", "dark"):
        await page.emulate_media(color_scheme=cast(Any, shade), reduced_motion="reduce")  # no colours in between
        await expect(page.locator("html")).to_have_attribute("data-theme", shade)
        found += await findings(page)
    return found


async def test_axe(browser: Browser, server: Server, runs: dict[str, str]) -> None:
    found: list[str] = []

    async def look(page: Page, path: str, ready: str) -> None:
        await page.goto(server.address + path)
        await expect(page.locator(ready).first).to_be_visible()
        found.extend(await in_both_shades(page))

    async def outside() -> None:
        async with guarded(browser, server) as (context, guard):
            guard.announce("401")
            await look(await context.new_page(), "/sign-in?link=used", ".sign-in-version")

    async def small_pages() -> None:
        async with signed_in(browser, server) as (page, _guard):
            await look(page, "/first-run", ".first-steps code")
            await look(page, "/tokens", ".tokens form")
            await look(page, "/runs", ".run-row .bar")

    async def run_pages() -> None:
        async with signed_in(browser, server) as (page, _guard):
            await look(page, f"/runs/{runs['running']}", ".rule-box")
            await look(page, f"/runs/{runs['failed']}", ".rule-box")
            await look(page, f"/runs/{runs['failed']}?graph=jobs", ".job-board[data-laid-out-ms]")
            await page.get_by_role("region", name="First failure").get_by_role("link").click()
            await expect(page.locator(".drawer .tail").first).to_be_visible()
            found.extend(await in_both_shades(page))

    await asyncio.gather(outside(), small_pages(), run_pages())
    assert not found, "\n".join(found)


@pytest.mark.all
async def test_axe_in_the_corners(browser: Browser, server: Server, runs: dict[str, str]) -> None:
    found = []
    async with signed_in(browser, server) as (page, _guard):
        await page.goto(f"{server.address}/runs/{runs['early']}")
        await expect(page.locator(".run-message")).to_be_visible()
        found += await findings(page)
        await page.goto(f"{server.address}/runs/{runs['failed']}")
        for tab, ready in (
            ("Samples", ".sheet-cell[data-open]"),
            ("Timeline", ".tl-lanes canvas"),
            ("Failures", ".failure"),
            ("Log", ".log"),
            ("Info", ".facts"),
        ):
            await page.get_by_role("tab", name=tab).click()
            await expect(page.locator(ready).first).to_be_visible()
            found += await findings(page)
        await page.keyboard.press("?")
        found += await findings(page)
    assert not found, "\n".join(found)
