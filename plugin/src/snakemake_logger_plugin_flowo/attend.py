"""Reads other files for the record (git, what a failed job leaves) in a thread of its own, within bounds."""

from __future__ import annotations

import contextlib
import os
import queue
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.peek import torn

WAITING = 500  # tasks in the queue at most
HANDS = 4  # threads, of which all but one hang
STUCK_AFTER = 10.0  # s that a task may take before another thread takes over
GIT_TIMEOUT = 5.0  # s for each question to git

Task = Callable[[], Iterable[wire.Event]]
Missed = Callable[[str], list[wire.Event]]


class Hand:
    """A thread of the attendant, and what it is at."""

    def __init__(self) -> None:
        self.thread: threading.Thread | None = None
        self.since: float | None = None  # that it has been at its task
        self.missed: Missed | None = None  # of that task
        self.told = False  # that it was missed


class Attendant:
    """A bounded queue and a thread, which starts with the first task; results go to `deliver` as they come.

    A task that hangs (a file system may) is left to its thread, and another one takes over, a few times.
    """

    def __init__(self, deliver: Callable[[list[wire.Event]], None]) -> None:
        self._deliver = deliver
        self._tasks: queue.Queue[tuple[Task, Missed | None] | None] = queue.Queue(WAITING)
        self._hands: list[Hand] = []
        self._closed = False

    def ask(self, task: Task, missed: Missed | None = None) -> bool:
        """Queue a task; False when there are too many. `missed`: what to tell, given the reason, if it is not done."""
        if self._closed:
            return False
        try:
            self._tasks.put_nowait((task, missed))
        except queue.Full:
            if missed is not None:
                self._deliver(missed("too much else waited to be read"))
            return False
        finally:
            since = self._hands[-1].since if self._hands else None
            stuck = since is not None and time.monotonic() - since > STUCK_AFTER
            if not self._hands or (stuck and len(self._hands) < HANDS):
                self._begin()
        return True

    def close(self, timeout: float) -> None:
        """Let it finish what is queued, for a moment; what takes longer is left, and told."""
        self._closed = True
        if not self._hands:
            return
        with contextlib.suppress(queue.Full):
            self._tasks.put_nowait(None)
        self._wait(timeout)
        if self._hands[-1].since is not None and len(self._hands) < HANDS:
            self._begin()  # what waits need not suffer from one that hangs
            self._wait(min(timeout, 0.3))
        left: list[Missed | None] = []
        for hand in self._hands:
            if hand.since is not None:
                hand.told = True
                left.append(hand.missed)
        with contextlib.suppress(queue.Empty):
            while True:
                task = self._tasks.get_nowait()
                left.append(task[1] if task is not None else None)
        for missed in left:
            if missed is not None:
                self._deliver(missed("Snakemake ended before it could be read"))

    def _wait(self, timeout: float) -> None:
        thread = self._hands[-1].thread
        assert thread is not None
        thread.join(timeout)

    def _begin(self) -> None:
        hand = Hand()
        hand.thread = threading.Thread(target=self._work, args=(hand,), name="flowo-attendant", daemon=True)
        self._hands.append(hand)
        hand.thread.start()

    def _work(self, hand: Hand) -> None:
        while (asked := self._tasks.get()) is not None:
            task, hand.missed = asked
            hand.since = time.monotonic()
            with contextlib.suppress(Exception):  # a file that cannot be read is not the run's concern
                found = task()
                for events in [found] if isinstance(found, list) else ([event] for event in found):
                    if hand.told:
                        return
                    self._deliver(events)
            hand.since = None
            if self._hands[-1] is not hand or (self._closed and self._tasks.empty()):
                return


def provenance(directory: Path) -> list[wire.Event]:
    """Commit, branch and dirty flag of the git work tree that holds the workflow; nothing outside of one."""
    commit = _git(directory, "rev-parse", "HEAD")
    if commit is None:
        return []
    branch = _git(directory, "symbolic-ref", "--short", "-q", "HEAD")
    changed = _git(directory, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules")
    remote = _git(directory, "config", "--get", "remote.origin.url")
    return [
        wire.Provenance(
            git_commit=commit,
            git_branch=branch or None,
            git_dirty=None if changed is None else bool(changed),
            git_remote=remote or None,
        )
    ]


def _git(directory: Path, *arguments: str) -> str | None:
    # No optional locks: the index of the user's repository stays as it is. No fsmonitor: it may start a program.
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-C", str(directory), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            timeout=GIT_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None


def tail_of(directory: Path, name: str, kept: int) -> tuple[str, int | None, str | None]:
    """The last `kept` bytes of a regular file as text, its size, and why there is nothing."""
    path = Path(os.path.realpath(directory / name))
    if not path.exists() and name.endswith(")") and " (" in name:  # Snakemake adds flags: `x.log (pipe)`
        path = Path(os.path.realpath(directory / name.rpartition(" (")[0]))
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # asked before opening: a device may act on being opened
            return "", None, "not a regular file"
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return "", None, "there is no such file"
    except OSError as error:
        return "", None, f"cannot be read: {error.strerror}"
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            return "", None, "not a regular file"
        start = max(0, status.st_size - kept)
        data = os.pread(fd, kept, start)
    except OSError as error:
        return "", None, f"cannot be read: {error.strerror}"
    finally:
        os.close(fd)
    if start:
        data = data[torn(data) :]
    return data.decode(errors="replace"), status.st_size, None
