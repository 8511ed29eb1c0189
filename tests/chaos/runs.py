"""Real Snakemake under fire: runs of some hundred jobs, several at once, while the server, PostgreSQL, the connections and
Snakemake itself are killed; afterwards each record is held against what Snakemake and its jobs left on disk."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import dataclasses
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from asyncio.subprocess import DEVNULL, STDOUT
from pathlib import Path
from typing import Any

import asyncpg
from snakemake_logger_plugin_flowo import sync
from snakemake_logger_plugin_flowo.client import managing

from tests.chaos import comparison
from tests.chaos.kills import Killer
from tests.chaos.orders import told
from tests.chaos.proxy import Proxy
from tests.e2e.serving import FLOWO, Server, serving, until

LOST_AFTER_S = 20  # longer than a heartbeat
TOO_LONG = 300.0  # s for one invocation
COLLECTED = 30.0  # s in which a server that starts must have taken in what is bound for it

# $INVOCATION tells in the files `ran/` which Snakemake started a job: a witness beside Snakemake and flowo.
SNAKEFILE = """
N = {leaves}
GROUPS = 10

rule all:
    input: "report.txt"

rule leaf:
    output: "leaf/{{i}}.txt"
    shell: "echo start >> ran/$INVOCATION-leaf-{{wildcards.i}}; echo {{wildcards.i}} > {{output}}; "
           "echo done >> ran/$INVOCATION-leaf-{{wildcards.i}}"

rule flaky:  # its first try fails
    output: "flaky/{{i}}.txt"
    log: "logs/flaky-{{i}}.log"
    retries: 2
    shell: "echo start >> ran/$INVOCATION-flaky-{{wildcards.i}}; echo trying > {{log}}; "
           "test -e tried-{{wildcards.i}} || {{{{ touch tried-{{wildcards.i}}; echo no > {{log}}; exit 3; }}}}; "
           "echo {{wildcards.i}} > {{output}}; echo done >> ran/$INVOCATION-flaky-{{wildcards.i}}"

rule merge:
    input: lambda wildcards: [f"leaf/{{i}}.txt" for i in range(N) if i % GROUPS == int(wildcards.g)]
    output: "merge/{{g}}.txt"
    shell: "echo start >> ran/$INVOCATION-merge-{{wildcards.g}}; cat {{input}} > {{output}}; "
           "echo done >> ran/$INVOCATION-merge-{{wildcards.g}}"

rule report:
    input: expand("merge/{{g}}.txt", g=range(GROUPS)), expand("flaky/{{i}}.txt", i=range(8))
    output: "report.txt"
    shell: "echo start >> ran/$INVOCATION-report; cat {{input}} > {{output}}; echo done >> ran/$INVOCATION-report"
