"""axe finds nothing serious on any page, in light and in dark."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e import made
from tests.e2e.browsing import NARROW, WIDE, guarded, signed_in
from tests.e2e.serving import LOST_AFTER_S, Server

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => {
  const {violations, passes} = await axe.run(document, {resultTypes: ['violations']});
  if (passes.length < 10) throw new Error('axe has looked at hardly anything');
  return violations.filter(({impact}) => impact === 'serious' || impact === 'critical')
    .flatMap(({id, nodes}) => nodes.map(node => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`));
}"""


@pytest.fixture(scope="module")
async def runs(server: Server) -> AsyncIterator[dict[str, str]]:
    """Where to look, by the name of the state. What runs goes on running for as long as one looks."""
    tapes = {
        "running": made.running(), "failed": made.failed(), "early": made.before_any_job(),
        "submitted": made.submitted(), "alike": made.alike(),
        **dict(zip(("succeeded", "interrupted", "lost", "nothing", "planning"), made.others(), strict=True)),
    }  # fmt: skip
    await asyncio.gather(*map(server.post, tapes.values()))

    async def beat() -> None:
        while True:
            await asyncio.gather(*(server.beat(tapes[name]) for name in ("running", "submitted", "planning")))
            await asyncio.sleep(LOST_AFTER_S / 5)

    beating = asyncio.create_task(beat())
    yield {name: str(tape.run_id) for name, tape in tapes.items()}
    assert not beating.done(), beating.exception()
    beating.cancel()


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

    async def narrow() -> None:
        async with signed_in(browser, server, viewport=NARROW, color_scheme="dark", reduced_motion="reduce") as (
            page,
            _,
        ):
            await page.goto(f"{server.address}/runs/{runs['running']}?tab=log&find=error")
            await expect(page.locator(".log mark").first).to_be_visible()
            found.extend(await findings(page))

    await asyncio.gather(outside(), small_pages(), run_pages(), narrow())
    assert not found, "\n".join(found)


# Where one can look, and what one may open there. {name} stands for the run of that name, {job} for a failed job of `failed`.
VIEWS = {
    "/sign-in": ".sign-in-version",
    "/first-run": ".first-steps code",
    "/tokens": ".tokens form",
    "/runs": ".run-row .bar",
    "/runs?q=nothing+like+this": ".said",
    "/runs/00000000-0000-0000-0000-000000000000": ".said",
    "/runs/{early}": ".run-message",
    "/runs/{nothing}": ".said",
    "/runs/{planning}": ".said",
    "/runs/{submitted}": ".run-waits",
    "/runs/{running}?tab=graph": ".rule-box",
    "/runs/{failed}?rule=call_variants&status=failed": ".table-row[data-index]",
    "/runs/{failed}?q=nothing+like+this": ".panes .said",
    "/runs/{running}?tab=samples": ".sheet-cell[data-open]",
    "/runs/{failed}?tab=graph&graph=jobs": ".job-board[data-laid-out-ms]",
    "/runs/{running}?tab=graph&graph=jobs&chain=shown": ".job-board[data-laid-out-ms]",
    "/runs/{failed}?tab=timeline": ".tl-lanes canvas",
    "/runs/{running}?tab=timeline&lanes=slot": ".tl-lanes canvas",
    "/runs/{failed}?tab=timeline&lanes=by:sample": ".tl-lanes canvas",
    "/runs/{failed}?tab=timeline&show=figures": ".tl-usage tbody th",
    "/runs/{failed}?tab=failures": ".failure",
    "/runs/{alike}?tab=failures": ".failure",
    "/runs/{failed}?tab=log&find=error": ".log mark",
    "/runs/{failed}?tab=info": ".facts",
    **{
        f"/runs/{{failed}}/jobs/{{job}}?jobtab={tab}": ".drawer-pane > *"
        for tab in ("log", "command", "files", "graph", "resources", "attempts", "code")
    },
    "/runs/{failed}/jobs/99999": ".drawer .said",
    "/runs/{lost}": "button:has-text('It has ended')",  # last: it takes a while to be lost
}
Opening = Callable[[Page], Awaitable[object]]
AT = {
    "/runs": ".run-row", "/tokens": ".tokens form", "/runs/{failed}": ".table-row[data-index]",
    "/runs/{failed}?tab=timeline": ".tl-lanes canvas",
    "/runs/{failed}?tab=graph&graph=jobs": ".job-board[data-laid-out-ms]",
}  # fmt: skip
OPENED: list[tuple[str, Opening, str]] = [
    ("/runs", lambda page: page.keyboard.press("?"), "dialog"),
    ("/runs", lambda page: page.get_by_role("button", name=re.compile("^Menu of")).click(), "[role=menu]"),
    ("/runs", lambda page: page.get_by_role("button", name="Tags").click(), "[role=menu]"),
    ("/tokens", lambda page: page.get_by_role("button", name="Make a token").click(), ".tokens form"),
    ("/runs/{failed}", lambda page: page.get_by_role("button", name="More about this run").click(), "[role=menu]"),
    ("/runs/{failed}", lambda page: page.get_by_role("button", name="Rule", exact=True).first.click(), "[role=menu]"),
    ("/runs/{failed}", lambda page: page.get_by_role("button", name="Rename").click(), ".run-edit"),
    ("/runs/{failed}", lambda page: page.get_by_role("combobox").fill("sample:"), "[role=option]"),
    ("/runs/{failed}", lambda page: delete(page), "dialog"),
    ("/runs/{failed}", lambda page: picked(page), ".table-row[aria-selected=true]"),
    ("/runs/{failed}?tab=timeline", lambda page: page.locator(".tl-board").press("n"), ".tl-tip"),
    ("/runs/{failed}?tab=graph&graph=jobs", lambda page: page.locator(".job-board").press("Enter"), ".job-board [role=status]:not(:empty)"),
]  # fmt: skip

OPENED_WIDE: list[tuple[str, Opening, str]] = [
    ("/runs/{failed}", lambda page: page.get_by_role("button", name="Columns").click(), "[role=menu]"),
]


async def delete(page: Page) -> None:
    await page.get_by_role("button", name="More about this run").click()
    await page.get_by_role("menuitem", name="Delete").click()


async def picked(page: Page) -> None:
    await page.locator(".table-row[data-index] a").first.focus()
    await page.keyboard.press("Space")


@pytest.mark.all
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_axe_everywhere(browser: Browser, server: Server, runs: dict[str, str], viewport: dict[str, int]) -> None:
    """Each view and each thing that opens, in light and dark."""
    found: list[str] = []
    job = (await server.ask("GET", f"/api/v1/runs/{runs['failed']}/jobs?status=failed"))["items"][0]["number"]
    async with signed_in(browser, server, viewport=viewport) as (page, guard):
        guard.announce("404")
        for path, ready in VIEWS.items():
            await page.goto(server.address + path.format(job=job, **runs))
            await expect(page.locator(ready).first).to_be_visible()
            found += await in_both_shades(page)
        for path, opening, ready in OPENED if viewport == NARROW else [*OPENED, *OPENED_WIDE]:
            await page.goto(server.address + path.format(job=job, **runs))
            await expect(page.locator(AT[path]).first).to_be_visible()
            await opening(page)
            await expect(page.locator(ready).first).to_be_visible()
            found += [f"{ready}: {finding}" for finding in await in_both_shades(page)]
    assert not found, "\n".join(found)
