"""The embedded PostgreSQL: made at first start, run beside one flowo, stopped with it, recovered after any crash."""

from __future__ import annotations

import contextlib
import logging
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO
from urllib.parse import quote

from flowo.db.binaries import MAJOR, Runner, is_postmaster, last_error, programs, runner_for, unpassable
from flowo.db.lease import Lease, alive, network_file_system
from flowo.errors import StartupError

log = logging.getLogger("flowo.database")

MiB = 1024 * 1024
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_MAX = 107  # bytes of sun_path on Linux, less the closing NUL
FIRST_START_FREE = 200 * MiB  # an empty cluster takes 39 MB, its write-ahead log grows to 64 MB at once
LATER_START_FREE = 48 * MiB
READY_S = 120.0  # recovery after a crash replays at most max_wal_size
RETRY_S = 20.0

# Few processes, no CPU when idle: 10 processes, 0.01 % of a core, most of it the look for tables that have changed a
# minute ago (6 ms; what it finds, queries are planned by), 21 MB (the defaults: 14, 0.05 %, 30 MB). Whoever asks for a
# page of a large run gets a second process while PostgreSQL reads: 40 ms become 25.
SETTINGS = """\
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 40
shared_buffers = 64MB
huge_pages = off
wal_level = minimal
max_wal_senders = 0
max_replication_slots = 0
max_wal_size = 512MB
min_wal_size = 64MB
wal_writer_delay = 10s
bgwriter_lru_maxpages = 0
bgwriter_delay = 10s
checkpoint_timeout = 30min
autovacuum_naptime = 1min
autovacuum_max_workers = 1
max_logical_replication_workers = 0
max_worker_processes = 4
max_parallel_workers = 4
max_parallel_workers_per_gather = 1
io_method = sync
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_line_prefix = '%m [%p] '
log_checkpoints = off
log_min_error_statement = panic  # statements hold people's data
"""
NOT_DURABLE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"

# Reads the end of a pipe whose other end only flowo holds. A line: flowo has stopped PostgreSQL itself. The end: flowo
# is gone, so PostgreSQL is stopped (SIGINT: "fast"). It holds the directory's lock too, so the next flowo waits for it.
# A postmaster told so while it recovers from the crash of one of its processes can stay for ever (seen with 18): then
# its immediate shutdown, and at last SIGKILL; the next start recovers.
WATCHER = """\
trap '' HUP INT TERM QUIT PIPE
read -r line && exit 0
kill -INT "$1" 2>/dev/null
n=0
while kill -0 "$1" 2>/dev/null && [ "$n" -lt 600 ]; do
  case "$n" in 80) kill -QUIT "$1" ;; 120) kill -KILL "$1" ;; esac
  sleep 0.1; n=$((n + 1))
done
"""


