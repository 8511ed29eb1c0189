"""Recordings in random pieces, orders and repetitions, by one or two senders at once, while the server and PostgreSQL are
killed: each must end in exactly the rows of the undisturbed run."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import gzip
import io
import json
import random
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import httpx

from tests import factories
from tests.chaos.kills import Killer
from tests.e2e.serving import serving
from tests.plugin import replay
from tests.server.rows import differing, rows

TOGETHER = 12  # cases at a time
PIECES = 6  # that come early, late or again, before it is sent in order
REQUESTS = 8  # that a case is sent in at most, when nothing disturbs it
LATE = 60.0  # s without an answer


def recorded(names: Iterable[str] = replay.NAMES) -> dict[str, list[bytes]]:
    """The lines that the plugin spools of each recording."""
    found: dict[str, list[bytes]] = {}
    for name in names:
        folder = Path(tempfile.mkdtemp(prefix="flowo-chaos-"))
        try:
            with contextlib.redirect_stderr(io.StringIO()):  # each would say that no server is reached
                spool = replay.spool_of(name, folder)
            if spool:
                found[name] = spool.splitlines(keepends=True)
        finally:
            shutil.rmtree(folder)
    return found


class Orders:
    """`address` tells where the server is; `seed` and a case's number make it again."""

    def __init__(self, address: Callable[[], str], token: str, tapes: dict[str, list[bytes]], seed: int) -> None:
        self.address = address
        self.tapes = tapes
        self.seed = seed
        self.answers: collections.Counter[str] = collections.Counter()
        self.cases: dict[uuid.UUID, str] = {}
        self.token = token
        self.client = httpx.AsyncClient(timeout=LATE, headers={"Authorization": f"Bearer {token}"})

    async def post(self, run_id: uuid.UUID, lines: list[bytes]) -> tuple[int, dict[str, Any]]:
        """Status and answer; (0, {}) where none came."""
        body = gzip.compress(b"".join(lines), 1)
        try:
            answer = await self.client.post(
                f"{self.address()}/api/ingest/v1/runs/{run_id}/events", content=body, headers=factories.headers()
            )
        except httpx.TransportError as error:
            self.answers[f"none ({type(error).__name__})"] += 1
            return 0, {}
        self.answers[str(answer.status_code)] += 1
        if answer.status_code not in (200, 409, 503):
            raise AssertionError(f"{answer.status_code}: {answer.text[:300]}")
        return answer.status_code, answer.json()

    async def cut(self, run_id: uuid.UUID, lines: list[bytes], dice: random.Random) -> None:
        """A request whose connection ends somewhere in it, or before its answer is read."""
        body = gzip.compress(b"".join(lines), 1)
        parts = urlsplit(self.address())
        head = [f"POST /api/ingest/v1/runs/{run_id}/events HTTP/1.1", f"Host: {parts.netloc}"]
        head += [f"{key}: {value}" for key, value in factories.headers(Authorization=f"Bearer {self.token}").items()]
        whole = "\r\n".join([*head, f"Content-Length: {len(body)}", "", ""]).encode() + body
        self.answers["cut"] += 1
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(whole if dice.random() < 0.6 else whole[: dice.randrange(len(whole))])
            await writer.drain()
            await asyncio.sleep(dice.choice((0.0, 0.001, 0.01)))
            writer.transport.abort()

    async def sender(self, run_id: uuid.UUID, lines: list[bytes], dice: random.Random) -> None:
        size = len(lines)
        for _ in range(dice.randint(0, PIECES)):
            first, length = dice.randrange(size), dice.randint(1, size)
            piece = lines[first : first + length]
            if dice.random() < 0.3:
                await self.cut(run_id, piece, dice)
            else:
                await self.post(run_id, piece)
        held, step = 0, max(1, -(-size // dice.randint(1, REQUESTS)))
        while held < size:
            status, answer = await self.post(run_id, lines[held : held + step])
            if status == 200:
                assert held < answer["acked"] <= size, f"acked {answer['acked']} after {held}"
                held = answer["acked"]
            elif status == 409:  # the other sender's doing, or that of a server that lost what it had said it holds
                assert answer["expected"] > held, f"{answer['expected']} is asked for again, after {held} was acked"
                held = answer["expected"] - 1
            else:
                await asyncio.sleep(dice.uniform(0.05, 0.3))

    async def case(self, number: int) -> None:
        dice = random.Random(f"{self.seed}-{number}")
        name = dice.choice(sorted(self.tapes))
        run_id = uuid.uuid4()
        self.cases[run_id] = name
        senders = 2 if dice.random() < 0.25 else 1
        await asyncio.gather(
            *(self.sender(run_id, self.tapes[name], random.Random(dice.random())) for _ in range(senders))
        )

    async def all(self, count: int) -> None:
        numbers = iter(range(count))

        async def one_after_another() -> None:
            for number in numbers:
                await self.case(number)
                if number % 100 == 99:
                    print(f"  {number + 1} cases begun, {told(self.answers)}", flush=True)

        async with asyncio.TaskGroup() as group:
            for _ in range(TOGETHER):
                group.create_task(one_after_another())

    async def undisturbed(self, pg: asyncpg.Connection[Any]) -> dict[str, dict[str, list[Any]]]:
        found = {}
        for name, lines in self.tapes.items():
            run_id = uuid.uuid4()
            status, answer = await self.post(run_id, lines)
            assert (status, answer) == (200, {"acked": len(lines)})
            found[name] = await rows(pg, run_id)
        return found

    async def wrong(self, pg: asyncpg.Connection[Any]) -> list[str]:
        """The cases that ended otherwise than when nothing disturbs; the server has to be left alone now."""
        right = await self.undisturbed(pg)
        return [
            f"case {number} of seed {self.seed} ({self.cases[run_id]}, {run_id}): {what}"
            for number, run_id in enumerate(self.cases)
            if (what := "; ".join(differing(_open(await rows(pg, run_id)), _open(right[self.cases[run_id]]))))
        ]


async def orders(count: int, seed: int) -> bool:
    """Prints what happened; whether all cases ended in the same rows."""
    tapes = await asyncio.to_thread(recorded)
    async with serving(FLOWO_LOST_AFTER_S="5") as server:
        token = (await server.ask("POST", "/api/v1/tokens", {"name": "chaos", "scope": "ingest"}))["token"]
        made = Orders(lambda: server.address, token, tapes, seed)
        killer = Killer(server, random.Random(seed), every_s=3.0)
        async with killer.at_work():
            await made.all(count)
        pg = await asyncpg.connect(host=f"{server.data_dir}/postgres/socket", user="flowo", database="postgres")
        try:
            answers = told(made.answers)
            wrong = await made.wrong(pg)
        finally:
            await pg.close()
            await made.client.aclose()
    print(f"orders: {len(made.cases)} cases of {len(tapes)} recordings, seed {seed}")
    print(f"  killed: {told(killer.done)}")
    print(f"  answers: {answers}")
    print(f"  ended in other rows than the undisturbed run: {len(wrong)}", *wrong[:20], sep="\n    ")
    return not wrong and len(made.cases) == count


def _open(found: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """A recording without an end is running or lost, as silence goes."""
    for run in found["run"]:
        run["status"] = "running" if run["status"] == "lost" else run["status"]
    return json.loads(json.dumps(found, default=bytes.decode))  # type: ignore[no-any-return]


def told(counts: collections.Counter[str]) -> str:
    return ", ".join(f"{key} {count}" for key, count in sorted(counts.items())) or "nothing"
