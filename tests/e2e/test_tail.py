"""A log while it is written: from the file that a real Snakemake's job writes to the page of who looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.e2e.serving import Server, until

TALKING = Path(__file__).parent / "talking"


async def test_a_log_is_followed_while_somebody_asks(server: Server, tmp_path: Path) -> None:
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
