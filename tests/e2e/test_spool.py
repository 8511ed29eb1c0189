"""Real Snakemake whose record has nowhere to go for a while: the run goes on, and in the end the server has all of it, or
says how much it lacks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo.config import own_server

from tests.e2e.serving import FLOWO, Server, prepared, serving, until

pytestmark = pytest.mark.all
GATES = ("fetch", "align", "stack", "report")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as made:
        yield made


@contextlib.contextmanager
def mounted(place: Path, *options: str) -> Iterator[Path]:
    place.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0 or subprocess.run(["mount", *options, str(place)], check=False).returncode != 0:
        pytest.skip("only root can mount a file system, and not everywhere")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def spools(folder: Path) -> list[Path]:
    return sorted((folder / ".snakemake" / "flowo").glob("*.jsonl"))


async def sync(server: Server, *options: str | Path, **environment: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        FLOWO, "sync", *options, stdout=PIPE, stderr=STDOUT,
        env=os.environ | {"FLOWO_DATA_DIR": str(server.data_dir), **environment},
    )  # fmt: skip
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def complete(server: Server, spool: Path) -> Any:
    """The run of that spool, all of which the server has."""
    events = [json.loads(line) for line in spool.read_bytes().splitlines()]
    run = await server.ask("GET", f"/api/v1/runs/{spool.stem}")
    log = await server.ask("GET", f"/api/v1/runs/{spool.stem}/log?limit=500")
    texts = [event["text"] for event in events if event["kind"] == "log"]
    assert set(texts) <= {line["text"] for line in log["items"]}
    assert run["status"] == events[-1].get("outcome", "succeeded")
    return run


async def test_a_disk_that_gets_full_under_a_run(server: Server, tmp_path: Path) -> None:
    folder = prepared(tmp_path / "full")
    with mounted(folder / ".snakemake/flowo", "-t", "tmpfs", "-o", "size=200k", "tmpfs") as place:
        async with server.snakemake(folder, "--cores", "3", "--keep-going") as run:
            await until(
                lambda: asyncio.to_thread(lambda: any(b"job_info" in path.read_bytes() for path in spools(folder)))
            )
            with contextlib.suppress(OSError), (place / "stuffing").open("wb", buffering=0) as file:
                while file.write(b"x" * 512):
                    pass
            run.open(*GATES)
            assert await run.wait() == 1  # one of its jobs fails
            said = run.output.read_text()
        assert "events were lost" in said
        run_id = (await server.run_called("full", "failed"))["id"]
        assert (await server.ask("GET", f"/api/v1/runs/{run_id}"))["gaps"] > 5
        assert (folder / "stacked/A.txt").exists()


async def test_a_directory_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    """Neither the workflow's folder nor the place for the record; Snakemake itself works elsewhere."""
    source = prepared(tmp_path / "source")
    work = tmp_path / "work"
    (work / "gates").mkdir(parents=True)
    state = tmp_path / "state"
    (work / ".snakemake/flowo").mkdir(parents=True)
    with (
        mounted(source, "--bind", str(source), "-o", "bind,ro"),
        mounted(work / ".snakemake/flowo", "-t", "tmpfs", "-o", "ro", "tmpfs"),
    ):
        options = ("--cores", "3", "--snakefile", str(source / "Snakefile"), "--until", "fetch")
        async with server.snakemake(work, *options, XDG_STATE_HOME=str(state)) as run:
            run.open(*GATES)
            assert await run.wait() == 0, run.output.read_text()
        (spool,) = (state / "flowo/spool").glob("*.jsonl")
        await complete(server, spool)


async def test_two_snakemakes_in_one_directory(server: Server, tmp_path: Path) -> None:
    folder = prepared(tmp_path / "both")
    async with server.snakemake(folder, "--cores", "2", "--until", "fetch", name="one") as one:
        await server.run_called("one", "running")
        async with server.snakemake(folder, "--cores", "2", name="locked") as locked:
            assert await locked.wait() == 1
        failed = await server.run_called("locked", "failed")
        assert failed["jobs"]["total"] == 0 or failed["jobs"]["succeeded"] == 0
        options = ("--cores", "2", "--nolock", "--until", "fetch", "--forceall", "--config", "again=1")
        async with server.snakemake(folder, *options, name="two") as two:
            await server.run_called("two", "running")
            one.open(*GATES)
            assert [await one.wait(), await two.wait()] == [0, 0]
    for spool in spools(folder):
        await complete(server, spool)
    assert len(spools(folder)) == 3


async def test_a_server_restored_from_an_older_backup(server: Server, tmp_path: Path) -> None:
    """Once under a run that goes on, once after it has ended."""
    backup = tmp_path / "backup"
    async with server.snakemake(tmp_path / "kept", "--cores", "3", "--until", "align", "--keep-going") as run:
        await server.run_called("kept", "running")
        await server.stop()
        await copied(server.data_dir / "postgres", backup)
        await server.start()
        run.open("fetch")
        await until(lambda: has(server, "kept", 6))
        await restored(server, backup)
        run.open(*GATES)
        assert await run.wait() == 1
    (spool,) = spools(run.folder)
    shown = await server.run_called("kept", "failed")
    assert (await complete(server, spool))["jobs"]["succeeded"] == shown["jobs"]["succeeded"] == 11
    await restored(server, backup)
    code, said = await sync(server, run.folder)
    assert (code, said.count("events sent")) == (0, 1), said
    assert (await complete(server, spool))["jobs"]["succeeded"] == 11
    assert await sync(server, run.folder) == (0, "nothing to send\n")


async def has(server: Server, name: str, succeeded: int) -> bool:
    return bool((await server.run_called(name))["jobs"]["succeeded"] >= succeeded)


async def restored(server: Server, backup: Path) -> None:
    await server.stop()
    shutil.rmtree(server.data_dir / "postgres")
    await copied(backup, server.data_dir / "postgres")
    await server.start()


async def copied(source: Path, to: Path) -> None:
    """With their owners."""
    assert await (await asyncio.create_subprocess_exec("cp", "-a", source, to)).wait() == 0


async def test_a_server_that_takes_ten_seconds_for_each_request(server: Server, tmp_path: Path) -> None:
    upstream = int(server.address.rpartition(":")[2])

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", upstream)

        async def there() -> None:
            while data := await reader.read(65_536):
                up_writer.write(data)

        async def back() -> None:
            while data := await up_reader.read(65_536):
                await asyncio.sleep(10)
                writer.write(data)

        try:
            with contextlib.suppress(OSError):
                await asyncio.gather(there(), back())
        finally:
            writer.transport.abort()
            up_writer.transport.abort()

    proxy = await asyncio.start_server(slow, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    token = own_server(server.data_dir).token
    assert token is not None
    options = ("--cores", "3", "--until", "fetch")
    async with server.snakemake(tmp_path / "slow", *options, FLOWO_URL=url, FLOWO_TOKEN=token) as run:
        run.open(*GATES)
        assert await run.wait() == 0
    (spool,) = spools(run.folder)
    assert (await sync(server, run.folder))[0] == 0
    await complete(server, spool)
    proxy.close()


async def test_a_server_that_comes_after_the_run_collects_it(server: Server, tmp_path: Path) -> None:
    await server.stop()
    async with server.snakemake(tmp_path / "alone", "--cores", "3", "--until", "fetch") as run:
        run.open(*GATES)
        assert await run.wait() == 0
    (spool,) = spools(run.folder)
    begun = time.monotonic()
    await server.start()
    await server.run_called("alone", "succeeded")
    await complete(server, spool)
    assert time.monotonic() - begun < 60
