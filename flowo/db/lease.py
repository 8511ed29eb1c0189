"""Who holds a data directory: one flowo, on this machine by a lock, across machines by a lease that beats."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flowo.errors import StartupError

BEAT_S = 10.0
STALE_S = 60.0
# What outlives a killed flowo by a moment is its watcher, which stops PostgreSQL and holds the lock until then.
PATIENCE_S = 20.0

# Where locks of another machine may not be seen, and a database's syncs may not mean what they say.
# fmt: off
NETWORK_FILE_SYSTEMS = frozenset({
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "lustre", "gpfs", "beegfs", "ceph", "panfs", "pvfs2",
    "orangefs", "wekafs", "ocfs2", "gfs2", "prl_fs", "vboxsf", "fuse.sshfs", "fuse.glusterfs", "fuse.ceph",
    "fuse.s3fs", "fuse.rclone", "fuse.juicefs", "fuse.quobyte", "fuse.beegfs",
})
# fmt: on


def boot_id() -> str | None:
    """Names this boot of this machine; containers of one machine share it. None where the system has no such number."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


def of_this_machine(holder: dict[str, Any]) -> bool:
    mine = boot_id()
    return holder.get("boot_id") == mine if mine else holder.get("host") == socket.gethostname()


def network_file_system(path: Path, mounts: str = "/proc/self/mountinfo") -> str | None:
    """The kind of network file system that holds `path`, or None where it is local or cannot be told."""
    try:
        lines = Path(mounts).read_text().splitlines()
    except OSError:
        return None
    path = path.resolve()
    best, kind = -1, None
    for line in lines:
        before, _, after = line.partition(" - ")
        point = Path(before.split(" ")[4].replace("\\040", " "))
        if path.is_relative_to(point) and len(point.parts) >= best:
            best, kind = len(point.parts), after.split(" ", 1)[0]
    return kind if kind in NETWORK_FILE_SYSTEMS else None


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Lease:
    """Held from `take()` to `release()`. `on_lost` is called, once, in a thread, when another machine took it."""

    def __init__(self, data_dir: Path, *, on_lost: Callable[[], None] | None = None) -> None:
        self.data_dir = data_dir
        self.path = data_dir / "lease.json"
        self.lock_fd: int | None = None
        self._on_lost = on_lost
        self._text = ""
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def take(self) -> None:
        """Raises StartupError when somebody else holds the directory."""
        fd = os.open(self.data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._lock(fd)
            self._wait_for_other_machine()
            mine = {"host": socket.gethostname(), "boot_id": boot_id(), "pid": os.getpid(), "at": time.time()}
            self._text = json.dumps(mine)
            write_atomic(self.path, self._text)
        except BaseException:
            os.close(fd)
            raise
        self.lock_fd = fd
        self._done.clear()
        self._thread = threading.Thread(target=self._beat, name="flowo-lease", daemon=True)
        self._thread.start()

    def release(self) -> None:
        if self.lock_fd is None:
            return
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        if self._holds():
            self.path.unlink(missing_ok=True)
        os.close(self.lock_fd)
        self.lock_fd = None

    def _lock(self, fd: int) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                holder = self._read()
                pid = holder.get("pid")
                here = of_this_machine(holder)
                if (here and isinstance(pid, int) and alive(pid)) or time.monotonic() > deadline:
                    raise StartupError(self._refusal(holder)) from None
            except OSError:  # a file system without locks: the lease alone decides
                return
            time.sleep(0.02)

    def _refusal(self, holder: dict[str, Any]) -> str:
        at = ""
        with contextlib.suppress(OSError, ValueError):
            server = json.loads((self.data_dir / "server.json").read_text())
            if server.get("pid") == holder.get("pid"):
                at = f" at {server['address']}"
        pid = f" (pid {holder['pid']} on {holder.get('host', '?')})" if "pid" in holder else ""
        return (
            f"flowo already serves {self.data_dir}{at}{pid}: use that one (`flowo open`), "
            "stop it first, or give another --data-dir"
        )

    def _wait_for_other_machine(self) -> None:
        """A lease of another boot counts while it beats; ages are read on the file system's own clock."""
        holder, beat = self._read(), self._mtime()
        if not holder or beat is None or of_this_machine(holder):
            return
        probe = self.data_dir / f".clock-{os.getpid()}"
        probe.touch()
        now = probe.stat().st_mtime
        probe.unlink()
        if now - beat > STALE_S:
            return
        deadline = time.monotonic() + BEAT_S * 1.5  # is it alive? one beat tells
        while time.monotonic() < deadline:
            later = self._mtime()
            if later is None:
                return
            if later != beat:
                raise StartupError(
                    f"flowo on {holder.get('host', 'another machine')} (pid {holder.get('pid', '?')}) holds "
                    f"{self.data_dir}: stop it there first, or give another --data-dir"
                )
            time.sleep(0.25)

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _mtime(self) -> float | None:
        try:
            # Opened, since NFS asks its server again at an open and not at a stat.
            with self.path.open() as file:
                return os.fstat(file.fileno()).st_mtime
        except OSError:
            return None

    def _holds(self) -> bool:
        try:
            return self.path.read_text() == self._text
        except OSError:
            return False

    def _beat(self) -> None:
        while not self._done.wait(BEAT_S):
            try:
                held = self.path.read_text() == self._text
                if held:
                    os.utime(self.path)
            except FileNotFoundError:
                held = False
            except OSError:
                continue  # a file system that hangs or is full now may come back
            if not held:
                if self._on_lost is not None:
                    self._on_lost()
                return


def write_atomic(path: Path, text: str, mode: int = 0o600) -> None:
    """The old or the new text, never a part of it, and never readable by others in between."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(fd, "w") as file:
        file.write(text)
    new.replace(path)
