"""The stream: server-sent events, one connection for all that a browser watches."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

import flowo.live.broker as brokers
from flowo.accounts import access
from flowo.accounts.gate import CallerDep, DatabaseDep
from flowo.db.engine import AWAY
from flowo.errors import Invalid, Problem
from flowo.runs import queries, schemas, tails
from flowo.version import VERSION

router = APIRouter(
    prefix="/api/v1", tags=["live"], responses={s: {"model": Problem} for s in (401, 403, 404, 422, 503)}
)

PING_S = 15.0
RETRY_MS = 3_000
MOST_TOPICS = 20  # of one stream
TOPICS = "runs, run:ID, log:RUN:JOB:ATTEMPT:INDEX"
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class Marks(BaseModel):
    """Where a stream stands: when the runs' topic was last told, and the revision of each run."""

    runs: dt.datetime | None = None
    run: dict[uuid.UUID, int] = {}

    def told(self, frame: brokers.Frame) -> None:
        if frame.topic == "runs":
            self.runs = dt.datetime.fromisoformat(frame.mark)
        elif frame.event == "run":
            self.run[uuid.UUID(frame.topic[4:])] = int(frame.mark)

    def id(self) -> str:
        """`runs=TIME,ID=REVISION,…`: opaque to browsers, which send it back as Last-Event-ID or `since`."""
        parts = [f"runs={self.runs.isoformat()}"] if self.runs else []
        return ",".join([*parts, *(f"{run_id}={revision}" for run_id, revision in self.run.items())])

    @classmethod
    def read(cls, text: str | None) -> Marks:
        marks = cls()
        for part in (text or "").split(","):
            name, equals, value = part.strip().partition("=")
            if not equals:
                continue
            try:
                if name == "runs":
                    at = dt.datetime.fromisoformat(value.replace(" ", "+"))  # a + that came through a query unescaped
                    marks.runs = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
                else:
                    marks.run[uuid.UUID(name)] = max(0, min(int(value), 2**62))
            except (ValueError, OverflowError) as error:
                raise Invalid("`since` is not an id that a stream gave; leave it out.", "query", "since") from error
        return marks


class Topics(NamedTuple):
    runs: bool
    run_ids: list[uuid.UUID]
    logs: list[tails.Log]


def _topics(topics: str) -> Topics:
    runs, ids, logs = False, [], []
    names = [name.strip() for name in topics.split(",") if name.strip()]
    if not names or len(names) > MOST_TOPICS:
        raise Invalid(f"`topics` names 1 to {MOST_TOPICS} topics: {TOPICS}.", "query", "topics")
    for name in names:
        if name == "runs":
            runs = True
            continue
        try:
            kind, _, rest = name.partition(":")
            if kind == "log":
                logs.append(tails.Log.named(rest))
            elif kind == "run":
                ids.append(uuid.UUID(rest))
            else:
                raise ValueError
        except ValueError as error:
            raise Invalid(f"There is no topic {name[:60]!r}; there are {TOPICS}.", "query", "topics") from error
    return Topics(runs, list(dict.fromkeys(ids)), list(dict.fromkeys(logs)))


def _event(name: str, data: bytes, mark: str = "") -> bytes:
    head = f"event: {name}\n" + (f"id: {mark}\n" if mark else "")
    return head.encode() + b"data: " + data + b"\n\n"


def _message(name: str, message: BaseModel) -> bytes:
    return _event(name, message.model_dump_json(by_alias=True).encode())


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Events hello, run, runs, log, resync, bye."}
    },
)
async def get_stream(
    request: Request,
    caller: CallerDep,
    database: DatabaseDep,
    topics: Annotated[str, Query(max_length=2000)],
    since: Annotated[str | None, Query(max_length=4000)] = None,
    last_event_id: Annotated[str | None, Header(max_length=4000)] = None,
) -> StreamingResponse:
    """What happens from `since` (or Last-Event-ID; else from now) on, as it happens."""
    asked = _topics(topics)
    marks = Marks.read(last_event_id or since)
    workspaces = access.readable(caller)
    async with database.session() as session:  # given back before the stream begins
        for run_id in asked.run_ids:
            await queries.check(session, workspaces, run_id)
        for log in asked.logs:
            await tails.locate(session, workspaces, log.run_id, log.number, log.log, log.attempt)
    watcher = brokers.Watcher(caller.user_id, workspaces)
    return StreamingResponse(_stream(request, watcher, marks, asked), media_type="text/event-stream", headers=HEADERS)


async def _stream(request: Request, watcher: brokers.Watcher, marks: Marks, asked: Topics) -> AsyncIterator[bytes]:
    state = request.app.state
    broker: brokers.Broker = state.broker
    # Spread, so that the browsers of a lab do not all come back in the same second.
    until = asyncio.get_running_loop().time() + state.settings.stream_minutes * 60 * random.uniform(0.8, 1.2)
    yield f"retry: {RETRY_MS}\n\n".encode()
    yield _message("hello", schemas.Hello(now=dt.datetime.now(dt.UTC), version=VERSION))
    try:
        async with broker.watching(watcher, runs=asked.runs, run_ids=asked.run_ids, logs=asked.logs):
            marks.run = {run_id: marks.run[run_id] for run_id in asked.run_ids if run_id in marks.run}
            for run_id in asked.run_ids:
                if caught := await broker.caught_up(run_id, marks.run.get(run_id)):
                    marks.told(caught)
                    yield _event(caught.event, caught.data, marks.id())
            for log in asked.logs:
                caught = await broker.caught_up_log(log)
                yield _event(caught.event, caught.data, marks.id())
            if asked.runs:
                caught = await broker.caught_up_runs(watcher.workspaces, marks.runs)
                marks.told(caught)
                yield _event(caught.event, caught.data, marks.id())
            async for chunk in _told(watcher, marks, until, state.closing):
                yield chunk
    except AWAY:
        yield _message("bye", schemas.Bye(again=True, reason="The database does not answer now."))


async def _told(watcher: brokers.Watcher, marks: Marks, until: float, closing: asyncio.Event) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    closed = asyncio.create_task(closing.wait())
    closed.add_done_callback(lambda _task: watcher.end("closing"))
    try:
        while True:
            while watcher.frames and watcher.over is None:
                sent = watcher.frames.popleft()
                if (
                    sent.event == "run"
                    and int(sent.mark)
                    and int(sent.mark) <= marks.run.get(uuid.UUID(sent.topic[4:]), -1)
                ):
                    continue
                marks.told(sent)
                yield _event(sent.event, sent.data, marks.id())
            while watcher.late:  # one by one: while one is sent, another may come to be late, or the same again
                late = watcher.late.pop()
                yield _message("resync", schemas.Resync(topic=late, now=dt.datetime.now(dt.UTC)))
            if watcher.over is not None or loop.time() > until:
                reasons = {"rights": "Your rights changed.", "closing": "The server stops now."}
                yield _message(
                    "bye", schemas.Bye(again=True, reason=reasons.get(watcher.over or "", "It was long enough."))
                )
                return
            watcher.wake.clear()
            if watcher.frames or watcher.late or watcher.over:
                continue
            try:
                async with asyncio.timeout(PING_S):
                    await watcher.wake.wait()
            except TimeoutError:
                yield b": ping\n\n"
    finally:
        closed.cancel()
