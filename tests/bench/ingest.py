"""Ingest: events from HTTP to commit against COPY of the same events, 10,000 jobs, storage, and POST to SSE."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
import zlib
from pathlib import Path

import asyncpg
import httpx
from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.config import Target, own_server
from snakemake_logger_plugin_flowo.connection import Connection

from tests.bench import generate
from tests.bench.quantities import quantile, row

JOBS = 10_000
SENDERS = 8


def send(target: Target, run_id: uuid.UUID, bodies: list[bytes]) -> None:
    with Connection(target) as connection:
        for body in bodies:
            generate.post(connection, run_id, body)


def together(target: Target, runs: list[list[bytes]]) -> float:
    """Seconds until all runs are taken, each by a sender of its own."""
    threads = [threading.Thread(target=send, args=(target, uuid.uuid4(), bodies)) for bodies in runs]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began


async def copied(url: str, lines: list[bytes]) -> float:
    """Seconds that PostgreSQL takes for the events as rows of text, 1,000 in a transaction, from one client."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        await connection.execute("CREATE TABLE bench_copy (run_id uuid, seq bigint, body text)")
        run_id = uuid.uuid4()
        rows = [(run_id, i, line.decode()) for i, line in enumerate(lines)]
        began = time.perf_counter()
        for first in range(0, len(rows), 1000):
            await connection.copy_records_to_table("bench_copy", records=rows[first : first + 1000])
        return time.perf_counter() - began
    finally:
        await connection.execute("DROP TABLE bench_copy")
        await connection.close()


async def storage(url: str) -> float:
    """Bytes of all tables of runs."""
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    try:
        tables = ("run", "journal", "job", "job_state", "attempt", "failure", "blob", "rule_count", "plan", "wildcard")
        sizes = [await connection.fetchval("SELECT pg_total_relation_size($1::regclass)", table) for table in tables]
        return float(sum(sizes))
    finally:
        await connection.close()


def ingest(data_dir: Path, url: str) -> None:
    target = own_server(data_dir)
    lines = generate.encoded(generate.events(JOBS, seed=1))
    bodies = generate.batches(lines)
    before = asyncio.run(storage(url))
    began = time.perf_counter()
    send(target, uuid.uuid4(), bodies)
    one = time.perf_counter() - began
    row("ingest of 10,000 jobs, one sender", f"{one:.2f} s ({len(lines) / one:,.0f} events/s)", "≤ 3 s")
    row("storage of 10,000 jobs", f"{(asyncio.run(storage(url)) - before) / 1e6:.1f} MB", "≤ 12 MB")
    small = [generate.encoded(generate.events(2_500, seed=i)) for i in range(SENDERS)]
    total = sum(len(run) for run in small)
    ratios, ours, theirs = [], [], []
    for _ in range(3):
        copy = asyncio.run(copied(url, small[0] + small[1]))
        copy_rate = len(small[0] + small[1]) / copy
        rate = total / together(target, [generate.batches(run) for run in small])
        ratios.append(rate / copy_rate)
        ours.append(rate)
        theirs.append(copy_rate)
    row(
        "ingest, 8 senders, against COPY of the same",
        f"{quantile(ours, 0.5):,.0f} / {quantile(theirs, 0.5):,.0f} events/s = {quantile(ratios, 0.5):.2f} ×",
        "≥ 0.5 ×",
    )


async def _latency(url: str, token: str, *, runs: int, rounds: int) -> list[float]:
    """Milliseconds from the POST of an event to its arrival in the stream; `runs` others report meanwhile."""
    headers = {"Authorization": f"Bearer {token}"}
    wait = 0.25
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:

        async def report(run_id: uuid.UUID) -> None:
            lines = generate.encoded(generate.events(400, seed=3))
            for first in range(0, len(lines), 12):
                await _post(client, run_id, lines[first : first + 12])
                await asyncio.sleep(wait)

        others = [asyncio.create_task(report(uuid.uuid4())) for _ in range(runs)]
        run_id = uuid.uuid4()
        events: list[wire.Event] = [wire.RunOpened(), wire.Plan(jobs=[{"job": i, "rule": "map"} for i in range(500)])]
        lines = [wire.encode(event, seq=i, at=time.time()) for i, event in enumerate(events, start=1)]
        await _post(client, run_id, lines)
        arrived: asyncio.Queue[tuple[float, int]] = asyncio.Queue()

        async def listen() -> None:
            async with client.stream("GET", f"/api/v1/stream?topics=run:{run_id}") as response:
                async for line in response.aiter_lines():
                    if line.startswith("data: {") and '"jobs"' in line:
                        arrived.put_nowait((time.perf_counter(), json.loads(line[6:])["revision"]))

        listener = asyncio.create_task(listen())
        await asyncio.sleep(1)
        while not arrived.empty():
            arrived.get_nowait()
        found: list[float] = []
        for n in range(rounds):
            began = time.perf_counter()
            await _post(client, run_id, [wire.encode(wire.JobInfo(job=n, rule="map"), seq=3 + n, at=time.time())])
            while True:
                at, revision = await asyncio.wait_for(arrived.get(), 10)
                if revision >= 2 + n:
                    break
            found.append((at - began) * 1000)
            await asyncio.sleep(wait)
        for task in (listener, *others):
            task.cancel()
        await asyncio.gather(listener, *others, return_exceptions=True)
        return found


async def _post(client: httpx.AsyncClient, run_id: uuid.UUID, lines: list[bytes]) -> None:
    body = zlib.compress(b"".join(lines), 1)
    answer = await client.post(
        f"/api/ingest/v1/runs/{run_id}/events", content=body, headers={"Content-Encoding": "deflate"}
    )
    assert answer.status_code == 200, answer.text


def stream(url: str, token: str) -> None:
    for runs, aim in ((0, "p50 ≤ 15 ms, p95 ≤ 30 ms"), (20, "p50 ≤ 150 ms, p95 ≤ 300 ms")):
        found = asyncio.run(_latency(url, token, runs=runs, rounds=60))
        what = "event posted → SSE, " + (f"{runs} runs reporting" if runs else "idle")
        row(what, f"p50 {quantile(found, 0.5):.0f} ms, p95 {quantile(found, 0.95):.0f} ms", aim)
