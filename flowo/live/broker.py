"""Asks once for each thing that somebody watches, and hands the one answer to all who do."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import logging
import uuid
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from pydantic import BaseModel
from sqlalchemy import func, select

from flowo.db.engine import AWAY, Database
from flowo.db.notify import WANTED_CHANNEL, Notifier
from flowo.runs import changes, schemas, tails

log = logging.getLogger(__name__)

SPACING_S = 0.1  # between two questions for one run
POLL_S = 5.0  # a hint that was lost is made good by asking anyway
LEARN_S = 10.0
BACKLOG = 64  # frames that a slow reader may be behind; then it is told to ask again


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One message, encoded once. `mark`: what the SSE id says of its topic afterwards."""

    topic: str
    mark: str
    event: str
    data: bytes


def frame(topic: str, mark: str, event: str, message: BaseModel) -> Frame:
    return Frame(topic, mark, event, message.model_dump_json(by_alias=True).encode())


class Watcher:
    """One stream: what it watches, and the frames that it has not sent yet."""

    def __init__(self, user_id: uuid.UUID, workspaces: frozenset[uuid.UUID]) -> None:
        self.user_id = user_id
        self.workspaces = workspaces
        self.frames: deque[Frame] = deque()
        self.late: set[str] = set()  # topics of which frames had to be dropped
        self.wake = asyncio.Event()
        self.over: str | None = None  # why the stream must end

    def put(self, sent: Frame) -> None:
        if len(self.frames) >= BACKLOG:
            self.late.update(waiting.topic for waiting in self.frames)
            self.late.add(sent.topic)
            self.frames.clear()
        if sent.topic not in self.late:
            self.frames.append(sent)
        self.wake.set()

    def end(self, why: str) -> None:
        self.over = why
        self.wake.set()


class Question(Protocol):
    """What a topic asks the database. `learn` takes note of where things stand; `ask` tells what moved since."""

    async def learn(self) -> None: ...
    async def ask(self) -> Frame | None: ...


class Topic:
    """Asks for one thing while it has watchers: at once after a quiet moment, then at least SPACING_S apart."""

    def __init__(self, question: Question) -> None:
        self.watchers: set[Watcher] = set()
        self.hint = asyncio.Event()
        self.learnt = asyncio.Event()  # from here on nothing is missed; who joins catches up after this
        self._question = question
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while not self.learnt.is_set():
            try:
                await self._question.learn()
                self.learnt.set()
            except AWAY as error:
                log.info("could not ask where things stand: %s", error)
                await asyncio.sleep(1)
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S):
                    await self.hint.wait()
            self.hint.clear()
            try:
                sent = await self._question.ask()
            except AWAY as error:  # the next hint or poll asks again
                log.info("could not ask what changed: %s", error)
                sent = None
            except Exception:  # a task that ends here would leave its watchers with pings only
                log.exception("could not tell what changed")
                sent = None
            if sent is not None:
                for watcher in self.watchers:
                    watcher.put(sent)
            await asyncio.sleep(SPACING_S)


class Broker:
    """One for a process."""

    def __init__(self, database: Database, notifier: Notifier) -> None:
        self._database = database
        self._notifier = notifier
        self._topics: dict[object, Topic] = {}
        self._watchers: set[Watcher] = set()
        self._listening = False

    # Hints.

    def runs_moved(self, payload: str) -> None:
        for topic in (topic for key, topic in self._topics.items() if isinstance(key, frozenset)):
            topic.hint.set()
        for run_id in payload.split(","):
            if run_id in self._topics:
                self._topics[run_id].hint.set()

    def logs_moved(self, payload: str) -> None:
        for name in payload.split(","):
            if topic := self._topics.get(f"log:{name}"):
                topic.hint.set()

    def rights_moved(self, payload: str) -> None:
        for watcher in self._watchers:
            if str(watcher.user_id) == payload:
                watcher.end("rights")

    def missed(self) -> None:
        """The listener was away: everything is asked for, and whether they still may of those who listen."""
        for topic in self._topics.values():
            topic.hint.set()
        if self._listening:  # that rights changed is told to nobody twice, and no query of a topic would show it
            for watcher in self._watchers:
                watcher.end("missed")
        self._listening = True

    async def close(self) -> None:
        for topic in self._topics.values():
            topic.task.cancel()
        await asyncio.gather(*(topic.task for topic in self._topics.values()), return_exceptions=True)
        self._topics.clear()

    # Watching.

    @contextlib.asynccontextmanager
    async def watching(
        self, watcher: Watcher, *, runs: bool, run_ids: Iterable[uuid.UUID], logs: Iterable[tails.Log] = ()
    ) -> AsyncIterator[None]:
        keys: list[object] = [str(run_id) for run_id in run_ids]
        keys += [f"log:{log.name}" for log in logs]
        if runs:
            keys.append(watcher.workspaces)
        self._watchers.add(watcher)
        for key in keys:
            topic = self._topics.get(key)
            if topic is None:
                topic = self._topics[key] = Topic(self._question(key))
            topic.watchers.add(watcher)
        try:
            async with asyncio.timeout(LEARN_S):
                await asyncio.gather(*(self._topics[key].learnt.wait() for key in keys))
            yield
        finally:
            self._watchers.discard(watcher)
            for key in keys:
                topic = self._topics[key]
                topic.watchers.discard(watcher)
                if not topic.watchers:
                    topic.task.cancel()
                    del self._topics[key]

    def _question(self, key: object) -> Question:
        if isinstance(key, frozenset):
            return _Runs(self._database, key)
        if str(key).startswith("log:"):
            return _Log(self._database, self._notifier, str(key))
        return _Run(self._database, uuid.UUID(str(key)))

    async def caught_up(self, run_id: uuid.UUID, since: int | None) -> Frame | None:
        """What a new watcher missed of a run."""
        async with self._database.session(snapshot=True) as session:
            message = await changes.of_run(session, run_id, since)
        return frame(message.topic, str(message.revision), "run", message) if message else None

    async def caught_up_log(self, log: tails.Log) -> Frame:
        """Where a log stands: who watches it has the text from elsewhere, and sees whether it is all."""
        async with self._database.session() as session:
            found = await tails.held(session, log)
        return log_frame(f"log:{log.name}", found.model_copy(update={"start": found.stop, "text": "", "anew": False}))

    async def caught_up_runs(self, workspaces: frozenset[uuid.UUID], since: dt.datetime | None) -> Frame:
        async with self._database.session() as session:
            message, _revisions = await changes.of_runs(session, workspaces, since)
        return frame("runs", message.now.isoformat(), "runs", message)


