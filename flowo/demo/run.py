"""`flowo demo`: serves, runs the demo workflow before one's eyes, and with `--exit` verifies the record and ends."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote

from snakemake_logger_plugin_flowo.client import Failed, managing

from flowo.demo import launch, verify
from flowo.errors import StartupError
from flowo.serve import Serving, serve
from flowo.settings import Settings

RECORD_S = 30.0  # the record may be so long behind Snakemake's end


def main(settings: Settings, *, exit_after: bool, browse: Any | None) -> int:
    """Serves until stopped, or until the run is verified: then 0, or 1 with what differs."""
    if not launch.possible():
        raise StartupError(launch.NO_SNAKEMAKE)
    demo = launch.Demo(settings.data_dir)
    verdict: list[int] = []
    tasks: list[asyncio.Task[None]] = []

    async def ready(serving: Serving) -> None:
        if browse is not None and serving.link:
            browse(serving.link)
        tasks.append(asyncio.create_task(show(serving), name="demo"))

    async def show(serving: Serving) -> None:
        try:
            await demo.start()
            serving.say(
                f"  the demo workflow runs now, about a minute: {serving.settings.public_url or serving.address}/runs"
            )
            code = await demo.wait()
            if code != 0:
                serving.say(f"flowo: the demo's Snakemake ended with {code}; its output is in {demo.output}")
                verdict.append(1)
            else:
                verdict.append(await verified(serving, demo))
            if exit_after:
                serving.leave()
        except asyncio.CancelledError:
            await demo.stop()
            raise
        except Exception as error:
            serving.say(f"flowo: the demo could not be verified: {error}")
            verdict.append(1)
            if exit_after:
                serving.leave()

    async def stop() -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    code = serve(Serving(settings, on_ready=ready, on_stop=stop))
    if exit_after:
        return code or (verdict[0] if verdict else 1)
    return code


async def verified(serving: Serving, demo: launch.Demo) -> int:
    """Compares the record with what Snakemake did, and says the result in a line or more."""
    client = managing(serving.settings.data_dir)

    def compare() -> tuple[list[str], int]:
        run = find(client, demo.directory)
        if run is None:
            return [f"no run of {demo.directory} came to the server"], 0
        return verify.differences(demo.directory, client, run["id"])

    deadline = asyncio.get_running_loop().time() + RECORD_S
    while True:
        run = await asyncio.to_thread(find, client, demo.directory)
        if (run and run["status"] != "running") or asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.3)
    found, jobs = await asyncio.to_thread(compare)
    for line in found[:20]:
        serving.say(f"flowo: {line}")
    if found:
        serving.say(f"flowo: the record differs from what Snakemake did in {len(found)} points")
        return 1
    serving.say(f"flowo: the record is what Snakemake did, in each of {jobs} jobs")
    return 0


def find(client: verify.Asks, directory: Path) -> Any:
    """The newest run of a directory, or None."""
    try:
        items = client.ask("GET", f"/api/v1/runs?q={quote(str(directory))}&limit=1")["items"]
    except Failed:
        return None
    return items[0] if items else None
