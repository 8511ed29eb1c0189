"""A run page at size: opened, filtered, scrolled to its end, sorted, zoomed, followed, in several tabs at once."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from tests.bench import generate
from tests.e2e.browsing import signed_in
from tests.e2e.serving import Server
from tests.factories import Tape

LATER = 60  # events that come while somebody watches
TABS = ["", "?tab=samples", "?tab=failures", "?tab=log", "?status=failed", "?sort=-duration", "?tab=info", "?q=align"]


def recorded(jobs: int, rules: int, samples: int) -> Tape:
    tape = Tape()
    run = generate.events(jobs, rules=rules, samples=samples, lean=True, failing=max(0.002, 20 / jobs))
    tape.lines = generate.encoded(run)
    return tape


@contextlib.asynccontextmanager
async def going_on(server: Server, tape: Tape) -> AsyncIterator[str]:
    """All but the last events are told, and that it lives; gives the address of its page."""
    await server.post(tape, 1, len(tape.lines) - LATER)

    async def beat() -> None:
        while True:
            await server.beat(tape)
            await asyncio.sleep(3)

    hearts = asyncio.create_task(beat())
    try:
        yield f"{server.address}/runs/{tape.run_id}"
    finally:
        hearts.cancel()
        await asyncio.gather(hearts, return_exceptions=True)


async def the_rest(server: Server, tape: Tape) -> None:
    await server.post(tape, len(tape.lines) - LATER + 1)


def row_at(page: Page, index: int) -> Locator:
    return page.locator(f'.table-row[data-index="{index}"]').get_by_role("link")


async def to_the_end(page: Page, what: str) -> None:
    await page.locator(what).evaluate("(box) => { box.scrollTop = box.scrollHeight; }")


async def looked_at(page: Page, url: str, jobs: int, samples: int) -> None:
    """All that one does with a run that is there."""
    await page.goto(url)
    await expect(row_at(page, 0)).to_be_visible()
    await expect(page.locator(".rule-box").first).to_be_visible()
    await to_the_end(page, ".table")
    await expect(row_at(page, jobs - 1)).to_be_visible()
    failed = page.get_by_role("group", name="Jobs by status").get_by_role("button", name=re.compile("failed"))
    many = int(re.sub(r"\D", "", await failed.inner_text()))
    await failed.click()
    await expect(page.locator(".table")).to_have_attribute("aria-rowcount", str(many + 1))
    await page.go_back()
    await expect(page.locator(".table")).to_have_attribute("aria-rowcount", str(jobs + 1))
    took = page.get_by_role("columnheader", name="Took")
    await took.get_by_role("button").click()
    await expect(took).to_have_attribute("aria-sort", re.compile("ascending|descending"))
    await expect(page.locator(".table")).not_to_have_class(re.compile("dimmed"))
    await to_the_end(page, ".table")
    await expect(row_at(page, jobs - 1)).to_be_visible()

    view = page.locator(".react-flow__viewport")
    before = await view.get_attribute("style") or ""
    await page.locator(".react-flow__pane").hover()
    await page.mouse.wheel(0, -400)
    await expect(view).not_to_have_attribute("style", before)

    await page.get_by_role("tab", name="Samples").click()
    await expect(page.locator(".sheet-cell[data-open]").first).to_be_visible()
    order = page.get_by_role("button", name="Failed first")
    await expect(order).to_have_attribute("aria-pressed", "true")
    await order.click()
    await expect(order).to_have_attribute("aria-pressed", "false")
    await to_the_end(page, ".sheet-scroll")
    await expect(page.get_by_role("rowheader", name=f"S{samples - 1:05d}")).to_be_visible()
    await order.click()
    await page.locator(".sheet-scroll").evaluate("(box) => { box.scrollTop = 0; }")
    await expect(page.get_by_role("rowheader").first).to_contain_text("failed")

    await page.get_by_role("tab", name=re.compile("^Failures")).click()
    await expect(page.locator(".failure").first).to_be_visible()
    await page.get_by_role("tab", name="Jobs").click()
    await expect(row_at(page, 0)).to_be_visible()
    await row_at(page, 0).click()
    drawer = page.get_by_role("complementary", name=re.compile(r"Job \d+"))
    await expect(drawer.get_by_role("tab", name="Files")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(drawer).to_have_count(0)


async def walk(browser: Browser, server: Server, jobs: int, rules: int, samples: int, tabs: int) -> None:
    tape = recorded(jobs, rules, samples)
    async with going_on(server, tape) as url, signed_in(browser, server) as (page, guard):
        page.context.set_default_timeout(60_000)
        await looked_at(page, url, jobs, samples)
        others = [await page.context.new_page() for _ in range(tabs - 1)]
        for tab, search in zip(others, TABS, strict=False):
            await tab.goto(url + search)
        for tab in (page, *others):
            await expect(tab.locator(".run-head").get_by_text("running", exact=True)).to_be_visible()
        await asyncio.sleep(0.5)  # a stream that a tab opened before it knew of the others
        assert len(guard.streams) == 1
        await the_rest(server, tape)
        for tab in (page, *others):
            await expect(tab.locator(".run-head").get_by_text("failed", exact=True)).to_be_visible()


async def test_a_run_of_2000_jobs(browser: Browser, server: Server) -> None:
    await walk(browser, server, 2_000, 20, 100, 2)


@pytest.mark.all
@pytest.mark.timeout(900)
async def test_a_run_of_100000_jobs(browser: Browser, server: Server) -> None:
    expect.set_options(timeout=60_000)
    try:
        await walk(browser, server, 100_000, 60, 5_000, 8)
    finally:
        expect.set_options(timeout=15_000)


SNAKEFILE = """
rule all:
    input: expand("out/{i}.b", i=range(1000))
rule first:
    output: "out/{i}.a"
    shell: "true > {output}"
rule second:
    input: "out/{i}.a"
    output: "out/{i}.b"
    shell: "true > {output}"
"""


@pytest.mark.all
@pytest.mark.timeout(900)
async def test_snakemake_runs_2000_jobs(browser: Browser, server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "thousands"
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE)
    async with signed_in(browser, server) as (page, _), server.snakemake(folder, "--cores", "8") as run:
        url = f"{server.address}/runs/{(await server.run_called('thousands'))['id']}"
        await page.goto(url)
        await expect(row_at(page, 0)).to_be_visible()
        await to_the_end(page, ".table")  # while it goes on
        await expect(row_at(page, 2_000)).to_be_visible()
        async with asyncio.timeout(600):
            assert await run.process.wait() == 0
        await expect(page.locator(".run-head")).to_contain_text(re.compile(r"2.001 / 2.001 done"))
        await expect(row_at(page, 2_000)).to_be_visible()
        await expect(page.locator('.table-row[data-index="2000"]')).to_contain_text("succeeded")
