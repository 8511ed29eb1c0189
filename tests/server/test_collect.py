"""What runs recorded while their server was away comes to it when it starts; what is bound elsewhere stays."""

from __future__ import annotations

import asyncio
import os
import uuid
from pathlib import Path

import pytest
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo import sync
from snakemake_logger_plugin_flowo.config import Target
from snakemake_logger_plugin_flowo.connection import Connection

from tests.factories import Tape
from tests.server.servers import Served


def spooled(directory: Path, bound_for: str) -> Tape:
    """A spool whose Snakemake has ended, as a plugin leaves it behind."""
    tape = Tape(uuid.uuid4()).opened(host="elsewhere").info(0).finished(0).ended()
    made = spools.Spool.create([directory], str(tape.run_id), bound_for)
    os.write(made.fd, tape.body())
    made.close()
    return tape


async def test_only_what_is_bound_for_a_server_is_collected(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    mine = spooled(tmp_path / "a", str(tmp_path / "data"))
    spooled(tmp_path / "b", "https://flowo.lab.org")
    spooled(tmp_path / "c", str(tmp_path / "other"))
    paths = sync.waiting_for(tmp_path / "data")
    assert [path.stem for path in paths] == [str(mine.run_id)]
    assert len(sync.collect(everything=True)) == 3

    def send() -> list[sync.Report]:
        with Connection(Target(url=served.url, token=served.token)) as connection:
            return sync.send_unsent(connection, paths)

    (report,) = await asyncio.to_thread(send)
    assert report.complete
    assert report.sent == len(mine.lines)
    assert sync.waiting_for(tmp_path / "data") == []
    run = (await served.client.get(f"/api/v1/runs/{mine.run_id}")).json()
    assert (run["status"], run["jobs"]["succeeded"]) == ("succeeded", 1)
