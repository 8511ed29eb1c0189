"""Snakemake itself, oldest to newest: the same outcome with and without the plugin, with a healthy and with a dead
server, and a record that is right."""

from __future__ import annotations

import asyncio
import collections
import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.server.servers import Served

ROOT = Path(__file__).parents[2]
WORKFLOWS = ROOT / "tests" / "workflows"
NEWEST = "newest"  # the one that the tests run in
OTHERS = ("9.0.0", "9.1.0", "9.5.1", "9.8.2", "9.11.6", "9.13.7", "9.17.3", "9.21.1", "9.25.2")
DEAD = "http://127.0.0.1:9"
GOES = 3  # Snakemake alone is not quite the same each time: it waits for a file or it does not
# Up to 9.8 no handler is made before the Snakefile is read, and up to 9.20 nothing tells a handler how Python ends.
UNHEARD = {"9.0.0", "9.1.0", "9.5.1", "9.8.2"}
UNHEARD_EXIT = {*UNHEARD, "9.11.6", "9.13.7", "9.17.3"}
# What differs between any two runs: times, random names, how jobs happen to be taken together, the order of sets.
VARYING = re.compile(
    r"\[\w{3} \w{3} [^]]*\]|^\s*(?:Date|Workflow ID|Command): .*$|\d{4}-\d\d-\d\dT\d{6}\.\d+|^Elapsed time: .*$"
    r"|^\s*reason: .*$|^Execute \d+ jobs\.\.\.$|^Select jobs to execute\.\.\.$|^\d+ of \d+ steps .*$"
    r"|fake\d+|tmp\w{8}|[0-9a-f]{8}-[0-9a-f-]{27}|snakejob\.\S+|\d+\.\d+ s\b"
    r"|^Waiting for more resources\.$|^Job rate limit reached, waiting for free slots\.$"
    r"|jobid: \d+|^Removing output files of failed job.*$",
    re.MULTILINE,
)
CLUSTER = (
    "--executor", "cluster-generic", "--cluster-generic-submit-cmd", "bash submit.sh",
    "--cluster-generic-status-cmd", "bash status.sh", "-j4", "--seconds-between-status-checks", "1",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Case:
    """A run of a workflow and its record: the run's status, and how many jobs there are of each status."""

    workflow: str
    options: str = "-c2"
    status: str = "succeeded"
    jobs: dict[str, int] = dataclasses.field(default_factory=dict)
    more: tuple[str, ...] = ()  # options with spaces
    before: tuple[str, ...] = ()  # the options of a run before, without the plugin
    recorded: bool = True  # whether there is a run to be recorded at all
    mixed: bool = False  # a hook's shell and Snakemake write at the same time, so that lines are broken
    attempts: dict[str, int] = dataclasses.field(default_factory=dict)  # of a rule's jobs, where more than one

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.workflow, self.options) if part != "-c2")


# With `-p`: up to 9.8 what Snakemake says of commands comes by the queue that its plugins hear.
RETRIES = Case("retries", "-c2 -k -p --latency-wait 1", "failed", {"succeeded": 2, "failed": 5, "skipped": 2},
               attempts={"grows": 3, "late": 2, "never": 2})  # fmt: skip