class Embedded:
    """PostgreSQL under `data_dir`/postgres. `durable=False` (tests) trades safety at a power cut for speed."""

    def __init__(self, data_dir: Path, *, lease: Lease | None = None, durable: bool = True) -> None:
        self.data_dir = Path(os.path.abspath(data_dir))
        self.durable = durable
        self.socket_dir: Path | None = None
        self.pid: int | None = None
        self._own_lease = lease is None
        self._lease = lease or Lease(self.data_dir)
        self._child: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None
        self._temporary_socket_dir: Path | None = None

    @property
    def _home(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def _cluster(self) -> Path:
        return self._home / "data"

    @property
    def log_path(self) -> Path:
        return self.data_dir / "postgres.log"

    def start(self) -> str:
        """The database's URL; raises StartupError with one line that says what is wrong and what to do."""
        prepare(self.data_dir)
        if self._own_lease:
            self._lease.take()
        try:
            self._start()
        except OSError as error:
            self.stop()
            raise StartupError(f"the embedded PostgreSQL cannot start: {error}") from error
        except BaseException:
            self.stop()
            raise
        return self.url

    @property
    def url(self) -> str:
        assert self.socket_dir is not None
        return f"postgresql+asyncpg://flowo@/postgres?host={quote(str(self.socket_dir), safe='/')}"

    def stop(self) -> None:
        """PostgreSQL's fast shutdown; its immediate one when that takes too long, and the next start recovers."""
        if self.pid is not None:
            for number, patience in ((signal.SIGINT, 2.5), (signal.SIGQUIT, 1.0), (signal.SIGKILL, 1.0)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
                if self._gone(self.pid, patience):
                    break
            self.pid = None
        if self._child is not None:
            self._child.wait()
            self._child = None
        self._release_watcher()
        if self._temporary_socket_dir is not None:
            shutil.rmtree(self._temporary_socket_dir, ignore_errors=True)
            self._temporary_socket_dir = None
        if self._own_lease:
            self._lease.release()

    def ended(self) -> int | None:
        """A descriptor, readable once PostgreSQL has ended, which the caller closes; None where there is none."""
        try:
            return os.pidfd_open(self.pid) if self.pid is not None else None
        except (AttributeError, OSError):
            return None

    def revive(self) -> None:
        """Starts PostgreSQL again after it ended by itself, at the same address."""
        if self._child is not None:
            self._child.wait()
        self.pid, self._child = None, None
        self._release_watcher()
        runner = runner_for(self._home)
        self._launch(programs(self.data_dir, runner), runner)
        self._watch(runner)

    def _release_watcher(self) -> None:
        if self._pipe is not None:
            with contextlib.suppress(OSError):
                os.write(self._pipe, b"stopped\n")
            os.close(self._pipe)
            self._pipe = None
        if self._watcher is not None:
            self._watcher.wait()
            self._watcher = None

    def _start(self) -> None:
        kind = network_file_system(self.data_dir)
        if kind is not None:
            log.warning(
                "%s is on a network file system (%s), where a database is slow and less safe: "
                "a --data-dir on a local disk is better",
                self.data_dir,
                kind,
            )
        runner = runner_for(self._home)
        if runner.user is not None:
            # Ours, and passable for PostgreSQL's user; folders above are somebody's and stay as they are.
            if self.data_dir.stat().st_uid == 0:
                self.data_dir.chmod(0o711)
            folder = unpassable(self.data_dir, runner)
            if folder is not None:
                raise StartupError(
                    f"PostgreSQL runs as the user {runner.user.pw_name}, who cannot pass through {folder}: "
                    "give a --data-dir elsewhere, e.g. /var/lib/flowo"
                )
        if not self._home.exists():
            self._home.mkdir(mode=0o700)
            runner.own(self._home)
        bin_dir = programs(self.data_dir, runner)
        first = self._check_cluster()
        self._check_space(first)
        if first:
            self._initialise(bin_dir, runner)
        if self._adopt():
            log.info("took over the PostgreSQL (pid %s) that an earlier flowo left", self.pid)
        else:
            self._configure(runner)
            self._launch(bin_dir, runner)
        self._watch(runner)

    def _check_cluster(self) -> bool:
        """Whether the data must be made first."""
        try:
            major = (self._cluster / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return True
        if major != MAJOR:
            raise StartupError(
                f"{self._cluster} holds data of PostgreSQL {major}, and this flowo brings {MAJOR}: "
                "move it over with that version's pg_dump, or give another --data-dir"
            )
        return False

    def _check_space(self, first: bool) -> None:
        need = FIRST_START_FREE if first else LATER_START_FREE
        free = shutil.disk_usage(self._home).free
        if free < need:
            raise StartupError(
                f"the disk of {self.data_dir} is full ({free // MiB} MB free, {need // MiB} MB needed): "
                "make room, or give another --data-dir"
            )

    def _initialise(self, bin_dir: Path, runner: Runner) -> None:
        new = self._home / "data.new"  # renamed when it is whole, so that a crash in between leaves no half cluster
        runner.can(["/bin/rm", "-rf", "--", new])
        command: list[str | Path] = [bin_dir / "initdb", "-D", new, "-U", "flowo", "-E", "UTF8", "--no-instructions"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]  # the same on every machine
        command += ["--auth-local=peer", "--auth-host=reject", "--set=max_connections=40", "--set=shared_buffers=64MB"]
        if not self.durable:
            command.append("--no-sync")
        with tempfile.TemporaryFile() as output:
            if runner.run(command, output) != 0:
                output.seek(0)
                raise StartupError(f"PostgreSQL's data could not be made: {last_error(output.read())}")
        if not runner.can(["/bin/mv", "-T", "--", new, self._cluster]):
            raise StartupError(f"{self._cluster} is in the way and holds no PostgreSQL data: move it away")

    def _configure(self, runner: Runner) -> None:
        """Settings are ours and written at each start, outside of what PostgreSQL's user may write."""
        self.socket_dir = self._socket_dir(runner)
        place = self.data_dir / "settings"
        place.mkdir(mode=0o755, exist_ok=True)
        place.chmod(0o755 if runner.user is not None else 0o700)
        me = pwd.getpwuid(os.geteuid()).pw_name
        (place / "pg_hba.conf").write_text("local all all peer map=flowo\n")
        (place / "pg_ident.conf").write_text('flowo "{}" flowo\n'.format(me.replace('"', '""')))
        text = SETTINGS + ("" if self.durable else NOT_DURABLE)
        text += f"unix_socket_directories = {literal(self.socket_dir)}\n"
        text += f"hba_file = {literal(place / 'pg_hba.conf')}\nident_file = {literal(place / 'pg_ident.conf')}\n"
        (place / "postgresql.conf").write_text(text)
        for file in place.iterdir():
            file.chmod(0o644 if runner.user is not None else 0o600)

    def _socket_dir(self, runner: Runner) -> Path:
        """Beside the data; where that path is too long or not plain, a folder for us alone in a runtime place."""
        beside = self._home / "socket"
        if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_MAX and plain(beside):
            if not beside.exists():
                beside.mkdir(mode=0o700)
                runner.own(beside)
            return beside
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        base = runtime if runner.user is None and runtime and os.access(runtime, os.W_OK) else tempfile.gettempdir()
        if len(base) > 60 or not plain(Path(base)):
            base = "/tmp"
        made = Path(tempfile.mkdtemp(prefix="flowo-", dir=base))  # 0700
        runner.own(made)
        self._temporary_socket_dir = made
        return made

    def _postmaster(self) -> tuple[int, list[str]] | None:
        """The pid and the lines of postmaster.pid."""
        try:
            lines = (self._cluster / "postmaster.pid").read_text().splitlines()
            return int(lines[0]), lines
        except (FileNotFoundError, ValueError, IndexError):
            return None

    def _adopt(self) -> bool:
        """A PostgreSQL of ours that outlived its flowo and its watcher is taken over if it answers, else stopped."""
        found = self._postmaster()
        if found is None:
            return False
        pid, lines = found
        if not alive(pid):
            return False  # PostgreSQL clears that away itself
        if not is_postmaster(pid, self._cluster):
            # The number went to another process; PostgreSQL would believe that one to be a postmaster of the same user.
            log.warning("removed the stale %s", self._cluster / "postmaster.pid")
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)
            return False
        self.pid = pid
        socket_dir = Path(lines[4]) if len(lines) > 4 and lines[4] else None
        if len(lines) > 7 and lines[7].strip() == "ready" and socket_dir and (socket_dir / SOCKET_NAME).exists():
            self.socket_dir = socket_dir
            if socket_dir.parent != self._home:
                self._temporary_socket_dir = socket_dir
            return True
        os.kill(pid, signal.SIGINT)
        if not self._gone(pid, 10):
            os.kill(pid, signal.SIGQUIT)
            self._gone(pid, 5)
        self.pid = None
        return False

    def _launch(self, bin_dir: Path, runner: Runner) -> None:
        settings = self.data_dir / "settings" / "postgresql.conf"
        command: list[str | Path] = [bin_dir / "postgres", "-D", self._cluster, "-c", f"config_file={settings}"]
        retry_until = time.monotonic() + RETRY_S
        while True:
            with self._open_log() as output:
                begin = output.tell()
                self._child = runner.start(command, stdout=output, stderr=output)
            self.pid = self._child.pid
            if self._ready():
                return
            self.pid, self._child = None, None
            said = self.log_path.read_bytes()[begin:]
            # Children of a killed postmaster take up to 2 s to notice; so long their shared memory is in the way.
            if not re.search(rb"shared memory block|lock file|still in use", said) or time.monotonic() > retry_until:
                raise StartupError(f"the embedded PostgreSQL did not start: {last_error(said)} ({self.log_path})")
            time.sleep(0.25)

    def _open_log(self) -> IO[bytes]:
        if self.log_path.exists() and self.log_path.stat().st_size > MiB:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        fd = os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        output = os.fdopen(fd, "ab", buffering=0)
        output.seek(0, os.SEEK_END)
        return output

    def _ready(self) -> bool:
        """False when it ended instead. postmaster.pid's eighth line says when connections are taken."""
        assert self._child is not None
        deadline = time.monotonic() + READY_S
        while self._child.poll() is None:
            found = self._postmaster()
            if found is not None and found[0] == self._child.pid and found[1][7:8] and found[1][7].strip() == "ready":
                return True
            if time.monotonic() > deadline:
                raise StartupError(f"the embedded PostgreSQL was not ready after {READY_S:.0f} s: see {self.log_path}")
            time.sleep(0.01)
        return False

    def _watch(self, runner: Runner) -> None:
        reading, self._pipe = os.pipe()
        lock = (self._lease.lock_fd,) if self._lease.lock_fd is not None else ()
        self._watcher = runner.start(
            ["/bin/sh", "-c", WATCHER, "flowo-watcher", str(self.pid)],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=lock,
        )
        os.close(reading)

    def _gone(self, pid: int, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self._child is not None and self._child.pid == pid:
                if self._child.poll() is not None:
                    return True
            elif not alive(pid):
                return True
            time.sleep(0.005)
        return False


def prepare(data_dir: Path) -> None:
    """The data directory, closed to others; as root passable (0711), for the user that runs PostgreSQL."""
    try:
        data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        if not os.access(data_dir, os.W_OK | os.X_OK):
            raise PermissionError(13, "it is not writable for you")
    except OSError as error:
        raise StartupError(
            f"the data directory {data_dir} cannot be used ({error.strerror}): give another --data-dir"
        ) from error


def plain(path: Path) -> bool:
    """Free of what a URL, PostgreSQL's list of folders or its quoting would take for its own."""
    return re.fullmatch(r"[A-Za-z0-9/._+@=~ -]+", str(path)) is not None


def literal(path: Path) -> str:
    return "'" + str(path).replace("\\", "\\\\").replace("'", "''") + "'"
