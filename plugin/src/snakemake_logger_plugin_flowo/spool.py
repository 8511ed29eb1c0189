"""The spool: one append-only file for a run, on disk before anything is sent, and what stands beside it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.mask import Mask

LINE_KEPT = 4_000_000  # bytes of one event at most
RESERVE = 32 * 1024  # bytes that are kept free beside a spool, for its last words on a disk that is full by then
_SUFFIX = ".jsonl"
_RESERVE = ".reserve"
_SEQ = b'{"seq":'  # how each line begins (wire.encode)


def uuid7(milliseconds: int | None = None, noise: int | None = None) -> str:
    """A time-ordered UUID (RFC 9562), of now and 80 random bits unless given; Python has none before 3.14."""
    milliseconds = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    noise = int.from_bytes(os.urandom(10), "big") if noise is None else noise
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (noise >> 68 & 0xFFF) << 64
    value |= 0b10 << 62 | noise & (1 << 62) - 1
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class Waiting(NamedTuple):
    """An event on its way into the file."""

    at: float
    line: str  # without its number and without secrets


class Due:
    """Whether something was written, for whoever a Ctrl-C may stop at any line: known in the line that counts it."""

    written = False


class Signal:
    """As `threading.Event`, for one who waits; but no Ctrl-C can leave it locked, for what sets it is one step."""

    def __init__(self) -> None:
        self._unset = threading.Lock()
        self._unset.acquire()

    def set(self) -> None:
        if self._unset.locked():
            with contextlib.suppress(RuntimeError):  # set by somebody else meanwhile
                self._unset.release()

    def is_set(self) -> bool:
        return not self._unset.locked()

    def clear(self) -> None:
        self._unset.acquire(blocking=False)

    def wait(self, timeout: float) -> bool:
        if not self._unset.acquire(timeout=timeout):
            return False
        self.set()
        return True


class Spool:
    """Appends events, each with its number, from any thread; a failing disk costs events, never the run."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self.fd = fd
        self.seq = 0  # of the last event in the file
        self.size = 0  # bytes of whole lines in the file
        self.lost = 0  # events that could not be written and are not told yet
        self.lost_ever = 0
        self.trouble: str | None = None
        self.mask = Mask()  # nothing is written that has not passed it
        self.moved = Signal()  # something new to send
        self._torn = False
        self._later: list[Waiting] = []
        self._lock = threading.RLock()  # a signal's handler may log, or end the run, amid a write

    @classmethod
    def create(cls, directories: list[Path], run_id: str, bound_for: str = "") -> Spool:
        """Open a new spool in the first of the directories that takes it, and register it as unsent."""
        trouble: OSError | None = None
        for directory in directories:
            try:
                directory.mkdir(parents=True, exist_ok=True, mode=0o700)
                path = directory.resolve() / f"{run_id}{_SUFFIX}"
                flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
                spool = cls(path, os.open(path, flags, 0o600))
            except OSError as error:
                trouble = error
                continue
            try:
                _reserve(path)
            except OSError as error:  # it takes the file and not a byte: a full disk
                trouble = error
                spool.close()
                _remove(path)
                continue
            register(path, bound_for)
            return spool
        raise trouble or OSError("no directory for the spool")

    def append(self, event: wire.Event, at: float) -> None:
        """Give the event its number and write it; what cannot be written is counted and told by a `gap` later."""
        self.extend([(event, at)])

    def end(self, event: wire.Event, at: float) -> None:
        """Append the last event. On a full disk there is the room that was kept for it, and for how much was lost."""
        _remove(self.path.with_suffix(_RESERVE))
        self.append(event, at)

    def later(self, line: str, at: float, due: Due) -> None:
        """Have a line of `wire.told` written along with the next event, since a write costs more than all else: for
        what says nothing without that one, which comes at once, and in which there can be no secret."""
        one = Waiting(at, line)
        with self._lock:
            self._later, due.written = [*self._later, one], True

    def extend(self, events: Sequence[tuple[wire.Event, float]]) -> None:
        """Append several events by one write, behind those that were to be written later."""
        self._put(self._ready(events), Due())

    def plain(self, line: str, at: float, due: Due) -> None:
        """Append a line of `wire.told` in which there can be no secret."""
        self._put([Waiting(at, line)], due)

    def told(self, kind: type[wire.Event], fields: dict[str, Any], at: float, due: Due) -> None:
        """Append an event by those of its fields that do not equal their defaults: the event itself is made only
        where there may be a secret in it."""
        line = wire.told(kind.kind, fields, at)
        self._put([Waiting(at, line)] if self._passes(line) else self._ready([(kind(**fields), at)]), due)

    def _put(self, new: list[Waiting], due: Due) -> None:
        """All that waits, and these. All that takes its time is done before: Snakemake's own thread may wait here."""
        with self._lock:
            waiting = [*self._later, *new]
            if not waiting:
                return
            if self.lost:
                gap = wire.Gap(count=self.lost, reason=f"the spool could not be written: {self.trouble}")
                at = waiting[0].at
                if self._append([Waiting(at, wire.unnumbered(gap, at))], self._later, Due()):
                    self.lost = 0
            if self.lost or not self._append(waiting, [], due):
                lost, ever = self.lost + len(waiting), self.lost_ever + len(waiting)
                self.lost, self.lost_ever, self._later, due.written = lost, ever, [], True
        if not self.moved.is_set():
            self.moved.set()

    def sync(self) -> None:
        """Have the disk hold what was written; the sender calls it before it sends."""
        with contextlib.suppress(OSError):
            os.fdatasync(self.fd)

    def close(self) -> None:
        with self._lock, contextlib.suppress(OSError):
            if self.fd >= 0:
                os.close(self.fd)
                self.fd = -1

    def _passes(self, text: str) -> bool:
        try:
            return len(text) <= LINE_KEPT and self.mask.passes(text)
        except Exception:
            return False

    def _clean(self, event: wire.Event, written: str) -> wire.Event:
        try:
            return event if self.mask.passes(written) else self.mask.clean(event)
        except Exception as error:  # rather one event less than a secret more
            return wire.Gap(count=1, reason=f"secrets could not be looked for ({type(error).__name__})")

    def _ready(self, events: Sequence[tuple[wire.Event, float]]) -> list[Waiting]:
        """The lines of the events. All are looked at as one text, and one by one only if there is something in it."""
        found = [Waiting(at, _line(event, at)) for event, at in events]
        if self._passes("".join(one.line for one in found)):
            return found
        for place, (event, at) in enumerate(events):
            line = found[place].line
            clean = self._clean(event, line)
            if clean is not event:
                line = _line(clean, at)
            if len(line) > LINE_KEPT:
                line = _line(_shorter(clean), at)
            found[place] = Waiting(at, line)
        return found

    def _append(self, waiting: list[Waiting], later: list[Waiting], due: Due) -> bool:
        """Whole lines, or nothing of them. `later`: what then still waits."""
        seq = self.seq + len(waiting)
        data = "".join([wire.numbered(one.line, n) for n, one in enumerate(waiting, self.seq + 1)]).encode()
        before, behind = self.size, self.size + len(data)
        if due.written:  # by a signal's handler that ended the run meanwhile
            return True
        try:
            if self._torn:
                os.ftruncate(self.fd, before)
                self._torn = False
            written = os.write(self.fd, data)
            if written == len(data):
                self.seq, self.size, self._later, due.written = seq, behind, later, True
                return True
        except OSError as error:
            self.trouble = error.strerror or str(error)
            return False
        except BaseException:  # a Ctrl-C amid it, of which Python tells when the write is done
            if self.size == before:
                if os.fstat(self.fd).st_size == behind:
                    self.seq, self.size, self._later, due.written = seq, behind, later, True
                else:
                    self._torn = True
            raise
        self.trouble = "the disk is full"  # it took a part only: taken back, so that the file stays whole
        self._torn = True
        with contextlib.suppress(OSError):
            os.ftruncate(self.fd, before)
            self._torn = False
        return False