QUIET = Case("checkpoints", "-c2 -q", jobs={"succeeded": 13})
PIPE = Case("brokenpipe", "-c4", "failed", {"failed": 2, "skipped": 1})
HOOK = Case("exits", "-c1 -s hookshell.smk", jobs={"succeeded": 1})
# In every `make test`; the newest is compared with itself without the plugin in tests/plugin/test_snakemake.py too.
QUICK = [("9.0.0", RETRIES), ("9.0.0", QUIET)]  # the newest: tests/plugin/test_snakemake.py
CASES = [
    RETRIES,
    QUIET,
    PIPE,
    Case("syntaxerr", status="failed"),
    Case("linear", jobs={"succeeded": 4}),
    Case("linear", "-c2 --touch --forceall", jobs={"succeeded": 4}, before=("-c2",)),
    Case("linear", "-c2", jobs={}, before=("-c2",)),
    Case("linear", "-c2 --forceall", jobs={"succeeded": 4}, before=("-c2",)),
    Case("linear", "-c2 --verbose -p", jobs={"succeeded": 4}),
    Case("linear", "-n --logger-flowo-dry-run", jobs={"skipped": 4}),
    Case("diamond", "-c1", jobs={"succeeded": 9}),
    Case("fail", status="failed", jobs={"succeeded": 2, "failed": 1, "skipped": 1}),
    Case("keepgoing", "-c2 -k --latency-wait 1 all2", "failed", {"succeeded": 2, "failed": 4, "skipped": 2}),
    Case("missinginput", status="failed"),
    Case("checkpoint", jobs={"succeeded": 7}),
    Case("scatter", jobs={"succeeded": 11}),
    Case("checkpoint", "-c2 -q rules", jobs={"succeeded": 7}),
    Case("checkpoint", "-c2 -q progress", jobs={"succeeded": 7}),
    Case("checkpoint", "-c2 -q all", jobs={"succeeded": 7}),
    Case("odd", jobs={"succeeded": 21}),
    Case("streams", "-c4", jobs={"succeeded": 6}),
    Case("linear", "-c2 --wait-for-files nowhere.txt --latency-wait 1", "failed"),
    Case("modules", jobs={"succeeded": 6}),
    Case("layers", "-c2 --until b", jobs={"succeeded": 12}),
    Case("layers", "-c2 --omit-from c", jobs={"succeeded": 12}),
    Case("layers", "-c2 --batch all=1/3", jobs={"succeeded": 6}),
    Case("layers", "-c2 --batch all=3/3", "failed"),
    Case("batch", "-c2 --batch all=2/2", jobs={"succeeded": 4}, before=("-c2", "--batch", "all=1/2")),
    Case("group", jobs={"succeeded": 5}),
    Case("group", "", jobs={"succeeded": 5}, more=CLUSTER),
    Case("cluster", "l2.txt r.txt agg.txt", jobs={"succeeded": 4}, more=CLUSTER),
    Case("cluster", "bad.txt", "failed", {"failed": 1}, more=CLUSTER, attempts={"bad": 2}),
    Case("report", jobs={"succeeded": 2}),
    Case("exits", "-c1 -s raise.smk", "failed"),
    Case("exits", "-c1 -s sysexit.smk", "failed"),
    Case("exits", "-c1 -s hookfail.smk", "failed", {"succeeded": 1}),
    HOOK,
    Case("exits", "-c1 -s latefn.smk", "failed"),
    Case("exits", "-c1 -s inputfunc.smk", "failed"),
]  # fmt: skip
LONG = [
    Case("big", "-n", recorded=False),  # it was not asked for
    Case("fanout", jobs={"succeeded": 202}),
    Case("signals", jobs={"succeeded": 7}),
    Case("long", jobs={"succeeded": 7}),
    Case("slowdag", "-c1 all", jobs={"succeeded": 1}),
    Case("incomplete", jobs={"succeeded": 3}),
    Case("exits", "-c1 -s exit0.smk", recorded=False),  # Snakemake ends well before there is anything to run
    Case("exits", "-c1 -s exit3.smk", "failed"),
    Case("exits", "-c1 -s exittext.smk", "failed"),
    Case("exits", "-c1 -s startfail.smk", "failed", {"skipped": 1}),
    Case("exits", "-c1 -s errorfail.smk", "failed", {"failed": 1}),
    Case("directives", "-c1", jobs={"succeeded": 5}),
    Case("checkpoint", "-c2 --logger-flowo-no-plan", jobs={"succeeded": 7}),
    Case("checkpoint", "-c2 -q host reason", jobs={"succeeded": 7}),
    Case("checkpoint", "-c2 -q progress rules host reason", jobs={"succeeded": 7}),
    Case("fail", "-c2 -q all", "failed", {"succeeded": 2, "failed": 1, "skipped": 1}),
    Case("fail", "-c2 -q", "failed", {"succeeded": 2, "failed": 1, "skipped": 1}),
]
# What a version does in its own way, and the record that is right then.
ODD: dict[tuple[str, str], dict[str, Any]] = {
    # its scheduler breaks when it is to tell of a group's failure, and never tells of the other job's end
    ("9.0.0", PIPE.name): {"jobs": {"failed": 1, "aborted": 1, "skipped": 1}},
    # `{log}` is the text of a dictionary's values there, on which the hook's shell fails, and says so
    **{(version, HOOK.name): {"status": "failed", "mixed": True} for version in ("9.0.0", "9.1.0")},
}
# It ends with an exception of its own (`update()` of a file that is not there yet) at no certain moment.
BROKEN = {("9.13.7", "odd")}


def parameters() -> list[Any]:
    quick = [pytest.param(version, case, False, id=f"{version} {case.name}") for version, case in QUICK]
    rare = [(NEWEST, case) for case in [*CASES, *LONG]] + [(version, case) for version in OTHERS for case in CASES]
    return quick + [
        pytest.param(
            version, case, version in (NEWEST, "9.0.0"), id=f"all {version} {case.name}", marks=pytest.mark.all
        )
        for version, case in rare
        if (version, case.name) not in BROKEN
    ]


def python_with(version: str) -> Path:
    """The interpreter of an environment with this Snakemake and the plugin; made once, kept beside the tests' own."""
    if version == NEWEST:
        return Path(sys.executable)
    place = ROOT / ".venv" / "snakemake" / version
    python = place / "bin" / "python"
    if not (place / "complete").exists():
        uv = [str(Path(sys.executable).parent / "uv")]
        packages = [f"snakemake=={version}", "snakemake-executor-plugin-cluster-generic", "-e", str(ROOT / "plugin")]
        for command in (
            ["venv", "--quiet", "--clear", "--python", sys.executable, str(place)],
            ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), *packages],
        ):
            done = subprocess.run([*uv, *command], capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"Snakemake {version} cannot be installed here: {done.stderr.strip()[-300:]}")
        (place / "complete").touch()
    return python


