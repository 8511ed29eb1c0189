"""The server is killed in the middle of the demo: the record is complete in the end, and no process is left."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import importlib_resources
import pytest
from playwright.async_api import Browser, expect
from snakemake_logger_plugin_flowo.client import managing

from flowo.demo import verify
from tests.e2e.browsing import signed_in
from tests.e2e.serving import FLOWO, Server, Snakemake, serving, until

SAMPLES = "[NA12878,NA12891,NA12892,NA18507,NA19239]"  # with the one whose first try fails
JOBS = 5 * 5 + 3


@pytest.mark.all  # in `make chaos` too; that a killed server comes back is in tests/server/test_serve.py
async def test_killed_in_the_middle_of_the_demo(browser: Browser, tmp_path: Path) -> None:
    """An open page says that it reconnects, and is right again by itself, with all that it missed."""
    quick = ("--cores", "4", "--config", "pace=0.3", f"samples={SAMPLES}")
    with importlib_resources.as_file(importlib_resources.files("flowo.demo") / "workflow") as source:
        async with serving() as server:
            async with server.snakemake(tmp_path / "demo", *quick, source=source) as run:
                await watched(browser, server, run)
                found, jobs = await asyncio.to_thread(
                    verify.differences, run.folder, managing(server.data_dir), (await server.run_called("demo"))["id"]
                )
                assert not found
                assert jobs == JOBS
            await server.kill()
            await until(lambda: asyncio.to_thread(lambda: not server.left()), 15)


async def watched(browser: Browser, server: Server, run: Snakemake) -> None:
    async with signed_in(browser, server) as (page, guard):
        guard.announce("net::ERR_")
        run_id = (await server.run_called("demo", "running"))["id"]
        await page.goto(f"{server.address}/runs/{run_id}")
        head = page.locator(".run-head")
        await expect(page.locator(".rule-box")).to_have_count(8)  # all parts of the page have been fetched
        await expect(page.get_by_role("button", name=re.compile("^live"))).to_be_visible()
        await page.evaluate("window.never_reloaded = true")
        await expect(head).to_contain_text(re.compile(rf"(?<!\d)([6-9]|1\d|2[0-6]) / {JOBS} done"))
        await server.kill()
        assert run.process.returncode is None
        await expect(page.get_by_role("button", name=re.compile("^reconnecting, what you see is of"))).to_be_visible()
        await expect(head).to_contain_text(f"/ {JOBS} done")  # what is known stays
        await server.start()
        await expect(page.get_by_role("button", name=re.compile("^live"))).to_be_visible(timeout=30_000)
        assert await run.wait() == 0, run.output.read_text()
        await expect(head.get_by_text("succeeded", exact=True)).to_be_visible(timeout=40_000)
        await expect(head).to_contain_text(f"{JOBS} / {JOBS} done")
        await expect(page.locator(".rule-box").filter(has_text="call_variants")).to_contain_text("5/5")
        assert await page.evaluate("window.never_reloaded")


@pytest.mark.all
async def test_the_demo_verifies_itself() -> None:
    place = Path(tempfile.mkdtemp(prefix="flowo-e2e-"))
    if os.geteuid() == 0:
        place.chmod(0o711)
    try:
        demo = await asyncio.create_subprocess_exec(
            FLOWO, "demo", "--exit", "--no-open", "--data-dir", place / "data", "--port", "0",
            stdout=PIPE, stderr=STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(170):
            said, _ = await demo.communicate()
        assert demo.returncode == 0, said.decode()
        assert b"the record is what Snakemake did" in said
    finally:
        if demo.returncode is None:
            demo.terminate()
            await demo.wait()
        shutil.rmtree(place, ignore_errors=True)
