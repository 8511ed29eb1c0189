"""Reads other files for the record (git, logs of failed jobs) in a thread of its own, within bounds."""

from __future__ import annotations

import contextlib
import os
import queue
import stat
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from snakemake_logger_plugin_flowo import wire

WAITING = 500  # tasks in the queue at most
LOGS_OF_A_JOB = 5
GIT_TIMEOUT = 5.0  # s for each question to git

Task = Callable[[], list[wire.Event]]


class Attendant:
    """A bounded queue and one thread, which starts with the first task; results go to `deliver`."""

    def __init__(self, deliver: Callable[[wire.Event], None]) -> None:
        self._deliver = deliver
        self._tasks: queue.Queue[Task | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._closed = False

    def ask(self, task: Task) -> bool:
        """Queue a task; False when there are too many of them."""
        if self._closed:
            return False
        try:
            self._tasks.put_nowait(task)
        except queue.Full:
            return False
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="flowo-attendant", daemon=True)
            self._thread.start()
        return True

    def close(self, timeout: float) -> None:
        """Let it finish what is queued, for a moment; what takes longer is left."""
        self._closed = True
        if self._thread is None:
            return
        with contextlib.suppress(queue.Full):
            self._tasks.put_nowait(None)
        self._thread.join(timeout)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            with contextlib.suppress(Exception):  # a file that cannot be read is not the run's concern
                for event in task():
                    self._deliver(event)
            if self._closed and self._tasks.empty():
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


def snapshots(
    job: int, attempt: int, logs: list[str], directory: Path, kept: int, newest: Callable[[int], int]
) -> list[wire.Event]:
    """The tails of a failed job's log files as they are now; `newest` tells which attempt the job is in by then."""
    events: list[wire.Event] = []
    for log in logs[:LOGS_OF_A_JOB]:
        tail, size, note = tail_of(directory, log, kept)
        if newest(job) > attempt:
            late = f"attempt {attempt + 1} had begun before this was read"
            note = f"{note}; {late}" if note else late
        events.append(wire.LogSnapshot(job=job, attempt=attempt, path=log, tail=tail, size=size, note=note))
    return events


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
    if start:  # begin with a whole line, if there is one
        data = data[data.find(b"\n") + 1 :]
    return data.decode(errors="replace"), status.st_size, None
