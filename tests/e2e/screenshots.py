"""`make shots`: pictures of each page, in each state, wide and narrow, light and dark."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.e2e import made
from tests.e2e.browsing import NARROW, WIDE, chromium, guarded, signed_in
from tests.e2e.serving import Server, serving
from tests.factories import Tape

Look = dict[str, Any]
ON_GRAPH = (
    ".panes .said",
    ".sheet-cell[data-open]",
    ".tl-lanes canvas",
    ".failure",
    ".log",
    ".facts",
    ".drawer-pane > *",
)  # the graph stands beside these
BOARD = ".job-board[data-laid-out-ms]"
OUT = Path(__file__).parents[2] / ".screenshots"


async def main(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    for name in [name for name in os.environ if name.startswith("FLOWO_")]:
        del os.environ[name]  # one's own server is not to be in the picture
    async with chromium() as browser, serving(FLOWO_LOST_AFTER_S="6") as server:
        await for_each_look(lambda look, end: ways_in(browser, server, look, out, end))
        runs = made.everything()
        await server.post(runs["lost"])
        await server.run_called("overnight", "lost")
        await asyncio.gather(*(server.post(tape) for name, tape in runs.items() if name != "lost"))
        hearts = asyncio.create_task(beat(server, *(runs[name] for name in made.LIVING)))
        await server.ask("POST", "/api/v1/tokens", {"name": "cluster", "scope": "ingest", "expires_in_days": 90})
        await server.ask("POST", "/api/v1/tokens", {"name": "notebook", "scope": "read", "expires_in_days": None})
        ids = {name: str(tape.run_id) for name, tape in runs.items()}

        async def all_pages(look: Look, end: str) -> None:
            async with signed_in(browser, server, **look) as (page, guard):
                guard.announce("404")
                await pages(page, server, ids, out, end, narrow=look["viewport"] == NARROW)

        await for_each_look(all_pages)
        hearts.cancel()
        await asyncio.gather(hearts, return_exceptions=True)


async def beat(server: Server, *tapes: Tape) -> None:
    while True:
        await asyncio.gather(*map(server.beat, tapes))
        await asyncio.sleep(2)


async def for_each_look(take: Callable[[Look, str], Awaitable[None]]) -> None:
    """Light and dark at once, one width after the other."""
    for size, viewport in (("1440", WIDE), ("390", NARROW)):
        looks: list[Look] = [
            {"viewport": viewport, "color_scheme": shade, "reduced_motion": "reduce"} for shade in ("light", "dark")
        ]
        await asyncio.gather(*(take(look, f"{size}-{look['color_scheme']}") for look in looks))


async def ways_in(browser: Browser, server: Server, look: Look, out: Path, end: str) -> None:
    """While there is no run yet."""
    async with guarded(browser, server, **look) as (context, guard):
        guard.announce("401")
        page = await context.new_page()
        await page.goto(f"{server.address}/sign-in?link=used")
        await taken(page, out / f"sign-in-{end}.png", ".sign-in-version")
    async with signed_in(browser, server, **look) as (page, _guard):
        await page.goto(f"{server.address}/first-run")
        await taken(page, out / f"first-run-{end}.png", ".first-steps code")


async def pages(page: Page, server: Server, ids: dict[str, str], out: Path, end: str, *, narrow: bool) -> None:
    async def show(name: str, path: str, ready: str) -> None:
        await page.goto(server.address + path)
        if not narrow and ready in ON_GRAPH:
            await page.locator(".rule-box").first.wait_for()
        await taken(page, out / f"{name}-{end}.png", ready)

    await show("runs", "/runs", ".run-row .bar")
    await show("runs-nothing-found", "/runs?q=nothing+like+this", ".said")
    await show("tokens", "/tokens", ".tokens table")
    graph_or_table = ".table-row[data-index]" if narrow else ".rule-box"
    for name in ("running", "submitted", "failed", "succeeded", "interrupted", "lost"):
        await show(f"run-{name}", f"/runs/{ids[name]}", graph_or_table)
    for name in ("early", "nothing", "planning"):
        await show(f"run-{name}", f"/runs/{ids[name]}", ".run-message, .said")
    failed = f"/runs/{ids['failed']}"
    if narrow:
        await show("run-graph", f"{failed}?tab=graph", ".rule-box")
    else:
        await show("run-rule", f"{failed}?rule=call_variants&status=failed", ".rule-box")
    graph = "&tab=graph" if narrow else ""
    for name in ("running", "failed", "alike"):
        await show(f"run-jobgraph-{name}", f"/runs/{ids[name]}?graph=jobs{graph}", BOARD)
    await show("run-jobgraph-chosen", f"{failed}?graph=jobs&chain=shown&wildcard=sample:NA12891{graph}", BOARD)
    await show("run-none-like-that", f"{failed}?q=nothing+like+this", ".panes .said")
    await show("run-failures", f"{failed}?tab=failures", ".failure")
    await show("run-failures-alike", f"/runs/{ids['alike']}?tab=failures", ".failure")
    await show("run-samples", f"{failed}?tab=samples", ".sheet-cell[data-open]")
    await show("run-large", f"/runs/{ids['large']}", graph_or_table)
    await show("run-large-samples", f"/runs/{ids['large']}?tab=samples", ".sheet-cell[data-open]")
    await show("run-large-failures", f"/runs/{ids['large']}?tab=failures", ".failure")
    await show("run-awkward", f"/runs/{ids['awkward']}", ".table-row[data-index]")
    await show("job-awkward", f"/runs/{ids['awkward']}/jobs/1?jobtab=files", ".drawer-pane > *")
    for name in ("running", "failed", "submitted"):
        await show(f"timeline-{name}", f"/runs/{ids[name]}?tab=timeline", ".tl-lanes canvas")
    await show("timeline-large", f"/runs/{ids['large']}?tab=timeline", ".tl-lanes canvas")
    await show("timeline-figures", f"{failed}?tab=timeline&show=figures", ".tl-usage table")
    await show("timeline-samples", f"{failed}?tab=timeline&lanes=by:sample", ".tl-lanes canvas")
    await show("run-log", f"{failed}?tab=log", ".log")
    await show("run-info", f"{failed}?tab=info", ".facts")
    job = (await server.ask("GET", f"/api/v1/runs/{ids['failed']}/jobs?status=failed"))["items"][0]["number"]
    for tab in ("log", "command", "files", "graph", "resources", "attempts"):
        await show(f"job-{tab}", f"{failed}/jobs/{job}?jobtab={tab}", ".drawer-pane > *")
    await show(
        "job-running", f"/runs/{ids['running']}/jobs/{made.SAMPLES.index('NA19239') + 37 + 1}", ".drawer-pane > *"
    )
    await page.keyboard.press("?")
    await taken(page, out / f"keyboard-{end}.png", "dialog")
    await show("unknown", "/runs/01a20983-0000-74f5-be0f-4102a9e85bd2", ".said")


async def taken(page: Page, path: Path, ready: str) -> None:
    await page.locator(ready).first.wait_for()
    await page.wait_for_load_state("load")
    await page.wait_for_timeout(400)  # the graph fits itself into its place, rows come in
    await page.screenshot(path=path, animations="disabled")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else OUT))
