"""Holds the server's record of a run against what Snakemake itself left: its log, its metadata, the files on disk."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from pathlib import Path
from typing import Any, Protocol


class Asks(Protocol):
    def ask(self, method: str, path: str, data: Any = None) -> Any: ...


@dataclasses.dataclass
class Done:
    """What Snakemake's log says of one job."""

    rule: str
    tries: int = 0
    failures: int = 0
    finished: bool = False
    outputs: list[str] | None = None  # None: not told


_BLOCK = re.compile(r"^(?:local)?(rule|checkpoint) (\S+):$|^(Error in rule) (\S+):$")
_MESSAGE = re.compile(r"^Job (\d+): ")  # stands for the block of a job whose rule has a message
_FINISHED = re.compile(r"^Finished jobid: (\d+) \(Rule: (\S+)\)$")


def by_log(text: str) -> dict[int, Done]:
    """The jobs of a run, by number, as told in `.snakemake/log/*.snakemake.log`."""
    jobs: dict[int, Done] = {}
    rule = output = ""
    error = False
    for line in text.splitlines():
        if block := _BLOCK.match(line):
            rule, error, output = block[2] or block[4], block[3] is not None, ""
        elif finished := _FINISHED.match(line):
            job = jobs.setdefault(int(finished[1]), Done(finished[2]))
            job.rule, job.finished = finished[2], True
        elif message := _MESSAGE.match(line):
            jobs.setdefault(int(message[1]), Done("")).tries += 1
        elif rule and line.startswith("    output: "):
            output = line.removeprefix("    output: ")
        elif rule and (number := re.match(r"^    jobid: (\d+)$", line)):
            job = jobs.setdefault(int(number[1]), Done(rule))
            job.tries += not error
            job.failures += error
            job.outputs = re.split(r", ", re.sub(r" \([^)]*\)", "", output)) if output else []
        elif not line.startswith("    "):
            rule = ""
    return jobs


def differences(directory: Path, client: Asks, run_id: str) -> tuple[list[str], int]:
    """What the record says otherwise than Snakemake, one line each, and how many jobs were compared."""
    logs = sorted((directory / ".snakemake" / "log").glob("*.snakemake.log"))
    if len(logs) != 1:
        return [f"{directory} has {len(logs)} logs of Snakemake instead of one"], 0
    expected = by_log(logs[0].read_text())
    jobs = recorded(client, run_id)
    found: list[str] = []
    for number in sorted(expected.keys() | jobs.keys()):
        found += [f"job {number}: {what}" for what in _compare(directory, expected.get(number), jobs.get(number))]
    run = client.ask("GET", f"/api/v1/runs/{run_id}")
    if run["status"] != "succeeded":
        found.append(f"the run's status is {run['status']}")
    if run["jobs"]["succeeded"] != len(expected) or run["jobs"]["total"] != len(expected):
        found.append(f"the run counts {run['jobs']}, of {len(expected)} jobs")
    if run["gaps"] or run["skipped_events"]:
        found.append(f"{run['gaps']} events lost, {run['skipped_events']} not understood")
    return found, len(expected)


def recorded(client: Asks, run_id: str) -> dict[int, Any]:
    """The jobs of a run with their details, by number, as the API tells them."""
    jobs: dict[int, Any] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = client.ask("GET", f"/api/v1/runs/{run_id}/jobs?limit=500" + (f"&cursor={cursor}" if cursor else ""))
        for job in page["items"]:
            jobs[job["number"]] = client.ask("GET", f"/api/v1/runs/{run_id}/jobs/{job['number']}")
        cursor = page["next"]
    return jobs


def _compare(directory: Path, done: Done | None, job: Any) -> list[str]:
    if done is None:
        return ["on the server, not in Snakemake's log"]
    if job is None:
        return [f"{done.rule} is missing on the server"]
    failed = sum(attempt["status"] == "failed" for attempt in job["attempts"])
    pairs = [
        ("rule", job["rule"], done.rule),
        ("status", job["status"], "succeeded" if done.finished else "failed"),
        ("attempts", len(job["attempts"]), done.tries),
        ("attempt", job["attempt"], done.tries),
        ("failed attempts", failed, done.failures),
        ("outputs", job["outputs"], job["outputs"] if done.outputs is None else done.outputs),
    ]
    found = [f"{what} is {ours!r}, Snakemake says {theirs!r}" for what, ours, theirs in pairs if ours != theirs]
    for output in job["outputs"] if done.finished else []:
        if not (directory / output).exists():
            found.append(f"{output} is not on disk")
        metadata = directory / ".snakemake" / "metadata" / base64.urlsafe_b64encode(output.encode()).decode()
        if metadata.is_file() and (rule := json.loads(metadata.read_text()).get("rule")) != job["rule"]:
            found.append(f"{output} was made by {rule}, says Snakemake's metadata")
    for attempt in job["attempts"]:
        if not attempt["started_at"] or not attempt["ended_at"] or attempt["ended_at"] < attempt["started_at"]:
            found.append(f"attempt {attempt['attempt']} has no time from start to end")
    return found