def _line(event: wire.Event, at: float) -> str:
    try:
        return wire.unnumbered(event, at)
    except Exception as error:  # an object in it that fails when it is asked for its text
        return wire.unnumbered(wire.Gap(count=1, reason=f"it cannot be written down ({type(error).__name__})"), at)


def _reserve(path: Path) -> None:
    """Take up room beside a spool with bytes that no file system makes smaller."""
    fd = os.open(path.with_suffix(_RESERVE), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if os.write(fd, os.urandom(RESERVE)) < RESERVE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError:
        _remove(path.with_suffix(_RESERVE))
        raise
    finally:
        os.close(fd)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _shorter(event: wire.Event) -> wire.Event:
    """The same event with less in its lists and texts, for one that is above the limit."""
    changes: dict[str, Any] = {}
    for name, value in vars(event).items():
        if isinstance(value, str) and len(value) > 16_384:
            changes[name] = value[:16_384] + "… (cut by flowo: the event was too large)"
        elif isinstance(value, list) and name in ("inputs", "outputs", "logs", "configfiles", "command"):
            changes[name] = [item[:2_048] if isinstance(item, str) else item for item in value[:1_000]]
            total = f"{name}_total"
            if total in event.defaults and getattr(event, total) is None and len(value) > 1_000:
                changes[total] = len(value)
        elif isinstance(value, dict) and len(value) > 50:
            changes[name] = {str(key)[:1_024]: str(item)[:1_024] for key, item in list(value.items())[:50]}
        elif isinstance(event, wire.Plan) and name == "jobs":
            kept = ("job", "rule", "needs", "wildcards")
            changes[name] = [{key: job[key] for key in kept if key in job} for job in value]
    return event.replace(**changes)


class Line(NamedTuple):
    seq: int
    data: bytes  # newline included
    end: int  # offset behind it in the file


def lines(fd: int, offset: int, limit: int | None = None) -> Iterator[Line]:
    """The whole lines from an offset on; what a crash tore or a disk spoiled is passed over."""
    rest = b""
    while limit is None or offset + len(rest) < limit:
        block = os.pread(fd, 256 * 1024, offset + len(rest))
        if not block:
            return
        rest += block
        begin = 0
        while (newline := rest.find(b"\n", begin)) >= 0:
            data, begin = rest[begin : newline + 1], newline + 1
            seq = number(data)
            if seq is not None:
                yield Line(seq, data, offset + begin)
        offset += begin
        rest = rest[begin:]


def number(line: bytes) -> int | None:
    """The seq of a line, or None when it is not a whole line of ours."""
    if not line.startswith(_SEQ) or not line.endswith(b"}\n"):
        return None
    digits = line[len(_SEQ) : line.find(b",", len(_SEQ), len(_SEQ) + 20)]
    return int(digits) if digits.isdigit() else None


class Ack:
    """How far a server has a spool: the content of the file `<run id>.ack` beside it."""

    def __init__(self, acked: int = 0, offset: int = 0, server: str = "", ended: bool = False) -> None:
        self.acked = acked
        self.offset = offset
        self.server = server
        self.ended = ended  # all of it, `run_ended` included
        self.updated = 0.0

    @classmethod
    def load(cls, spool: Path) -> Ack:
        ack = cls()
        try:
            data = json.loads(spool.with_suffix(".ack").read_bytes())
            ack.acked, ack.offset = int(data["acked"]), int(data["offset"])
            ack.server, ack.ended, ack.updated = str(data["server"]), bool(data["ended"]), float(data["updated"])
        except (OSError, ValueError, TypeError, KeyError):
            return cls()
        return ack

    def save(self, spool: Path) -> None:
        """Replace the file in one step; when it cannot be kept, the server drops what it gets twice."""
        self.updated = time.time()
        target = spool.with_suffix(".ack")
        temporary = target.with_suffix(f".ack-{os.getpid()}")
        with contextlib.suppress(OSError):
            temporary.write_text(json.dumps({"uid": os.getuid(), **vars(self)}))
            temporary.replace(target)


def state_home() -> Path:
    """Where this user's programs keep state (XDG): the registry, and spools that had no other place."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state") / "flowo"


def registry() -> Path:
    return state_home() / "unsent"


def sent() -> Path:
    """The notes of spools that a server has said to have completely, as long as they are kept."""
    return state_home() / "sent"


def register(spool: Path, bound_for: str = "", *, among: Callable[[], Path] = registry) -> None:
    """Note that this spool has something to send, and where to: for `flowo sync --all` and a server that starts."""
    with contextlib.suppress(OSError, RuntimeError):
        place = among()
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        note = json.dumps({"spool": str(spool), "bound_for": bound_for})  # ASCII: any path survives
        (place / spool.stem).write_text(note)


def unregister(spool: Path) -> None:
    """Nothing of this spool is left to send, nor is anything added to it."""
    with contextlib.suppress(RuntimeError):
        _remove(registry() / spool.stem)
    _remove(spool.with_suffix(_RESERVE))  # of a run that was killed


def registered(bound_for: str | None = None, *, among: Callable[[], Path] = registry) -> list[Path]:
    """The spools in the registry that are still there (for one server, or all); notes of others are removed."""
    found: list[Path] = []
    with contextlib.suppress(OSError, RuntimeError):
        for note in sorted(among().iterdir()):
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                noted = json.loads(note.read_text())
                path = Path(noted["spool"])
                if not ours(path):
                    if path.parent.is_dir() and not path.exists():
                        note.unlink()
                elif bound_for is None or noted["bound_for"] == bound_for:
                    found.append(path)
    return found


def in_directory(directory: Path) -> list[Path]:
    """The spools of this user in `directory` or in its `.snakemake/flowo`, oldest first."""
    found: list[Path] = []
    for place in (directory, directory / ".snakemake" / "flowo"):
        with contextlib.suppress(OSError):
            found += [path.resolve() for path in sorted(place.iterdir()) if path.suffix == _SUFFIX and ours(path)]
    return found


def ours(path: Path) -> bool:
    """Whether it is a regular file of this user; nobody sends another user's spool."""
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid() and path.suffix == _SUFFIX


def header(path: Path) -> dict[str, object]:
    """The first event of a spool (`run_opened`), or nothing."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return {}
    try:
        first = next(lines(fd, 0), None)
        data = json.loads(first.data) if first else {}
        return data if isinstance(data, dict) else {}
    except (OSError, ValueError):
        return {}
    finally:
        os.close(fd)


def prune(directory: Path, keep_days: float) -> None:
    """Remove the spools of this user in a directory that a server has had completely for some days."""
    oldest = time.time() - keep_days * 86_400
    for path in in_directory(directory):
        ack = Ack.load(path)
        if ack.ended and ack.updated < oldest:
            _remove(path)
            _remove(path.with_suffix(".ack"))
            unregister(path)
            with contextlib.suppress(RuntimeError):
                _remove(sent() / path.stem)