@dataclasses.dataclass
class Ran:
    code: int
    said: tuple[list[str], list[str]]  # lines of stdout and stderr, in any order, without what varies
    flowo: list[str]  # the plugin's lines
    files: dict[str, bytes]


async def ran(python: Path, case: Case, place: Path, url: str | None = None, token: str = "t") -> Ran:
    """A run of the case in a fresh copy of its workflow, always at the same place; `url` None: without the plugin."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(WORKFLOWS / case.workflow, place)
    environment = {**os.environ, "PYTHONHASHSEED": "0", "FLOWO_URL": url or DEAD, "FLOWO_TOKEN": token}

    async def snakemake(*options: str) -> tuple[int | None, str, str]:
        process = await asyncio.create_subprocess_exec(
            python, "-m", "snakemake", *options, cwd=place, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(process.communicate(), 240)
        return process.returncode, out.decode(), err.decode()

    if case.before:
        await snakemake(*case.before)
    options = [*case.options.split(), *case.more]
    if url is None:
        options = [option for option in options if not option.startswith("--logger-flowo")]
    else:
        options += ["--logger", "flowo"]
    code, out, err = await snakemake(*options)
    assert code is not None
    files = {
        str(path): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file() and ".snakemake" not in path.parts and "bench" not in path.as_posix()
        and not path.name.startswith("cluster_") and path.name != "copy.log"  # logs, with their times
    }  # fmt: skip
    # Our lines are whole ones, also where a hook's shell is in the middle of one of its own.
    said = (
        sorted(filter(str.strip, VARYING.sub("", out).split("\n"))),
        sorted(filter(str.strip, VARYING.sub("", re.sub("flowo: .*\n?", "", err)).split("\n"))),
    )
    return Ran(code, said, re.findall("flowo: .*", err), files)


@pytest.mark.parametrize(("version", "case", "dead_too"), parameters())
async def test_a_run_is_as_it_was_and_its_record_is_right(
    version: str, case: Case, dead_too: bool, served: Served, tmp_path: Path
) -> None:
    case = dataclasses.replace(case, **ODD.get((version, case.name), {}))
    python, place = python_with(version), tmp_path / "run"
    for _ in range(GOES):
        without = await ran(python, case, place)
        live = await ran(python, case, place, served.url, served.token)
        if (live.code, live.said, live.files) == (without.code, without.said, without.files):
            break
    dead = await ran(python, case, place, DEAD) if dead_too else None
    for run in (live, dead or live):
        assert run.code == without.code
        assert run.said[0] == without.said[0]
        assert run.said[1] == without.said[1] or case.mixed
        assert run.files == without.files
        assert len(run.flowo) <= 2
    if not case.recorded:
        assert not live.flowo
        return
    if not live.flowo:
        assert version in (UNHEARD_EXIT if "sysexit" in case.options else UNHEARD)
        assert (case.status, case.jobs) == ("failed", {})
        return
    assert dead is None or f"recorded in {place}" in dead.flowo[-1]
    await right(served, case, live.flowo[-1].rpartition("/")[2])


async def right(served: Served, case: Case, run_id: str) -> None:
    """The server's record of a run is what the case says."""
    run = (await served.client.get(f"/api/v1/runs/{run_id}")).json()
    assert run["status"] == case.status
    counts = {status: n for status, n in run["jobs"].items() if n and status != "total"}
    assert counts == case.jobs
    assert run["jobs"]["total"] == sum(case.jobs.values())
    assert run["skipped_events"] == run["gaps"] == 0
    assert 0 <= run["progress"] <= 1
    if case.status != "succeeded":
        assert run["first_failure"]["message"] or run["first_failure"]["exit_code"]
    jobs = (await served.client.get(f"/api/v1/runs/{run_id}/jobs?limit=500")).json()["items"]
    assert collections.Counter(job["status"] for job in jobs) == case.jobs
    for job in jobs:
        tried = case.attempts.get(job["rule"], 0 if job["status"] == "skipped" else 1)
        assert job["attempt"] == tried, job
    for job in [job for job in jobs if job["status"] in ("skipped", "aborted")][:5]:
        told = (await served.client.get(f"/api/v1/runs/{run_id}/jobs/{job['number']}")).json()
        assert told["unfinished"]["text"], job
    for job in [job for job in jobs if job["rule"] in case.attempts]:
        told = (await served.client.get(f"/api/v1/runs/{run_id}/jobs/{job['number']}")).json()
        assert [attempt["status"] for attempt in told["attempts"][:-1]] == ["failed"] * (job["attempt"] - 1)
        assert told["attempts"][-1]["status"] == job["status"]
