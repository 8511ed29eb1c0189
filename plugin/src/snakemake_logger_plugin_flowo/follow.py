"""The ends of logs that somebody watches: a thread that waits until the server asks, and brings what is added.

The server names a job, an attempt and an index, and never a path; read is only what the run declared. One request
waits at the server for half a minute at a time; while somebody watches, files are looked at twice a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from snakemake_logger_plugin_flowo import peek
from snakemake_logger_plugin_flowo.connection import Answer, Connection, Unreachable

if TYPE_CHECKING:
    from snakemake_logger_plugin_flowo.attend import Attendant
    from snakemake_logger_plugin_flowo.config import Target

WAIT = 25  # s that a request waits at the server
FIRST = 1.0  # s before the first one: a run that is over by then needs none
PACE = 0.4  # s between two looks at the files
ASK_AGAIN = 1.0  # s after which the server is asked whether somebody still watches, news or none
RATE = 256 * 1024  # bytes/s that are sent at most, all logs together
MOST = 8  # logs at a time
KEPT = 20_000  # jobs whose logs are remembered; of the others nothing is read
LONGEST_BACKOFF = 30.0  # s
UNKNOWN = 300.0  # s until a server that refuses, or does not know what we ask, is asked again
PIECE = 16 * 1024  # characters that are searched for secrets at a time
READ_TIMEOUT = 2.0  # s for the files of one look
CLUSTER = -1


Key = tuple[int, int, int]  # job, attempt, index of the log
Wish = dict[str, Any]
Part = dict[str, Any]


class Declared(NamedTuple):
    at: float  # when the attempt began
    logs: list[str]


class _Later(Exception):
    """Nothing comes of it now. `seconds`: until it may, when that is known."""

    def __init__(self, seconds: float | None = None) -> None:
        super().__init__()
        self.seconds = seconds


class Follower:
    """`target` tells which server was reached last, `attempts` which attempt each job is in; `owner`: whose files ours
    are where the record lies; `clean` takes secrets out of a text."""

    def __init__(
        self,
        run_id: str,
        directory: Path,
        attendant: Attendant,
        attempts: Mapping[int, int],
        target: Callable[[], Target | None],
        owner: int,
        clean: Callable[[str], str],
    ) -> None:
        self._path = f"/api/ingest/v1/runs/{run_id}"
        self._directory = directory
        self._attendant = attendant
        self._attempts = attempts
        self._target = target
        self._clean = clean
        self._owners = frozenset((os.geteuid(), owner))
        self._declared: dict[int, Declared] = {}
        self._cluster: dict[int, str] = {}
        self._seen: dict[Key, peek.Seen] = {}
        self._told: dict[Key, tuple[Any, ...]] = {}  # what the server was told last of each log
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._connection: Connection | None = None
        self._watched = False
        self._reading: threading.Event | None = None  # a look that has not come back
        self._failures = 0

    # Called in Snakemake's listener thread; once it has begun, also in its main one.

    @property
    def begun(self) -> bool:
        return self._thread is not None

    def declared(self, job: int, at: float, logs: list[str]) -> None:
        """An attempt of the job began, and these are its logs."""
        self._cluster.pop(job, None)
        if not logs and job not in self._declared:
            return
        self._declared.pop(job, None)
        self._declared[job] = Declared(at, logs)
        while len(self._declared) > KEPT:
            del self._declared[next(iter(self._declared))]
        self._start()

    def submitted(self, jobs: list[int], log: str, at: float) -> None:
        """The cluster writes the output of these jobs there."""
        for job in jobs:
            self._cluster[job] = log
            self._declared.setdefault(job, Declared(at, []))
        while len(self._cluster) > KEPT:
            del self._cluster[next(iter(self._cluster))]
        self._start()

    def _start(self) -> None:
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._run, name="flowo-follower", daemon=True)
            self._thread.start()

    # Called in the main thread.

    def close(self) -> None:
        """Snakemake ends: no request waits any longer. Who watches gets the last lines, if they go at once."""
        self._closing.set()
        connection = self._connection
        if connection is not None and not self._watched:
            connection.abort()

    def join(self, timeout: float) -> None:
        """Give the last lines a moment, if there is somebody to see them."""
        if self._thread is not None and self._watched:
            self._thread.join(timeout)
        if self._connection is not None:
            self._connection.abort()

    # The thread.

    def _run(self) -> None:
        pause = FIRST
        while not self._closing.wait(pause):
            try:
                pause = self._once()
                self._failures = 0
            except Exception as error:  # of a broken server as well; it is no concern of the run's
                seconds = error.seconds if isinstance(error, _Later) else None
                self._failures += 1
                self._hang_up()
                longest = min(LONGEST_BACKOFF, 2.0 ** min(self._failures - 1, 10))
                pause = (seconds if seconds is not None else longest) * random.uniform(0.8, 1.2)
        self._hang_up()

    def _once(self) -> float:
        """Wait until something is wanted, and bring it as long as it is; how long to pause then."""
        begun = time.monotonic()
        wishes = self._ask("GET", f"/requests?wait={WAIT}", None, WAIT + 10.0)
        if not wishes and time.monotonic() - begun < 1.0 and not self._closing.is_set():
            raise _Later  # it did not wait: nothing of ours, or it would be asked without a pause
        asked = 0.0
        try:
            while wishes:
                self._watched = True
                parts, size = self._look(wishes)
                if self._is_news(parts) or time.monotonic() - asked > ASK_AGAIN:
                    wishes = self._bring(parts)
                    asked = time.monotonic()
                if self._closing.wait(max(PACE, size / RATE)):
                    with contextlib.suppress(_Later):
                        self._bring(self._read(wishes)[0], timeout=0.5)
                    break
        finally:
            self._watched = False
            self._seen.clear()
            self._told.clear()
        return 0.0

    def _is_news(self, parts: list[Part]) -> bool:
        told = {
            (part["job"], part["attempt"], part["log"]): (
                part["state"], part.get("note"), part.get("file"), part.get("offset", 0) + part.get("length", 0),
            )
            for part in parts
        }  # fmt: skip
        before, self._told = self._told, told
        return told != before

    def _bring(self, parts: list[Part], timeout: float = 10.0) -> list[Wish]:
        body = json.dumps({"parts": parts}, ensure_ascii=False).encode("utf-8", "replace")
        return self._ask("POST", "/logs", body, timeout)

    def _ask(self, method: str, path: str, body: bytes | None, timeout: float) -> list[Wish]:
        """What the server wants; raises _Later."""
        try:
            if self._connection is None:
                target = self._target()
                if target is None:
                    raise _Later
                self._connection = Connection(target)
            headers = {"Content-Type": "application/json"} if body is not None else None
            answer = self._connection.request(method, self._path + path, body, headers, timeout=timeout)
        except Unreachable:
            raise _Later from None
        if answer.status == 200:
            return _wishes(answer)
        if answer.status in (408, 425, 429) or (answer.status >= 500 and answer.status != 501):
            given = answer.headers.get("retry-after", "")
            raise _Later(min(float(given), UNKNOWN) if given.isdigit() else None)
        raise _Later(UNKNOWN)

    def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _look(self, wishes: list[Wish]) -> tuple[list[Part], int]:
        """`_read` by the bounded worker: a file system that hangs stops neither this thread nor the run."""
        if self._reading is not None and not self._reading.is_set():
            return _all_refused(wishes, "its file system does not answer"), 0
        done = self._reading = threading.Event()
        found: list[tuple[list[Part], int]] = []

        def task() -> list[Any]:
            try:
                found.append(self._read(wishes))
            finally:
                done.set()
            return []

        if not self._attendant.ask(task):
            done.set()
            return _all_refused(wishes, "too much else waits to be read"), 0
        done.wait(READ_TIMEOUT)
        return found[0] if found else (_all_refused(wishes, "its file system does not answer"), 0)

    def _read(self, wishes: list[Wish]) -> tuple[list[Part], int]:
        """What was added to each log that is wanted, or why it is not read; and how many bytes."""
        parts: list[Part] = []
        left = RATE
        seen, self._seen = self._seen, {}
        for wish in wishes:
            key = (wish["job"], wish["attempt"], wish["log"])
            log = seen.get(key)
            if log is None or (log.offset, log.mark) != (wish["offset"], wish["file"]):
                log = peek.Seen(wish["offset"], wish["file"])  # it did not get, or has lost, what was sent
            self._seen[key] = log
            part: Part = dict(zip(("job", "attempt", "log"), key, strict=True))
            try:
                part |= log.more(self._place(*key), left)
                part["text"] = "".join(map(self._clean, _pieces(part["text"])))[: peek.WINDOW]
            except peek.Refused as why:
                part |= {"state": why.state, "note": why.note}
            left -= part.get("length", 0)
            parts.append(part)
        return parts, RATE - left

    def _place(self, job: int, attempt: int, log: int) -> peek.Place:
        """Where a log is, by what the run declared. Raises Refused for all else."""
        declared = self._declared.get(job)
        if declared is None:
            raise peek.Refused("unknown", "this run has not declared it")
        if attempt != self._attempts.get(job):
            raise peek.Refused("superseded", "another attempt writes there now")
        name = self._cluster.get(job) if log == CLUSTER else None
        if 0 <= log < len(declared.logs):
            name = declared.logs[log]
        if not name:
            raise peek.Refused("unknown", "this run has not declared it")
        return peek.Place(self._directory, name, declared.at, self._owners)


def _wishes(answer: Answer) -> list[Wish]:
    """The logs that are asked for, checked; what else a newer server may ask for is passed over."""
    try:
        items = json.loads(answer.body)["items"]
        assert isinstance(items, list)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise _Later(UNKNOWN) from None  # not a flowo server's answer
    found: list[Wish] = []
    for item in items:
        if not isinstance(item, dict) or item.get("kind") != "log":
            continue
        numbers = [item.get(name) for name in ("job", "attempt", "log")]
        offset = item.get("offset")
        if all(type(number) is int for number in numbers) and (offset is None or (type(offset) is int and offset >= 0)):
            found.append(dict(zip(("job", "attempt", "log"), numbers, strict=True)))
            found[-1] |= {"offset": offset, "file": str(item.get("file") or "")}
    return found[:MOST]


def _pieces(text: str) -> Iterator[str]:
    """The text in whole lines, some at a time: a search through all of it would hold Snakemake's threads up."""
    begin = 0
    while begin < len(text):
        end = text.rfind("\n", begin, begin + PIECE) + 1 or begin + PIECE
        yield text[begin:end]
        begin = end


def _all_refused(wishes: list[Wish], note: str) -> list[Part]:
    return [
        {"job": wish["job"], "attempt": wish["attempt"], "log": wish["log"], "state": "refused", "note": note}
        for wish in wishes
    ]  # fmt: skip
