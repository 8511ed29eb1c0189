"""The run page in Chromium, drawn without a graphics card: script, time to use, frames, memory of a live run, news.

A busy machine only ever makes these worse, so the best of some goes is told.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import re
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page
from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.client import managing
from snakemake_logger_plugin_flowo.config import own_server
from snakemake_logger_plugin_flowo.connection import Connection

from tests.bench import generate
from tests.bench.quantities import quantile, row
from tests.e2e.browsing import WIDE, chromium

LIVE_S = float(os.environ.get("LIVE_S", "60"))  # the ten minutes: LIVE_S=600
PER_SECOND = 50  # changes of jobs in the live run
GOES = 3
PAN_S = 1.5
ROWS = ".table-row[data-index]"
BARS = ".tl-lanes canvas"
BOARD = ".job-board[data-laid-out-ms]"
# Bytes of what had come when the view first stood: what it loads behind that is not waited for.
FIRST_SEEN = """(() => {
  const eye = new MutationObserver(() => {
    if (document.querySelector(SELECTOR)) { window.first_seen = performance.now(); eye.disconnect(); }
  });
  eye.observe(document, {subtree: true, childList: true});
})()"""
SCRIPT = """() => performance.getEntriesByType('resource')
  .filter(one => one.name.endsWith('.js') && one.responseEnd <= window.first_seen)
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
COUNT = """() => {
  const told = window.frames_told = {count: 0, on: true};
  const next = () => { if (told.on) { told.count += 1; requestAnimationFrame(next); } };
  requestAnimationFrame(next);
}"""
COUNTED = "() => { window.frames_told.on = false; return window.frames_told.count; }"
# By so many pixels in each frame, for so long; frames a second.
SCROLL = """([what, step, ms]) => new Promise((done) => {
  const box = document.querySelector(what);
  let frames = 0, began = 0;
  const next = (now) => {
    began ||= now;
    if (now - began >= ms) return done(frames / (now - began) * 1000);
    frames += 1;
    box.scrollTop += step;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
})"""
# The moment (ms since 1970) at which a changed number of jobs has been painted.
PAINTED = """(wanted) => new Promise((done) => {
  const there = () => document.querySelector('.run-head').textContent.includes(wanted);
  const told = () => requestAnimationFrame(() => setTimeout(() => done(performance.timeOrigin + performance.now())));
  if (there()) return told();
  const eye = new MutationObserver(() => { if (there()) { eye.disconnect(); told(); } });
  eye.observe(document.body, {subtree: true, childList: true, characterData: true});
})"""


class Sender:
    """The events of one run, as its plugin would send them."""

    def __init__(self, data_dir: Path) -> None:
        self._connection = Connection(own_server(data_dir))
        self.run_id = uuid.uuid4()
        self._seq = 0

    def send(self, *events: wire.Event) -> None:
        now = time.time()
        lines = [wire.encode(event, seq=self._seq + i, at=now) for i, event in enumerate(events, start=1)]
        self._seq += len(lines)
        for body in generate.batches(lines):
            generate.post(self._connection, self.run_id, body)

    def planned(self, jobs: int, name: str) -> None:
        self.send(wire.RunOpened(name=name, host="node1", user="ada"))
        parts = range(0, jobs, wire.PLAN_JOBS)
        for part, first in enumerate(parts, start=1):
            told = [{"job": n, "rule": f"rule_{n % 12}", "wildcards": {"sample": f"S{n // 12}"}}
                    for n in range(first, min(jobs, first + wire.PLAN_JOBS))]  # fmt: skip
            self.send(wire.Plan(generation=1, part=part, parts=len(parts), jobs=told))


def recorded(data_dir: Path, jobs: int, rules: int, samples: int) -> str:
    """A run that has ended, and its id."""
    connection, run_id = Connection(own_server(data_dir)), uuid.uuid4()
    lines = generate.encoded(generate.events(jobs, rules=rules, samples=samples, lean=True))
    for body in generate.batches(lines):
        generate.post(connection, run_id, body)
    return str(run_id)


def pages(data_dir: Path, address: str, large: str) -> None:
    """`large`: the run of 100,000 jobs."""
    asyncio.run(_pages(data_dir, address, large))


