"""What the plugin is asked to read of a run's logs, and what it brings: passed on to who watches, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import asyncpg
from pydantic import BaseModel, Field, model_validator

from flowo.db.engine import Driver
from flowo.errors import NotFound
from flowo.ingest.store import Sender
from flowo.runs.tails import CLUSTER, WINDOW, Log

MOST = 8  # logs of a run that are asked for at a time; of more than that, those that were read longest ago
MOST_PARTS = 20  # in one POST
MOST_BODY = 4 * 1024 * 1024  # bytes of it
GONE_S = 60.0  # rows that nobody renews are removed after so long

WANTED = f"""
SELECT w.number, w.attempt, w.log, w.stop, w.file
FROM run LEFT JOIN LATERAL (
  SELECT * FROM log_watch WHERE run_id = run.id AND until > clock_timestamp()
  ORDER BY read_at NULLS FIRST, asked_at LIMIT {MOST}
) AS w ON true
WHERE run.id = $1 AND run.owner_id = $2 AND run.workspace_id = ANY($3::uuid[])"""
HELD = """
SELECT w.number, w.attempt, w.log, w.generation, w.file, w.start, w.stop, w.size, w.state, w.note
FROM log_watch w JOIN run ON run.id = w.run_id
WHERE w.run_id = $1 AND run.owner_id = $2 AND run.workspace_id = ANY($3::uuid[])
FOR UPDATE OF w"""
SWEEP = f"DELETE FROM log_watch WHERE until < clock_timestamp() - interval '{GONE_S} s'"


class Wish(BaseModel):
    """A log that somebody watches. The path is the plugin's to know: what the run declared for this job."""

    kind: str = "log"
    job: int
    attempt: int
    log: int = Field(description="Index into the logs that the job declared; -1: the log of the cluster's job.")
    offset: int | None = Field(None, description="Bytes that are known; null: begin near the end.")
    file: str = Field("", description="The mark of the file that `offset` is of, as the plugin gave it.")


class Part(BaseModel):
    """What was read of a log, or why it was not."""

    job: int = Field(ge=0, lt=2**31)
    attempt: int = Field(ge=1, lt=2**15)
    log: int = Field(ge=CLUSTER, lt=2**15)
    state: str = Field(max_length=20, description="read; missing; anything else is a refusal, which `note` explains.")
    file: str = Field("", max_length=200, description="A mark that differs when it is another file, or was cut.")
    offset: int = Field(0, ge=0, lt=2**62)
    length: int = Field(0, ge=0, le=WINDOW, description="Bytes that `text` stands for.")
    text: str = Field("", max_length=WINDOW)
    size: int | None = Field(None, ge=0, lt=2**62)
    note: str | None = Field(None, max_length=500)

    @model_validator(mode="after")
    def _fits(self) -> Part:
        if len(self.text) > 3 * self.length:  # a byte gives one character at most, a masked one three
            raise ValueError("`text` has more characters than the bytes that `length` tells of can give")
        return self


class Parts(BaseModel):
    parts: list[Part] = Field([], max_length=MOST_PARTS)


class Wanted:
    """Long polls that wait until somebody wants something of their run. One for a process."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[asyncio.Event]] = {}

    @contextlib.contextmanager
    def waiting(self, run_id: uuid.UUID) -> Iterator[asyncio.Event]:
        key, event = str(run_id), asyncio.Event()
        self._waiting.setdefault(key, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]

    def hear(self, payload: str) -> None:
        for run_id in payload.split(","):
            for event in self._waiting.get(run_id, ()):
                event.set()

    def missed(self) -> None:
        """Hints may have been lost: all look again."""
        for events in self._waiting.values():
            for event in events:
                event.set()


async def wanted(pg: Driver, run_id: uuid.UUID, sender: Sender) -> list[Wish]:
    """The logs of the run that somebody watches now. NotFound for a run that is not the sender's."""
    rows = await pg.fetch(WANTED, run_id, sender.user_id, list(sender.workspaces))
    if not rows:
        raise NotFound("There is no such run, or it is not yours.")
    return [
        Wish(job=row["number"], attempt=row["attempt"], log=row["log"], offset=row["stop"], file=row["file"])
        for row in rows
        if row["number"] is not None
    ]


async def take(pg: Driver, run_id: uuid.UUID, sender: Sender, parts: list[Part]) -> list[Log]:
    """Hold what was read of watched logs, within the caller's transaction; the logs of which there is news.

    What nobody watches is dropped, and so is what is held already.
    """
    rows = await pg.fetch(HELD, run_id, sender.user_id, list(sender.workspaces))
    watched = {(row["number"], row["attempt"], row["log"]): _Held(run_id, row) for row in rows}
    news: list[Log] = []
    for part in parts:
        held = watched.get((part.job, part.attempt, part.log))
        if held is not None and await held.take(pg, part):
            news.append(Log(*held.key))
    return news


class _Held:
    """One watched log while a POST is taken in."""

    def __init__(self, run_id: uuid.UUID, row: asyncpg.Record) -> None:
        self.key = (run_id, row["number"], row["attempt"], row["log"])
        self._is: dict[str, Any] = {
            name: row[name] for name in ("generation", "file", "start", "stop", "size", "state", "note")
        }

    async def take(self, pg: Driver, part: Part) -> bool:
        """Whether anything is new."""
        before, now = dict(self._is), self._is
        if part.state == "read":
            behind = now["stop"] is not None and part.file == now["file"] and part.offset < now["stop"]
            if not behind:
                if part.file != now["file"] or part.offset != now["stop"]:
                    # Another file, or some of it was passed over: what is held does not go on.
                    await pg.execute(f"DELETE FROM log_part WHERE {_ONE}", *self.key)
                    now["generation"] += now["stop"] is not None
                    now["start"] = part.offset
                await self._hold(pg, part)
                now |= {"file": part.file, "stop": part.offset + part.length, "size": part.size}
        now |= {"state": _clean(part.state), "note": _clean(part.note)}
        await pg.execute(
            f"""UPDATE log_watch SET generation = $5, file = $6, start = $7, stop = $8, size = $9, state = $10,
                  note = $11, read_at = clock_timestamp() WHERE {_ONE}""",
            *self.key, *now.values(),
        )  # fmt: skip
        return now != before

    async def _hold(self, pg: Driver, part: Part) -> None:
        if not part.length:
            return
        stop = part.offset + part.length
        await pg.execute(
            "INSERT INTO log_part VALUES ($1, $2, $3, $4, $5, $6, $7)", *self.key, part.offset, stop, _clean(part.text)
        )
        first = await pg.fetchval(
            f"""WITH gone AS (DELETE FROM log_part WHERE {_ONE} AND stop <= $5)
                SELECT min(start) FROM log_part WHERE {_ONE} AND stop > $5""",
            *self.key, stop - WINDOW,
        )  # fmt: skip
        self._is["start"] = first


_ONE = "run_id = $1 AND number = $2 AND attempt = $3 AND log = $4"


def _clean(text: str | None) -> str | None:
    """What PostgreSQL takes as text."""
    return text if text is None else text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