def log_frame(topic: str, found: schemas.LogRead) -> Frame:
    return frame(topic, "", "log", schemas.LogMessage(topic=topic, **found.model_dump()))


class _Log:
    """What was read of one log. Asking is also what says that somebody watches it."""

    def __init__(self, database: Database, notifier: Notifier, topic: str) -> None:
        self._database = database
        self._notifier = notifier
        self._topic = topic
        self._log = tails.Log.named(topic[4:])
        self._told: schemas.LogRead | None = None
        self._said = 0.0  # that somebody watches, by the loop's clock

    async def learn(self) -> None:
        self._told = await self._look()

    async def _look(self) -> schemas.LogRead:
        told, clock = self._told, asyncio.get_running_loop().time()
        wanted: bool | None = False
        async with self._database.session() as session:
            # A crash of PostgreSQL empties what is not logged: then it is asked for anew, at once.
            if clock - self._said > POLL_S / 2 or not await tails.watched(session, self._log):
                self._said = clock
                wanted = await tails.watch(session, self._log)
            found = await tails.held(
                session, self._log, generation=told.generation if told else None, since=told.stop if told else 0
            )
        if wanted:  # after the commit
            self._notifier.hint(WANTED_CHANNEL, str(self._log.run_id))
        if wanted is None:  # Snakemake has ended
            found.state = "over"
        return found

    async def ask(self) -> Frame | None:
        told = self._told
        found = self._told = await self._look()
        if told is None:
            return None
        same = (found.state, found.generation, found.stop, found.size, found.note)
        if same == (told.state, told.generation, told.stop, told.size, told.note):
            return None
        return log_frame(self._topic, found)


class _Run:
    """What changed in one run since it was last told."""

    def __init__(self, database: Database, run_id: uuid.UUID) -> None:
        self._database = database
        self._run_id = run_id
        self._told = 0
        self._gone = False

    async def learn(self) -> None:
        async with self._database.session(snapshot=True) as session:
            message = await changes.of_run(session, self._run_id, None)
        self._told = message.revision if message else 0

    async def ask(self) -> Frame | None:
        async with self._database.session(snapshot=True) as session:
            message = await changes.of_run(session, self._run_id, self._told)
        if message is None or (message.deleted and self._gone):
            return None
        self._told, self._gone = message.revision, message.deleted
        return frame(message.topic, str(message.revision), "run", message)


class _Runs:
    """Which runs of some workspaces changed. No counter spans runs: a little time is asked for twice, and told once."""

    def __init__(self, database: Database, workspaces: frozenset[uuid.UUID]) -> None:
        self._database = database
        self._workspaces = workspaces
        self._since = dt.datetime.now(dt.UTC)
        self._told: dict[uuid.UUID, int] = {}
        self._gone: set[uuid.UUID] = set()

    async def learn(self) -> None:
        async with self._database.session() as session:
            self._since = (await session.execute(select(func.clock_timestamp()))).scalar_one()

    async def ask(self) -> Frame | None:
        async with self._database.session() as session:
            message, revisions = await changes.of_runs(session, self._workspaces, self._since)
        message.runs = [run for run in message.runs if self._told.get(run.id) != run.revision]
        gone, message.deleted = set(message.deleted), [i for i in message.deleted if i not in self._gone]
        self._since, self._told, self._gone = message.now, revisions, gone
        if not message.runs and not message.deleted and not message.resync:
            return None
        return frame("runs", message.now.isoformat(), "runs", message)