async def _pages(data_dir: Path, address: str, large: str) -> None:
    small = recorded(data_dir, 100, 5, 20)
    async with chromium() as browser:
        context = await browser.new_context(viewport=WIDE)
        page = await context.new_page()
        await page.goto(str(managing(data_dir).ask("POST", "/api/v1/auth/links")["url"]))
        await page.get_by_role("navigation").first.wait_for()
        state = await context.storage_state()
        await context.close()
        for path, what, view in (
            ("/runs", "the run list", ".run-row"), (f"/runs/{large}", "the run page", ".run-head h1")
        ):  # fmt: skip
            async with opened(browser, state, address + path, view, watch=True) as page:
                row(f"script before {what}, gzipped", f"{await page.evaluate(SCRIPT) / 1000:.0f} kB", "≤ 260 kB")
        for run, jobs in ((small, "100"), (large, "100,000")):
            taken = [await usable(browser, state, f"{address}/runs/{run}") for _ in range(GOES)]
            row(f"run page of {jobs} jobs, usable", f"{min(taken):.2f} s", "≤ 1.5 s")
        await frames(browser, state, f"{address}/runs/{large}")
        await news(browser, state, address, data_dir)
        await memory(browser, state, address, data_dir)


@contextlib.asynccontextmanager
async def opened(
    browser: Browser, state: Any, url: str, ready: str, *, watch: bool = False
) -> AsyncIterator[Page]:  # fmt: skip
    """A page in a browser that holds nothing but who is signed in; with `watch` it keeps when `ready` first stood."""
    context: BrowserContext = await browser.new_context(viewport=WIDE, storage_state=state)
    context.set_default_timeout(60_000)
    try:
        page = await context.new_page()
        if watch:
            await page.add_init_script(FIRST_SEEN.replace("SELECTOR", json.dumps(ready)))
        await page.goto(url)
        await page.locator(ready).first.wait_for()
        yield page
    finally:
        await context.close()


async def usable(browser: Browser, state: Any, url: str) -> float:
    """Seconds until the rows and the graph can be used; nothing is in the browser's cache."""
    context = await browser.new_context(viewport=WIDE, storage_state=state)
    page = await context.new_page()
    began = time.perf_counter()
    await page.goto(url, wait_until="commit")
    for ready in (ROWS, ".rule-box"):
        await page.locator(ready).first.wait_for(timeout=60_000)
    taken = time.perf_counter() - began
    await context.close()
    return taken


async def frames(browser: Browser, state: Any, url: str) -> None:
    async with opened(browser, state, url, ROWS) as page:
        for step, how in ((40, "by hand"), (4_000, "by the bar")):
            found = await best(browser, scrolled(page, ".table", step))
            row(f"scrolling the table of 100,000 jobs {how}", found, "60")
        await page.get_by_role("button", name="Unfold all").click()
        await page.locator(".rule-box").nth(40).wait_for()
        found = await best(browser, dragged(page, ".react-flow__pane"))
        row("panning the rule graph of 60 rules", found, "≥ 30")
    async with opened(browser, state, f"{url}?tab=samples", ".sheet-cell") as page:
        found = await best(browser, scrolled(page, ".sheet-scroll", 60))
        row("scrolling the grid of 5,000 samples × 60 rules", found, "≥ 30")
    async with opened(browser, state, f"{url}?tab=timeline", BARS) as page:
        await page.get_by_text(re.compile("^Longest chain")).wait_for()
        for turns, what in ((0, "as a whole"), (7, "from near")):
            await page.locator(BARS).hover()
            await page.keyboard.down("Control")  # by itself it scrolls the lanes
            for _ in range(turns):
                await page.mouse.wheel(0, -100)
            await page.keyboard.up("Control")
            found = await best(browser, dragged(page, BARS))
            row(f"panning the timeline of 100,000 bars, {what}", found, "≥ 30")
    async with opened(browser, state, f"{url}?graph=jobs", BOARD) as page:
        laid_out = await page.locator(BOARD).get_attribute("data-laid-out-ms")
        row("layout of the graph of 100,000 jobs, in its worker", f"{int(laid_out or 0) / 1000:.2f} s", "≤ 2 s")
        for turns, what in ((0, "as a whole"), (10, "some blocks"), (12, "single jobs")):
            await page.locator(BOARD).hover()
            for _ in range(turns):
                await page.mouse.wheel(0, -100)
            found = await best(browser, dragged(page, BOARD))
            row(f"panning the graph of 100,000 jobs, {what}", found, "≥ 30")


Go = Callable[[], Awaitable[float]]


