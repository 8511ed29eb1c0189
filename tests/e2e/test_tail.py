"""A log while it is written: from the file that a real Snakemake's job writes to the page of who looks."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsing import Guard
from tests.e2e.serving import Server, Snakemake, until

TALKING = Path(__file__).parent / "talking"


async def test_a_log_is_followed_while_somebody_looks(
    visit: tuple[Page, Guard], server: Server, tmp_path: Path
) -> None:
    page, guard = visit
    async with server.snakemake(tmp_path / "talk", "--cores", "1", source=TALKING) as run:
        run_id = (await server.run_called("talk"))["id"]
        await page.goto(f"{server.address}/runs/{run_id}/jobs/0")
        job = page.get_by_role("complementary", name="Job 0")
        log = job.get_by_role("log", name="Log logs/talk.log")
        await expect(log).to_contain_text(re.compile(r"step \d+ of many"), timeout=40_000)
        await expect(job.get_by_text("Live", exact=True)).to_be_visible()
        # In its colours, and its words in one piece.
        green = log.get_by_text("step", exact=True).first
        await expect(green).to_have_css("color", "rgb(23, 112, 58)")
        mark = page.get_by_role("button", name=re.compile("pause|go on"))
        await mark.click()
        await expect(job.get_by_text("Held, as the page is")).to_be_visible()
        await mark.click()
        await expect(job.get_by_text("Live", exact=True)).to_be_visible()
        await follows(page)
        await searches(page)
        assert len(guard.streams) == 1  # the log comes by the browser's one stream
        await job.get_by_role("group", name="Log file").get_by_role("button", name="talk.err").click()
        await expect(page).to_have_url(re.compile("joblog=1"))
        await expect(log).to_have_count(0)
        await job.get_by_role("group", name="Log file").get_by_role("button", name="talk.log").click()
        await the_end_is_seen(page, run)
    whole = (tmp_path / "talk" / "logs" / "talk.log").read_text()
    async with page.expect_download() as download:
        await job.get_by_role("button", name="Download").click()
    saved = await download.value
    assert saved.suggested_filename == "talk.log"
    assert Path(await saved.path()).read_text() == whole


async def follows(page: Page) -> None:
    """The end stays in sight until somebody scrolls up, and again when they ask for it."""
    log = page.get_by_role("log", name="Log logs/talk.log")
    follow = page.get_by_role("button", name=re.compile("^Follow"))
    await expect(follow).to_have_attribute("aria-pressed", "true")
    await until(lambda: grown(page, 60))  # more than a screen of them
    await expect(log.get_by_text("1", exact=True)).to_have_count(0)
    await log.hover()
    await page.mouse.wheel(0, -20_000)
    await expect(follow).to_have_attribute("aria-pressed", "false")
    await expect(log.get_by_text("1", exact=True)).to_be_in_viewport()
    newest = await lines(page)
    await until(lambda: grown(page, newest))
    await expect(log.get_by_text("1", exact=True)).to_be_in_viewport()
    await follow.click()
    await expect(log.get_by_text("1", exact=True)).to_have_count(0)


async def lines(page: Page) -> int:
    said = await page.get_by_text(re.compile(r"^[\d,\u202f ]+ lines")).inner_text()
    return int(re.sub(r"\D", "", said.partition("lines")[0]))


async def grown(page: Page, before: int) -> bool:
    return await lines(page) > before


async def searches(page: Page) -> None:
    job = page.get_by_role("complementary", name="Job 0")
    await job.get_by_role("textbox", name="Search the log").fill("step 42 of")
    await expect(job.get_by_text("1 of 1", exact=True)).to_be_visible()
    await expect(job.locator("mark").first).to_be_in_viewport()
    await expect(page).to_have_url(re.compile("jobfind="))
    await job.get_by_role("textbox", name="Search the log").fill("")
    await expect(job.locator("mark")).to_have_count(0)
    await page.evaluate("location.hash = '#L7'")
    await expect(job.locator(".log-line.hit").filter(has_text="step 7 of many")).to_be_in_viewport()


async def the_end_is_seen(page: Page, run: Snakemake) -> None:
    """What was read stays, also when nobody can read any more."""
    job = page.get_by_role("complementary", name="Job 0")
    await expect(job.get_by_text("Live", exact=True)).to_be_visible()
    run.open("end")
    assert await run.wait() == 0
    await expect(job.get_by_text("Snakemake has ended; this was read before")).to_be_visible()
    size = (run.folder / "logs" / "talk.log").read_text().count("\n")
    await expect(job.get_by_text(f"{size:,} lines")).to_be_visible()


@pytest.mark.all
async def test_a_log_is_read_by_programs_too(server: Server, tmp_path: Path) -> None:
    async with server.snakemake(tmp_path / "asked", "--cores", "1", source=TALKING) as run:
        run_id = (await server.run_called("asked"))["id"]

        async def read(since: int = 0) -> Any:
            jobs = (await server.ask("GET", f"/api/v1/runs/{run_id}/jobs"))["items"]
            if not jobs or not jobs[0]["attempt"]:
                return None
            told = await server.ask("GET", f"/api/v1/runs/{run_id}/jobs/0/logs/0")
            return told if told["stop"] > since else None

        first = await until(read)
        assert (first["state"], first["path"]) == ("live", "logs/talk.log")
        assert first["text"].startswith("\x1b[32mstep\x1b[0m 1 of many\n")
        more = await until(lambda: read(first["stop"]))
        assert more["text"].startswith(first["text"])
        run.open("end")
        assert await run.wait() == 0
    whole = (tmp_path / "asked" / "logs" / "talk.log").read_text()
    last = await server.ask("GET", f"/api/v1/runs/{run_id}/jobs/0/logs/0")
    assert last["state"] == "over"
    assert whole.startswith(last["text"])  # what was read before it ended
