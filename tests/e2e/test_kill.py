"""The server is killed in the middle of the demo: the record is complete in the end, and no process is left."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import importlib_resources
import pytest
from snakemake_logger_plugin_flowo.client import managing

from flowo.demo import verify
from tests.e2e.serving import FLOWO, serving, until


async def test_killed_in_the_middle_of_the_demo(tmp_path: Path) -> None:
    async with serving() as server:
        with importlib_resources.as_file(importlib_resources.files("flowo.demo") / "workflow") as source:
            demo = server.snakemake(tmp_path / "demo", "--cores", "4", "--config", "pace=0.2", source=source)
            async with demo as run:
                run_id = (await server.run_called("demo", "running"))["id"]

                async def a_third() -> bool:
                    return bool((await server.ask("GET", f"/api/v1/runs/{run_id}"))["jobs"]["succeeded"] >= 20)

                await until(a_third)
                await server.kill()
                assert run.process.returncode is None
                await asyncio.sleep(1)
                await server.start()
                assert await run.wait() == 0, run.output.read_text()
                await server.run_called("demo", "succeeded")
                found, jobs = await asyncio.to_thread(verify.differences, run.folder, managing(server.data_dir), run_id)
                assert not found
                assert jobs == 58
        await server.kill()

        async def nobody() -> bool:
            return not server.left()

        await until(nobody, 15)


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
