"""Runs of any size with realistic events, through the real ingest: for measurements, and for pages at size.

python -m tests.bench.generate --data-dir D [--runs 1] [--jobs 10000] [--rules 20] [--samples 500] [--live 0]
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.config import own_server
from snakemake_logger_plugin_flowo.connection import Connection

NAMES = ["fetch", "trim", "align", "sort", "mark", "call", "annotate", "quality", "merge", "report"]


def events(
    jobs: int, *, rules: int = 20, samples: int = 500, failing: float = 0.002, seed: int = 1, start: float | None = None,
    lean: bool = False,
) -> Iterator[tuple[wire.Event, float]]:  # fmt: skip
    """A whole run: the plan in parts, then some five events for each job; a few fail, most of those succeed again.

    The rules stand in chains, each with samples of its own: as many chains as it takes for all samples to have jobs.
    `lean`: with two short events for each job, for those who need the run rather than its events.
    """
    dice = random.Random(seed)
    at = time.time() - jobs * 0.05 if start is None else start
    names = [f"{NAMES[i % len(NAMES)]}_{i // len(NAMES) + 1}" if i >= len(NAMES) else NAMES[i] for i in range(rules)]
    width = max(1, jobs // rules)
    chains = min(rules, max(1, -(-samples // width)))
    own = max(1, min(samples // chains, width))  # samples of a chain
    yield wire.RunOpened(
        name=f"generated {jobs}", tags=["bench"], host="node1", user="ada", directory=f"/data/generated/{seed}",
        command=["snakemake", "--cores", "64"], snakemake_version="9.27.1",
    ), at  # fmt: skip
    yield wire.WorkflowStarted(snakefile=f"/data/generated/{seed % 50}/Snakefile"), at
    yield wire.RuleGraph(nodes=names, links=[[i, i + chains] for i in range(rules - chains)]), at
    counts = [sum(1 for n in range(jobs) if min(n // width, rules - 1) == r) for r in range(rules)]
    yield wire.RunInfo(stats=dict(zip(names, counts, strict=True))), at

    def of(n: int) -> tuple[str, dict[str, str], list[int]]:
        rule = min(n // width, rules - 1)
        place = n - rule * width
        wildcards = {"sample": f"S{rule % chains * own + place % own:05d}", "unit": str(place // own)}
        return names[rule], wildcards, [n - chains * width] if rule >= chains else []

    parts = range(0, jobs, wire.PLAN_JOBS)
    for part, first in enumerate(parts, start=1):
        planned = []
        for n in range(first, min(first + wire.PLAN_JOBS, jobs)):
            rule, wildcards, needs = of(n)
            planned.append({"job": n, "rule": rule, "wildcards": wildcards, "needs": needs, "threads": 1})
        yield wire.Plan(generation=1, part=part, parts=len(parts), executor="local", jobs=planned), at
    for n in range(jobs):
        rule, wildcards, _ = of(n)
        stem = f"{rule}/{wildcards['sample']}.{wildcards['unit']}"
        for attempt in (1, 2):
            at += 0.02
            if lean:
                yield wire.JobInfo(job=n, rule=rule, wildcards=wildcards, threads=1), at
            else:
                yield wire.JobStarted(jobs=[n]), at
                yield wire.JobInfo(
                    job=n, rule=rule, inputs=[f"in/{stem}.bam"], outputs=[f"results/{stem}.bam"], logs=[f"logs/{stem}.log"],
                    wildcards=wildcards, reason=f"Missing output files: results/{stem}.bam", threads=1,
                    resources={"mem_mb": 1000 * attempt, "tmpdir": "/tmp"}, command=f"tool --threads 1 {stem}.bam",
                ), at  # fmt: skip
            if n % 3 == 0 and not lean:
                yield wire.Log(text="Select jobs to execute..."), at
            took = dice.lognormvariate(1.0, 0.5)
            if attempt == 1 and dice.random() < failing:
                yield wire.JobError(job=n, rule=rule, message=f"{rule}: exit 1", exit_code=1), at + took
                if dice.random() < 0.2:
                    break
                yield wire.JobRestarting(job=n), at + took
                continue
            yield wire.JobFinished(job=n), at + took
            if not lean:
                yield wire.Log(text=f"{n + 1} of {jobs} steps ({100 * (n + 1) // jobs}%) done"), at + took
            break
    yield wire.RunEnded(outcome="succeeded" if failing == 0 else "failed"), at + 1


def encoded(run: Iterator[tuple[wire.Event, float]]) -> list[bytes]:
    return [wire.encode(event, seq=seq, at=at) for seq, (event, at) in enumerate(run, start=1)]


MOST_BYTES = 4 * 2**20


def batches(lines: list[bytes], size: int = wire.BATCH_EVENTS) -> list[bytes]:
    """Bodies as the sender makes them: at most `size` events and 4 MiB, gzipped."""
    made: list[bytes] = []
    held: list[bytes] = []
    weight = 0
    for line in lines:
        if held and (len(held) == size or weight + len(line) > MOST_BYTES):
            made.append(gzip.compress(b"".join(held), 1))
            held, weight = [], 0
        held.append(line)
        weight += len(line)
    return [*made, gzip.compress(b"".join(held), 1)]


def post(connection: Connection, run_id: uuid.UUID, body: bytes) -> Any:
    headers = {
        "Content-Type": "application/x-ndjson", "Content-Encoding": "gzip", wire.SENT_AT_HEADER: repr(time.time())
    }  # fmt: skip
    answer = connection.request("POST", f"/api/ingest/v1/runs/{run_id}/events", body, headers)
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")
    return json.loads(answer.body)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--rules", type=int, default=20)
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--live", type=float, default=0, help="seconds between batches, as of a run that goes on")
    parser.add_argument("--events", type=int, default=wire.BATCH_EVENTS, help="events in a batch")
    given = parser.parse_args()
    connection = Connection(own_server(given.data_dir))
    for number in range(given.runs):
        run_id = uuid.uuid4()
        began = time.perf_counter()
        lines = encoded(events(given.jobs, rules=given.rules, samples=given.samples, seed=number + 1))
        made = time.perf_counter()
        for body in batches(lines, given.events):
            post(connection, run_id, body)
            time.sleep(given.live)
        took = time.perf_counter() - made
        print(f"{run_id}  {len(lines)} events made in {made - began:.1f} s, taken in {took:.1f} s")


if __name__ == "__main__":
    main()
