"""States that are easily left over: runs without jobs, lost, interrupted and deleted ones, no server, many tabs."""

from __future__ import annotations

import asyncio
import functools
import re
import signal
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Locator, Page, expect
from snakemake_logger_plugin_flowo import wire

from tests.e2e.browsing import signed_in
from tests.e2e.serving import LOST_AFTER_S, WORKFLOWS, Server, until
from tests.factories import Tape


@pytest.fixture(scope="module")
async def ended(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The ids of real runs that ended in every way but the usual one, by their names; all at once, to save time."""
    place = tmp_path_factory.mktemp("ended")

    async def fails(name: str) -> None:
        async with server.snakemake(place / name, source=WORKFLOWS / name) as run:
            assert await run.wait() == 1

    async def nothing() -> None:
        async with server.snakemake(place / "nothing", "--cores", "1", "reads/A.txt") as run:
            (run.folder / "reads").mkdir()
            (run.folder / "reads" / "A.txt").touch()
            assert await run.wait() == 0

    async def signalled(name: str, number: int) -> None:
        async with server.snakemake(place / name) as run:
            run.open("fetch")
            await until(functools.partial(running, name))
            await run.end(number)

    async def running(name: str) -> bool:
        return bool((await server.run_called(name))["jobs"]["running"] == 3)

    await asyncio.gather(
        fails("missinginput"), fails("syntaxerr"), nothing(),
        signalled("killed", signal.SIGKILL), signalled("stopped", signal.SIGINT),
    )  # fmt: skip
    expected = {
        "missinginput": "failed", "syntaxerr": "failed", "nothing": "succeeded", "killed": "running",
        "stopped": "interrupted",
    }  # fmt: skip
    found = {name: await server.run_called(name) for name in expected}
    if found["killed"]["status"] == "lost":  # a busy machine took longer than a run may be silent
        expected["killed"] = "lost"
    assert {name: run["status"] for name, run in found.items()} == expected
    return {name: run["id"] for name, run in found.items()}


@pytest.fixture
async def page(browser: Browser, server: Server) -> AsyncIterator[Page]:
    async with signed_in(browser, server) as (made, _guard):
        yield made


async def test_failed_before_any_job(page: Page, server: Server, ended: dict[str, str]) -> None:
    for name, words in (("missinginput", "doesnotexist.txt"), ("syntaxerr", "SyntaxError")):
        await page.goto(f"{server.address}/runs/{ended[name]}")
        message = page.get_by_role("alert")
        await expect(message).to_contain_text("It failed before any job started")
        await expect(message).to_contain_text(words)
        await expect(page.locator(".run-head")).to_contain_text("failed")
    await page.goto(f"{server.address}/runs")
    await expect(listed(page, "missinginput")).to_contain_text("MissingInputException: Missing input files for rule a")


async def test_nothing_to_be_done(page: Page, server: Server, ended: dict[str, str]) -> None:
    await page.goto(f"{server.address}/runs")
    await expect(listed(page, "nothing")).to_contain_text("nothing to be done")
    await listed(page, "nothing").get_by_role("link").click()
    await expect(page.get_by_role("heading", name="Nothing to be done")).to_be_visible()
    await expect(page.locator(".run-head")).to_contain_text("succeeded")


async def test_interrupted(page: Page, server: Server, ended: dict[str, str]) -> None:
    await page.goto(f"{server.address}/runs/{ended['stopped']}")
    await expect(page.locator(".run-head")).to_contain_text("interrupted")
    counters = page.get_by_role("group", name="Jobs by status")
    await expect(counters).to_contain_text("skipped")
    await expect(counters).not_to_contain_text("planned")


async def test_nothing_found_and_one_click_back(page: Page, server: Server, ended: dict[str, str]) -> None:
    await page.goto(f"{server.address}/runs")
    await page.get_by_role("textbox", name="Search runs").fill("no run is called like this")
    await expect(page.get_by_role("heading", name="No runs found")).to_be_visible()
    await expect(page.get_by_role("main")).to_contain_text("no run is called like this")
    await page.get_by_role("link", name="Show all runs").click()
    await expect(listed(page, "killed")).to_be_visible()
    await page.get_by_role("navigation", name="Runs by status").get_by_role("link", name="Failed").click()
    await expect(page).to_have_url(f"{server.address}/runs?status=failed")
    await expect(listed(page, "killed")).to_have_count(0)
    await expect(listed(page, "syntaxerr")).to_be_visible()


async def test_unknown_and_deleted_runs(browser: Browser, server: Server, ended: dict[str, str]) -> None:
    async with signed_in(browser, server) as (page, guard):
        guard.announce(r"40[44]|422")
        for unknown in ("01a20983-0000-74f5-be0f-4102a9e85bd2", "not-an-id"):
            await page.goto(f"{server.address}/runs/{unknown}")
            await expect(page.get_by_role("heading", name="This run is not here")).to_be_visible()
        tape = Tape().opened(name="deleted elsewhere").info(1).info(2)
        await server.post(tape)
        await page.goto(f"{server.address}/runs/{tape.run_id}")
        await expect(page.get_by_role("grid", name="Jobs")).to_be_visible()
        other = await page.context.new_page()
        await other.goto(f"{server.address}/runs")
        await expect(listed(other, "deleted elsewhere")).to_be_visible()
        await server.ask("DELETE", f"/api/v1/runs/{tape.run_id}")
        await expect(page.get_by_role("heading", name="This run is not here")).to_be_visible()
        await expect(listed(other, "deleted elsewhere")).to_have_count(0)
        await page.get_by_role("link", name="All runs").first.click()
        await expect(page).to_have_url(f"{server.address}/runs")


async def test_one_stream_for_eight_tabs(browser: Browser, server: Server) -> None:
    tape = Tape().opened(name="eight tabs")
    await server.post(tape)
    async with signed_in(browser, server) as (first, guard):
        pages = [first, *[await first.context.new_page() for _ in range(7)]]
        places = [f"{server.address}/runs/{tape.run_id}", f"{server.address}/runs"]
        await asyncio.gather(*(page.goto(places[i % 2]) for i, page in enumerate(pages)))
        for page in pages:
            await expect(page.get_by_role("button", name=re.compile("^live"))).to_be_visible()
        before = len(tape.lines)
        await server.post(tape.info(1).info(2).info(3).finished(1), before + 1)
        await all_show(pages, "eight tabs", "1 / 3")
        assert len(guard.streams) == 1, guard.streams
        # The tab that reads for all is closed: another one takes over, and nobody misses anything.
        await pages.pop(0).close()
        before = len(tape.lines)
        await server.post(tape.finished(2), before + 1)
        await all_show(pages, "eight tabs", "2 / 3")
        assert len(guard.streams) == 1, guard.streams


async def all_show(pages: list[Page], name: str, figures: str) -> None:
    """At once, so that each has the same time for it."""

    async def shows(page: Page) -> None:
        place = page.locator(".run-head") if re.search(r"/runs/.", page.url) else listed(page, name)
        await expect(place).to_contain_text(figures)

    await asyncio.gather(*map(shows, pages))


@pytest.mark.all
async def test_a_part_that_cannot_be_fetched_costs_only_itself(browser: Browser, server: Server) -> None:
    """The graph's script is asked for while the server is away: the jobs stay, and the rest comes when it is back."""
    tape = Tape().opened(name="in parts").add(wire.RuleGraph(nodes=["map"])).info(1).info(2)
    await server.post(tape)
    away = re.compile(r"/assets/RuleGraph-|/healthz")
    async with signed_in(browser, server) as (page, guard):
        guard.announce("net::ERR_FAILED", "/assets/RuleGraph-")
        await page.route(away, lambda route: route.abort())
        async with page.expect_event("requestfailed", lambda request: request.url.endswith("/healthz")):
            await page.goto(f"{server.address}/runs/{tape.run_id}")
        await expect(page.get_by_role("grid", name="Jobs").get_by_role("link", name="map")).to_have_count(2)
        await page.unroute(away)
        await expect(page.locator(".rule-box")).to_contain_text("0/2")


async def test_lost_is_dated_and_can_be_ended(page: Page, server: Server, ended: dict[str, str]) -> None:
    """The last one here: it takes a while until the server gives up on the run that was killed."""
    await page.goto(f"{server.address}/runs")
    await expect(listed(page, "killed")).to_contain_text("last heard", timeout=LOST_AFTER_S * 1000 + 15_000)
    await listed(page, "killed").get_by_role("link").click()
    await expect(page.get_by_text(re.compile("^Last heard"))).to_be_visible()
    head = page.locator(".run-head")
    await expect(head).to_contain_text("lost")
    counters = page.get_by_role("group", name="Jobs by status")  # the graph's boxes tell of them too
    await expect(counters.get_by_role("button", name=re.compile("running"))).to_contain_text("3")  # as last known
    await page.get_by_role("button", name="It has ended").click()
    await expect(page.get_by_role("button", name="It has ended")).to_have_count(0)
    await expect(head).not_to_contain_text("lost")
    await expect(counters.get_by_role("button", name=re.compile("aborted"))).to_contain_text("3")


def listed(page: Page, name: str) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_text(name, exact=True))
