"""The thread that ships a run's spool while it grows; it waits, so that Snakemake never does."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

from snakemake_logger_plugin_flowo import config
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo.connection import Connection, Unreachable
from snakemake_logger_plugin_flowo.say import say
from snakemake_logger_plugin_flowo.shipment import DELETED, Outcome, Shipment, Step, close_shipment, open_shipment

INTERVAL = 0.25  # s between two batches
LONG_INTERVAL = 0.75  # s, once a run has moved for two seconds without a pause: a post takes 1.5 ms of CPU
_STEADY = 8  # batches without a pause between them
LINGER = 0.02  # s after the first event of a burst, so that the rest of it goes along
HEARTBEAT = 15.0  # s
LONGEST_BACKOFF = 30.0  # s
OWN_BACKOFF = 5.0  # s, when looking again costs a look at a file or a socket of this machine
PARKED = 300.0  # s after which somebody may have done something about it
LINE_WAITS = 1.0  # s for Snakemake's next record; after that it is not in the middle of a line
TO_SAY_SO = 0.1  # s of the time at the end that are left for what comes after the last answer
_ACK_KEPT = 2.0  # s between two writes of the acknowledged position


class Sender(threading.Thread):
    """Sends what the spool holds and the server lacks, beats the heart, brings along older spools."""

    def __init__(
        self, spool: spools.Spool, run_id: str, url: str | None, tick: Callable[[], None] | None = None
    ) -> None:
        super().__init__(name="flowo-sender", daemon=True)
        self.spool = spool
        self.run_id = run_id
        self.trouble: str | None = None  # why the last attempt failed
        self.target: config.Target | None = None  # the server that was reached last
        self.lines: collections.deque[str] = collections.deque()  # to be said by who can do so between two lines
        self.complete = threading.Event()  # closed, and either everything is sent or it is left
        self._url = url
        self._tick = tick
        self._shipment = Shipment(spool.path, spool.fd, run_id)
        self._connection: Connection | None = None
        self._closing = threading.Event()
        self._deadline = 0.0
        self._announced = False
        self._reached = False
        self._parked = False
        self._refused = False
        self._failures = 0
        self._next = 0.0  # monotonic: not before
        self._beat = 0.0
        self._kept = 0.0
        self._busy = 0
        self._leftovers: list[Path] | None = None
        self._told = 0.0

    @property
    def unsent(self) -> int:
        return max(0, self.spool.seq - self._shipment.acked)

    def close(self, timeout: float) -> bool:
        """Flush for at most `timeout` seconds; whether the server has everything."""
        self._deadline = time.monotonic() + timeout - TO_SAY_SO
        self._closing.set()
        self.spool.moved.set()
        if self.is_alive():
            self.complete.wait(max(0.0, timeout - TO_SAY_SO / 2))
        return not self.unsent

    def run(self) -> None:
        try:
            self._loop()
        except BaseException as error:
            self.trouble = f"the sender stopped ({type(error).__name__}: {error})"
        finally:
            self.speak()
            if self._closing.is_set():  # a program may run thousands of workflows
                self.spool.close()
            self.complete.set()

    def _loop(self) -> None:
        while True:
            if self._closing.is_set():
                self._flush()
                return
            self._wait()
            if self._closing.is_set():
                continue
            if self._tick is not None:
                self._tick()
            now = time.monotonic()
            if self.lines and now >= self._told + LINE_WAITS:
                self.speak()
            if now < self._next:
                continue
            if self.unsent:
                self._closing.wait(LINGER)
                self.spool.moved.clear()
                self._send()
            elif now >= self._beat:
                self._heartbeat()
            elif self._leftovers:
                self._bring_along()
            else:
                self._busy = 0
                self.spool.moved.clear()  # what it stood for went with the last batch

    def _wait(self) -> None:
        now = time.monotonic()
        if now < self._next:
            until = self._next
        elif self.unsent or self._leftovers:
            return
        else:
            until = self._beat if self._reached else now + OWN_BACKOFF
            if now - self._kept > _ACK_KEPT and self._shipment.acked:
                self._keep()
        if self._tick is not None:
            until = min(until, now + 1.0)
        if self.lines:
            until = min(until, self._told + LINE_WAITS)
        # While it has to wait anyway, new events must not wake it.
        waiting = self._closing if now < self._next else self.spool.moved
        waiting.wait(max(0.0, until - now))

    def _send(self, timeout: float | None = None) -> Outcome:
        self.spool.sync()
        outcome = self._attempt(lambda connection: self._shipment.step(connection, timeout=timeout))
        if outcome.step in (Step.SENT, Step.NOTHING):
            if outcome.step is Step.SENT and self._shipment.acked:
                self._arrived()
            more = self.unsent > 1_000  # a backlog goes without pauses
            interval = LONG_INTERVAL if self._busy > _STEADY else INTERVAL
            self._busy += 1
            self._next = time.monotonic() + (0.0 if more else interval)
            if time.monotonic() - self._kept > _ACK_KEPT:
                self._keep()
        return outcome

    def _arrived(self) -> None:
        self._beat = time.monotonic() + HEARTBEAT
        self._failures = 0
        self._parked = False
        self.trouble = None
        if not self._reached:
            self._reached = True
            if self._connection is not None:
                self.target = self._connection.target
            if self._leftovers is None:
                mine = self.spool.path
                self._leftovers = [path for path in spools.in_directory(mine.parent) if path != mine and _waiting(path)]
        self.announce()

    def _attempt(self, action: Callable[[Connection], Outcome]) -> Outcome:
        """Find the server, do it, and remember what a failure means."""
        try:
            if self._connection is None:
                self._connection = Connection(config.find(self._url))
            outcome = action(self._connection)
        except config.NoServer as error:
            outcome = Outcome(Step.LATER, str(error), reached=False)
        except config.ConfigError as error:
            outcome = Outcome(Step.PARKED, str(error), reached=False)
        if outcome.step in (Step.LATER, Step.PARKED):
            self._failed(outcome)
        return outcome

    def _failed(self, outcome: Outcome) -> None:
        local = self._connection is None or self._connection.target.socket is not None
        if self._connection is not None:
            self._connection.close()
            self._connection = None  # the next attempt looks anew where the server is
        self._reached = False
        self.trouble = outcome.reason
        self._failures += 1
        now = time.monotonic()
        self._refused = outcome.step is Step.PARKED and outcome.reached
        if outcome.step is Step.PARKED:
            self._next = now + PARKED
            if not self._parked and self._announced:
                self._tell(f"{outcome.reason}; recording goes on in {self.spool.path}")
            self._parked = True
        elif outcome.wait is not None:
            self._next = now + outcome.wait
        else:
            longest = min(LONGEST_BACKOFF, 0.5 * 2 ** min(self._failures - 1, 10))
            self._next = now + min(longest, OWN_BACKOFF if local else longest) * random.uniform(0.5, 1.0)
        self.announce()

    @property
    def unwanted(self) -> bool:
        """Somebody deleted the run on the server: nothing of it is taken any more, now or later."""
        return self.trouble == DELETED

    def announce(self) -> None:
        """The line at the start, once: where the run can be seen, or that nobody shows it yet."""
        if self._announced:
            return
        self._announced = True
        if self.target is not None:
            self._tell(f"recording this run, see {self.target.link(self.run_id)}")
        else:
            what = "the server does not take this run" if self._refused else "no server reached"
            self._tell(f"{what} ({self.trouble or 'no answer yet'}); recording to {self.spool.path}")

    def _tell(self, text: str) -> None:
        """Leave a line to the thread that writes Snakemake's, or it would come in the middle of one of those."""
        self._told = time.monotonic()
        self.lines.append(text)

    def speak(self) -> None:
        """Say what waits to be said; any thread may."""
        with contextlib.suppress(IndexError):
            while True:
                say(self.lines.popleft())

    def _heartbeat(self) -> None:
        if not self._shipment.acked:
            self._beat = time.monotonic() + HEARTBEAT
            return
        outcome = self._attempt(self._beat_once)
        if outcome.step is Step.SENT:
            self._arrived()

    def _beat_once(self, connection: Connection) -> Outcome:
        path = f"/api/ingest/v1/runs/{self.run_id}/heartbeat"
        try:
            answer = connection.request("POST", path, b"{}", {"Content-Type": "application/json"})
        except Unreachable as error:
            return Outcome(Step.LATER, str(error), reached=False)
        if answer.status in (200, 202, 204):
            return Outcome(Step.SENT)
        if answer.status == 404:  # a server that lost the run gets all of it again; its answer to that decides
            self._shipment.forget()
            return Outcome(Step.SENT)
        if answer.status in (408, 425, 429) or answer.status >= 500:
            return Outcome(Step.LATER, f"{connection.target.label} answers {answer.status}")
        return Outcome(Step.PARKED, f"{connection.target.label} answers {answer.status} to a heartbeat")

    def _bring_along(self) -> None:
        """One batch of an older spool of this directory, while there is nothing of our own to do."""
        assert self._leftovers
        path = self._leftovers[-1]
        try:
            shipment = open_shipment(path)
        except OSError:
            self._leftovers.pop()
            return
        shipment.gone = abandoned(path)
        try:
            outcome = Outcome(Step.SENT)
            while outcome.step is Step.SENT and not self.unsent and not self._closing.is_set():
                outcome = self._connection_step(shipment)
                if outcome.step is not Step.SENT:
                    self._leftovers.pop()  # all there, or not to be had now: the next run or `flowo sync` tries again
            label = self.target.label if self.target else ""
            shipment.keep(label, final=outcome.step is Step.NOTHING and shipment.gone)
        finally:
            close_shipment(shipment)

    def _connection_step(self, shipment: Shipment) -> Outcome:
        if self._connection is None:
            return Outcome(Step.LATER)
        return shipment.step(self._connection)

    def _flush(self) -> None:
        """The end: what is left goes now, within the time there is; a server that refuses gets no second chance."""
        if self._parked:
            self.announce()
            return
        while self.unsent:
            left = self._deadline - time.monotonic()
            if left <= 0:
                break
            outcome = self._send(timeout=left)
            if outcome.step is Step.SENT or outcome.step is Step.NOTHING:
                continue
            # gone, parked, or overloaded for longer than there is time
            wait = outcome.wait if outcome.wait is not None else 0.25
            gone = not outcome.reached and outcome.wait is None
            if outcome.step is Step.PARKED or gone or wait > self._deadline - time.monotonic():
                break
            time.sleep(wait)
        self._keep()
        self.announce()
        if self._connection is not None:
            self._connection.close()

    def _keep(self) -> None:
        self._kept = time.monotonic()
        if self.target is not None:
            self._shipment.keep(self.target.label)


def _waiting(path: Path) -> bool:
    """Whether an older spool has something to send and nobody else sends it."""
    ack = spools.Ack.load(path)
    return not ack.ended and not running(path)


def running(path: Path) -> bool:
    """Whether the Snakemake that writes this spool lives, as far as can be told from here."""
    facts = spools.header(path)
    if facts.get("host") != os.uname().nodename:
        return False  # cannot be told; what is sent twice is kept once
    if facts.get("boot_id") != config.boot_id():
        return False
    pid = facts.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return _started(pid) <= float(str(facts.get("at") or 0)) + 1.0  # else the number was given again


def abandoned(path: Path) -> bool:
    """Whether nobody writes to the spool any more: its process is gone, or it is another host's and long silent."""
    if spools.header(path).get("host") == os.uname().nodename:
        return True
    try:
        return path.stat().st_mtime < time.time() - 86_400
    except OSError:
        return False


def _started(pid: int) -> float:
    """When a process began, in seconds since the epoch; 0 when it cannot be told."""
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
        with open("/proc/stat") as file:
            boot = next(int(row.split()[1]) for row in file if row.startswith("btime"))
        return boot + ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, StopIteration):
        return 0.0