"""
BESIDE = 1 + 1 + 10 + 8  # jobs that are no leaves


@dataclasses.dataclass
class Invocation:
    number: int
    run_ids: list[str]  # spools that it made: one, or none when it was killed before
    logs: list[Path]
    killed: bool
    code: int


@dataclasses.dataclass
class Folder:
    """A directory in which Snakemake is started until it ends by itself."""

    place: Path
    jobs: int
    invocations: list[Invocation] = dataclasses.field(default_factory=list)


class Runs:
    def __init__(self, server: Server, token: str, place: Path, jobs: int, seed: int) -> None:
        self.server = server
        self.token = token
        self.place = place
        self.jobs = jobs
        self.seed = seed
        self.folders: list[Folder] = []
        self.done: collections.Counter[str] = collections.Counter()

    async def folder(self, number: int) -> None:
        dice = random.Random(f"{self.seed}-{number}")
        folder = Folder(self.place / f"run{number:03}", self.jobs)
        for name in ("", "ran", "logs"):
            (folder.place / name).mkdir()
        (folder.place / "Snakefile").write_text(SNAKEFILE.format(leaves=self.jobs - BESIDE))
        self.folders.append(folder)
        proxy = None
        if dice.random() < 0.67:  # the others find the server of the same user by its socket
            proxy = Proxy(lambda: int(self.server.address.rpartition(":")[2]), dice)
            await proxy.start()
        try:
            for kill in [*[True] * dice.choice((0, 0, 1, 1, 2)), False]:
                await self.invocation(folder, proxy, dice, kill=kill)
        finally:
            if proxy is not None:
                self.done.update({f"connection: {what}": count for what, count in proxy.done.items()})
                await proxy.stop()

    async def invocation(self, folder: Folder, proxy: Proxy | None, dice: random.Random, *, kill: bool) -> None:
        number = len(folder.invocations)
        before = _spools(folder.place) | _logs(folder.place)
        shutil.rmtree(folder.place / ".snakemake" / "locks", ignore_errors=True)  # what --unlock does
        environment = os.environ | {
            "INVOCATION": str(number),
            "FLOWO_DATA_DIR": str(self.server.data_dir),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        if proxy is not None:
            environment |= {"FLOWO_URL": proxy.url, "FLOWO_TOKEN": self.token}
        with (folder.place / f"snakemake-{number}.out").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "snakemake", "--cores", "4", "--rerun-incomplete", "--logger", "flowo",
                "--logger-flowo-name", f"{folder.place.name}-{number}",
                cwd=folder.place, env=environment, stdin=DEVNULL, stdout=output, stderr=STDOUT, start_new_session=True,
            )  # fmt: skip
        killed = False
        if kill:
            killed = await self._kill(folder, process, dice)
        async with asyncio.timeout(TOO_LONG):
            code = await process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # jobs that Snakemake left behind
        made = (_spools(folder.place) | _logs(folder.place)) - before
        folder.invocations.append(
            Invocation(
                number,
                sorted(path.stem for path in made if path.suffix == ".jsonl"),
                sorted(path for path in made if path.suffix == ".log"),
                killed,
                code,
            )
        )

    async def _kill(self, folder: Folder, process: asyncio.subprocess.Process, dice: random.Random) -> bool:
        """SIGKILL in the middle of the jobs, or a moment before: for Snakemake alone, or with its jobs."""
        wanted = dice.choice((0, *[dice.randrange(1, self.jobs * 2)] * 4))
        number = len(folder.invocations)
        while process.returncode is None:
            lines = sum(path.read_bytes().count(b"\n") for path in (folder.place / "ran").glob(f"{number}-*"))
            if lines >= wanted if wanted else _spools(folder.place):
                break
            await asyncio.sleep(0.02)
        if process.returncode is not None:
            return False
        with contextlib.suppress(ProcessLookupError):
            if dice.random() < 0.5:
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        self.done["snakemake"] += 1
        return True

    async def all(self, count: int, together: int) -> None:
        numbers = iter(range(count))

        async def one_after_another() -> None:
            for number in numbers:
                await self.folder(number)
                print(f"  directory {number + 1} is done, {told(self.done)}", flush=True)

        async with asyncio.TaskGroup() as group:
            for _ in range(together):
                group.create_task(one_after_another())

    async def sync(self) -> list[str]:
        """`flowo sync` in every directory; what it could not do."""
        environment = os.environ | {"FLOWO_DATA_DIR": str(self.server.data_dir)}
        process = await asyncio.create_subprocess_exec(
            FLOWO, "sync", *(folder.place for folder in self.folders), env=environment,
            stdin=DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
        self.done["completed by flowo sync"] += len(re.findall(rb"  [1-9][0-9]* events sent", said))
        return [] if process.returncode == 0 else [f"flowo sync ended with {process.returncode}: {said.decode()}"]


def _spools(place: Path) -> set[Path]:
    return set((place / ".snakemake" / "flowo").glob("*.jsonl"))


def _logs(place: Path) -> set[Path]:
    return set((place / ".snakemake" / "log").glob("*.snakemake.log"))


def _connect(server: Server) -> Any:
    return asyncpg.connect(host=f"{server.data_dir}/postgres/socket", user="flowo", database="postgres")


async def _held(server: Server) -> dict[str, int]:
    """By run id, the number of the last event on the server."""
    pg = await _connect(server)
    try:
        return {str(row[0]): row[1] for row in await pg.fetch("SELECT id, last_seq FROM run")}
    finally:
        await pg.close()


def _short(folders: list[Folder], held: dict[str, int]) -> set[str]:
    """Runs of which the server lacks something that is in the spool."""
    return {
        run_id
        for folder in folders
        for invocation in folder.invocations
        for run_id in invocation.run_ids
        if held.get(run_id, 0) < len(comparison.spooled(folder.place, run_id))
    }


async def runs(count: int, jobs: int, together: int, seed: int) -> bool:
    """Prints what happened; whether every record is what Snakemake did."""
    place = Path(tempfile.mkdtemp(prefix="flowo-chaos-"))
    begun = time.monotonic()
    try:
        async with serving(FLOWO_LOST_AFTER_S=str(LOST_AFTER_S)) as server:
            token = (await server.ask("POST", "/api/v1/tokens", {"name": "chaos", "scope": "ingest"}))["token"]
            made = Runs(server, token, place, jobs, seed)
            killer = Killer(server, random.Random(seed), every_s=4.0)
            async with killer.at_work():
                await made.all(count, together)
            verdict = await _judged(made)
        print(f"runs: {count} directories of {jobs} jobs, seed {seed}, in {time.monotonic() - begun:.0f} s")
        print(f"  killed: {told(killer.done + made.done)}")
        print(f"  {verdict.summary()}")
        for line in verdict.lines[:50]:
            print(f"    {line}")
        return verdict.right
    finally:
        if os.environ.get("KEEP"):
            print(f"  kept: {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)


async def _judged(made: Runs) -> comparison.Verdict:
    server, verdict = made.server, comparison.Verdict()
    short = _short(made.folders, await _held(server))
    await server.stop()
    mine = {path.stem for path in sync.waiting_for(server.data_dir)} & short
    await server.start()  # takes in by itself what is bound for it
    deadline = time.monotonic() + COLLECTED
    while left := mine & _short(made.folders, await _held(server)):
        if time.monotonic() > deadline:
            verdict.lines.append(f"the server that started did not collect {left}, bound for it")
            break
        await asyncio.sleep(0.2)
    made.done["completed at the server's start"] += len(short - _short(made.folders, await _held(server)))
    verdict.lines += await made.sync()

    async def all_known() -> bool:
        return not (await server.ask("GET", "/api/v1/runs?status=running"))["items"]

    await until(all_known, LOST_AFTER_S * 4)
    pg = await _connect(server)
    try:
        for folder in made.folders:
            for invocation in folder.invocations:
                client = managing(server.data_dir)  # its token lasts a minute
                await comparison.compare(verdict, pg, client, folder.place, invocation)
    finally:
        await pg.close()
    known = {run_id for folder in made.folders for each in folder.invocations for run_id in each.run_ids}
    more = (await _held(server)).keys() - known
    verdict.duplicated += len(more)
    verdict.lines += [f"{run_id} is on the server and nowhere else" for run_id in more]
    return verdict