async def best(browser: Browser, go: Go) -> str:
    """The most frames a second of some goes, and the least that one cost: on a busy machine the latter tells more."""
    cdp = await browser.new_browser_cdp_session()

    async def used() -> float:
        """Seconds of CPU of the pages' processes."""
        held = (await cdp.send("SystemInfo.getProcessInfo"))["processInfo"]
        return float(sum(one["cpuTime"] for one in held if one["type"] == "renderer"))

    seen: list[tuple[float, float]] = []
    for _ in range(GOES):
        before = await used()
        rate = await go()
        seen.append((rate, (await used() - before) / max(1.0, rate * PAN_S) * 1000))
    await cdp.detach()
    return f"{max(rate for rate, _ in seen):.0f} frames/s, {min(cost for _, cost in seen):.0f} ms of CPU each"


def scrolled(page: Page, what: str, step: int) -> Go:
    async def go() -> float:
        return float(await page.evaluate(SCROLL, [what, step, PAN_S * 1000]))

    return go


def dragged(page: Page, what: str) -> Go:
    """To and fro, by the pointer."""

    async def go() -> float:
        box = await page.locator(what).first.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.evaluate(COUNT)
        began = time.perf_counter()
        while time.perf_counter() - began < PAN_S:
            for side in (-1, 1):
                await page.mouse.move(x + side * box["width"] / 4, y + side * 40, steps=15)
        rate = await page.evaluate(COUNTED) / (time.perf_counter() - began)
        await page.mouse.up()
        return float(rate)

    return go


async def news(browser: Browser, state: Any, address: str, data_dir: Path) -> None:
    rounds = 25
    sender = Sender(data_dir)
    sender.planned(100, "news")
    async with opened(browser, state, f"{address}/runs/{sender.run_id}", ROWS) as page:
        await page.wait_for_timeout(1500)  # the stream is there
        found = []
        for n in range(rounds):
            painted = asyncio.create_task(page.evaluate(PAINTED, f"{n + 1} / 100 done"))
            await asyncio.sleep(0.6 + random.random() / 4)
            began = time.time()
            await asyncio.to_thread(sender.send, wire.JobFinished(job=n))
            found.append(await asyncio.wait_for(painted, 30) - began * 1000)
    row(
        "event posted → changed pixel, idle",
        f"p50 {quantile(found, 0.5):.0f} ms, p95 {quantile(found, 0.95):.0f} ms",
        "p95 ≤ 350 ms",
    )


async def memory(browser: Browser, state: Any, address: str, data_dir: Path) -> None:
    """The script's heap after a collection, at the start, in the middle and at the end of a live run."""
    sender = Sender(data_dir)
    jobs = int(LIVE_S * PER_SECOND) + 4_000  # each changes twice, and half are left
    sender.planned(jobs, "live")
    stop = threading.Event()
    seen: list[tuple[float, int]] = []
    async with opened(browser, state, f"{address}/runs/{sender.run_id}", ROWS) as page:
        cdp = await page.context.new_cdp_session(page)

        async def heap() -> tuple[float, int]:
            """Megabytes, and nodes of the document."""
            for _ in range(2):
                await cdp.send("HeapProfiler.collectGarbage")
            used = await cdp.send("Runtime.getHeapUsage")
            return used["usedSize"] / 1e6, (await cdp.send("Memory.getDOMCounters"))["nodes"]

        reports = asyncio.create_task(asyncio.to_thread(report, sender, jobs, stop))
        await asyncio.sleep(8)
        for part in range(3):
            seen.append(await heap())
            if part < 2:
                await asyncio.sleep(LIVE_S / 2)
        stop.set()
        changes = await reports
    words = " → ".join(f"{size:.1f} MB" for size, _ in seen)
    row(
        f"script's heap while {changes / (LIVE_S + 8):.0f} jobs/s change for {LIVE_S:.0f} s",
        f"{words}; {seen[0][1]:,} → {seen[-1][1]:,} nodes",
        "no growth",
    )


def report(sender: Sender, jobs: int, stop: threading.Event) -> int:
    """Starts and ends jobs until `stop`; how many changes that were."""
    told = 0
    for first in steps(jobs, PER_SECOND // 10):
        if stop.is_set():
            break
        began = time.perf_counter()
        numbers = range(first, first + PER_SECOND // 10)
        ended = [wire.JobFinished(job=n - 20) for n in numbers if n >= 20]
        sender.send(*(wire.JobInfo(job=n, rule=f"rule_{n % 12}") for n in numbers), *ended)
        told += len(numbers) + len(ended)
        time.sleep(max(0.0, 0.2 - (time.perf_counter() - began)))
    return told


def steps(jobs: int, size: int) -> Iterator[int]:
    yield from range(0, jobs - size, size)
