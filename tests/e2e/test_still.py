"""What comes while somebody reads a run's page moves nothing of what is read, by the browser's own measure; and it fits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.browsing import NARROW, WIDE, signed_in
from tests.e2e.made import SAMPLES, Cohort, failed
from tests.e2e.serving import Server

OBSERVE = """() => {
    window.shifts = [];
    new PerformanceObserver(list => window.shifts.push(...list.getEntries().filter(one => !one.hadRecentInput).map(
        one => [one.value, ...one.sources.map(({node}) => node?.className ?? node?.nodeName)])
    )).observe({type: "layout-shift"});
}"""
# After two frames all that the last change moved is known.
SHIFTS = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() =>
    setTimeout(() => done(window.shifts), 100))))"""
MOST = 0.02  # a digit more in a figure; the card of a failure that opened would be 0.1


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_a_failure_that_comes_live_moves_nothing(
    browser: Browser, server: Server, viewport: dict[str, int]
) -> None:
    run = Cohort("read while it fails", 300).plan().does("fetch_reads").does("trim_reads")
    tape = run.starts("align", SAMPLES[:4]).tape
    async with signed_in(browser, server, viewport=viewport, reduced_motion="reduce") as (page, _guard):
        await server.post(tape)
        await page.goto(f"{server.address}/runs/{tape.run_id}?tab=samples")
        await expect(page.locator(".sheet-cell[data-open]").first).to_be_visible()
        if viewport == WIDE:
            await expect(page.locator(".rule-box")).to_have_count(9)
        failed = page.get_by_role("group", name="Jobs by status").get_by_role("button", name=re.compile("failed"))
        await expect(failed).to_have_text("0failed")
        await page.evaluate(OBSERVE)

        async def goes_on(count: int) -> None:
            await server.post(tape, at)
            await expect(failed).to_have_text(f"{count}failed")

        folded = page.get_by_role("heading", name=re.compile("^First failure: align.*exit 137"))
        card = page.get_by_role("region", name="First failure")
        at = len(tape.lines) + 1
        run.fails("align", SAMPLES[1])
        await goes_on(1)
        await expect(folded).to_be_visible()
        at = len(tape.lines) + 1
        run.tries_again("align", SAMPLES[1])
        await goes_on(0)
        await expect(folded).to_have_count(0)
        at = len(tape.lines) + 1
        run.fails("align", SAMPLES[1], 2)
        await goes_on(1)
        await expect(folded).to_be_visible()
        assert await card.count() == 0
        shifts: list[list[Any]] = await page.evaluate(SHIFTS)
        assert sum(shift[0] for shift in shifts) < MOST, shifts

        await folded.get_by_role("button").click()
        await expect(card).to_contain_text("std::bad_alloc")
        await page.reload()
        # Opened anew it is there at once; but on a telephone the view that was chosen has the room.
        await expect(folded if viewport == NARROW else card).to_be_visible()
        assert await (card if viewport == NARROW else folded).count() == 0


async def test_no_failure_makes_the_page_wider_than_its_window(browser: Browser, server: Server) -> None:
    """Its tries stand side by side: where these have no room, they take more lines."""
    tape = failed()
    await server.post(tape)
    async with signed_in(browser, server) as (page, _guard):
        await page.goto(f"{server.address}/runs/{tape.run_id}")
        tries = page.get_by_role("region", name="First failure").get_by_role("table")
        await expect(tries).to_contain_text("Attempt 2")
        for width in (1280, 1024, 720):
            await page.set_viewport_size({"width": width, "height": 800})
            await expect(tries).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
