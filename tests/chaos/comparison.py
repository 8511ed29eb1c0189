"""The record of one invocation against its spool, Snakemake's own log and metadata, and what its jobs wrote to disk."""

from __future__ import annotations

import asyncio
import base64
import collections
import dataclasses
import json
import uuid
import zlib
from pathlib import Path
from typing import Any

import asyncpg

from flowo.demo import verify

# Jobs that may differ after a SIGKILL: Snakemake writes its log in the thread that logs, and hands the record to its loggers
# by a queue, which is gone then.
QUEUED = 8


@dataclasses.dataclass
class Verdict:
    """Everything but `unheard` has to be zero in the end."""

    lost: int = 0
    duplicated: int = 0
    wrong: int = 0
    unheard: int = 0  # what jobs did that Snakemake, when it was killed, had not handed to its loggers
    invocations: int = 0
    killed: int = 0
    jobs: int = 0
    events: int = 0
    lines: list[str] = dataclasses.field(default_factory=list)

    @property
    def right(self) -> bool:
        return self.invocations > 0 and not (self.lost or self.duplicated or self.wrong or self.lines)

    def summary(self) -> str:
        return (
            f"compared: {self.invocations} invocations ({self.killed} of them killed), {self.jobs} jobs, "
            f"{self.events} events; lost {self.lost}, duplicated {self.duplicated}, wrong {self.wrong} "
            f"(unheard, killed in Snakemake's own queue: {self.unheard})"
        )


def spooled(folder: Path, run_id: str) -> list[bytes]:
    return (folder / ".snakemake" / "flowo" / f"{run_id}.jsonl").read_bytes().splitlines()


async def transport(verdict: Verdict, pg: asyncpg.Connection[Any], folder: Path, run_id: str) -> list[bytes]:
    """Every line of the spool is on the server once and in order. The lines."""
    lines = spooled(folder, run_id)
    bodies = await pg.fetch("SELECT body FROM journal WHERE run_id = $1 ORDER BY first_seq", uuid.UUID(run_id))
    heard = [line for (body,) in bodies for line in zlib.decompress(body).split(b"\n")]
    verdict.events += len(lines)
    if heard != lines:
        ours, theirs = collections.Counter(heard), collections.Counter(lines)
        lost, twice = (theirs - ours).total(), (ours - theirs).total()
        verdict.lost += lost
        verdict.duplicated += twice
        verdict.wrong += not lost and not twice
        verdict.lines.append(f"{run_id} in {folder}: {len(heard)} events on the server, {len(lines)} in the spool")
    return lines


async def compare(verdict: Verdict, pg: asyncpg.Connection[Any], client: verify.Asks, folder: Path, made: Any) -> None:
    """`made`: an Invocation of `tests.chaos.runs`."""
    where = f"{folder.name}, invocation {made.number}"
    verdict.invocations += 1
    verdict.killed += made.killed
    if not made.killed and made.code != 0:
        verdict.wrong += 1
        verdict.lines.append(f"{where}: Snakemake ended with {made.code}")
    expected = verify.by_log("".join(path.read_text() for path in made.logs))
    if len(made.run_ids) != 1:
        if expected or made.run_ids or not made.killed:
            verdict.lost += 1
            verdict.lines.append(f"{where}: {len(made.run_ids)} spools")
        return
    run_id = made.run_ids[0]
    lines = await transport(verdict, pg, folder, run_id)
    if not lines:  # killed between the making of the file and its first line: nothing was ever to be sent
        if not made.killed or len(expected) > QUEUED:
            verdict.lost += 1
            verdict.lines.append(f"{where}: an empty spool, where Snakemake's log has {len(expected)} jobs")
        verdict.unheard += len(expected)
        return
    if not await pg.fetchval("SELECT true FROM run WHERE id = $1", uuid.UUID(run_id)):
        return  # `transport` has counted it as lost
    run = await asyncio.to_thread(client.ask, "GET", f"/api/v1/runs/{run_id}")
    ended = json.loads(lines[-1])
    status = ended.get("outcome", "succeeded") if ended["kind"] == "run_ended" else "lost"
    if run["status"] != status or (status != "succeeded" and not made.killed) or run["gaps"] or run["skipped_events"]:
        verdict.wrong += 1
        verdict.lines.append(
            f"{where}: {run['status']} instead of {status}, {run['gaps']} gaps, {run['skipped_events']} skipped"
        )
    recorded = await asyncio.to_thread(verify.recorded, client, run_id)
    if sum(run["jobs"][name] for name in run["jobs"] if name != "total") != len(recorded):
        verdict.wrong += 1
        verdict.lines.append(f"{where}: counts {run['jobs']} for {len(recorded)} jobs")
    off: list[str] = []
    for number in sorted(expected.keys() | recorded.keys()):
        verdict.jobs += 1
        done = expected.get(number) or verify.Done(recorded[number]["rule"])
        if found := by_log(done, recorded.get(number)):
            off.append(f"{where}, job {number} ({done.rule}): {found}")
        if number in recorded:
            on_disk(verdict, folder, where, made, recorded[number])
    if made.killed and status == "lost" and len(off) <= QUEUED:
        verdict.unheard += len(off)
    else:
        verdict.wrong += len(off)
        verdict.lines += off


def by_log(done: verify.Done, job: Any) -> str:
    """What the record says otherwise than Snakemake's log."""
    if job is None:
        return "not on the server"
    failed = sum(attempt["status"] == "failed" for attempt in job["attempts"])
    pairs = [
        ("rule", job["rule"], done.rule),
        ("attempt", job["attempt"], done.tries),
        ("attempts", len(job["attempts"]), done.tries),
        ("failed attempts", failed, done.failures),
        ("finished", job["status"] == "succeeded", done.finished),
    ]
    return ", ".join(f"{what} {ours!r}, Snakemake says {theirs!r}" for what, ours, theirs in pairs if ours != theirs)


def on_disk(verdict: Verdict, folder: Path, where: str, made: Any, job: Any) -> None:
    """What the job itself wrote down, its outputs, and Snakemake's metadata of them."""

    def told(kind: str, text: str) -> None:
        setattr(verdict, kind, getattr(verdict, kind) + 1)
        if kind != "unheard":
            verdict.lines.append(f"{where}, job {job['number']} ({job['rule']}): {text}")

    good = job["status"] == "succeeded"
    if good and not job["ended_at"]:
        told("wrong", "succeeded without a time")
    for output in job["outputs"] if good else []:
        metadata = folder / ".snakemake" / "metadata" / base64.urlsafe_b64encode(output.encode()).decode()
        if not (folder / output).is_file():
            told("wrong", f"{output} is not on disk")
        elif not metadata.is_file() or json.loads(metadata.read_text()).get("rule") != job["rule"]:
            told("wrong", f"{output} is not in Snakemake's metadata as made by this rule")
    if job["rule"] == "all":
        return
    name = "-".join([str(made.number), job["rule"], *job["wildcards"].values()])
    witness = folder / "ran" / name
    wrote = witness.read_text().split() if witness.exists() else []
    begun, done = wrote.count("start"), wrote.count("done")
    if begun > job["attempt"]:
        told("unheard" if made.killed else "lost", f"started {begun} times, {job['attempt']} attempts recorded")
    if begun < job["attempt"] and not made.killed:
        told("duplicated", f"started {begun} times, {job['attempt']} attempts recorded")
    if good and not done:
        told("wrong", "recorded as succeeded, and it never came to its end")
    if done and not good:
        told("unheard" if made.killed else "lost", f"came to its end, recorded as {job['status']}")
