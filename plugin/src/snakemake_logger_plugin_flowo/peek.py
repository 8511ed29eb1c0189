"""Reads on in log files that grow: regular files of this user alone, opened without blocking, a little at a time."""

from __future__ import annotations

import codecs
import os
import re
import stat
from pathlib import Path
from typing import Any, NamedTuple

WINDOW = 256 * 1024  # bytes of the end that are of interest; who is farther behind goes on near the end
BLOCK = 128 * 1024  # bytes of one log that are read at a time
SKEW = 60.0  # s that a file server's clock may be behind ours
LINE = 8 * 1024  # bytes of a line without an end that are waited for
_LINE_END, _BLANK = re.compile(rb"[\r\n]"), re.compile(rb"[\s\0]+")
_BEFORE = 64  # bytes that are compared, to notice a file that was cut and has grown again
_NOT_FILES = ("/proc/", "/sys/", "/dev/")  # what looks like a regular file there is none


class Refused(Exception):
    """Why a log is not read: `state` for programs, the message for people."""

    def __init__(self, state: str, note: str | None = None) -> None:
        super().__init__(note or state)
        self.state = state
        self.note = note


class Place(NamedTuple):
    """A log as it was declared, and what must hold for it to be one."""

    directory: Path
    name: str
    since: float  # when its attempt began, seconds since the epoch: what was written before is not its log
    owners: frozenset[int]


class Seen:
    """How far one log was read. `mark` tells one file from the next under the same name; both as told to a server."""

    def __init__(self, offset: int | None = None, mark: str = "") -> None:
        self.offset = offset
        self.mark = mark
        self._before = b""
        self._size: int | None = None  # at the last look
        self._first: tuple[int, int, float] | None = None  # inode, size, mtime when first looked at

    def more(self, place: Place, most: int) -> dict[str, Any]:
        """What has been added, as a part for the server: `state`, and for what was read the rest. Raises Refused."""
        fd, status = _opened(place)
        try:
            self._must_be_new(place, status)
            size = status.st_size
            anew = self._is_another(fd, status)
            offset = 0 if anew or self.offset is None else self.offset
            if anew or size - offset > WINDOW:
                offset = max(0, size - WINDOW)
            whole_line = offset > 0 and offset != self.offset
            data = os.pread(fd, max(0, min(most, BLOCK, size - offset)), offset)
            if whole_line:
                skipped = torn(data)
                offset, data = offset + skipped, data[skipped:]
            if size != self._size or offset + len(data) < size:
                # A line that is being written is told when it is whole, or grows no more: secrets are found in lines.
                end = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
                data = data[:end] if len(data) - end < LINE else data
            self._size = size
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            text = decoder.decode(data)
            length = len(data) - len(decoder.getstate()[0])  # a character of which the rest is to come
            self._before = (self._before if offset == self.offset else b"") + data[:length]
            self._before = self._before[-_BEFORE:]
            self.offset = offset + length
            return {
                "state": "read", "file": self.mark, "offset": offset, "length": length, "text": text, "size": size,
            }  # fmt: skip
        except OSError as error:
            raise Refused("refused", f"cannot be read: {error.strerror}") from error
        finally:
            os.close(fd)

    def _must_be_new(self, place: Place, status: os.stat_result) -> None:
        look = (status.st_ino, status.st_size, status.st_mtime)
        self._first = self._first or look
        if status.st_mtime < place.since - SKEW and look == self._first:
            raise Refused("missing", "it was not written since this attempt began")

    def _is_another(self, fd: int, status: os.stat_result) -> bool:
        """Whether this is not the file that was read before, or was cut since."""
        file = f"{status.st_dev:x}-{status.st_ino:x}-"
        if self.offset is not None and self.mark.startswith(file) and self.offset <= status.st_size:
            before = self._before
            if os.pread(fd, len(before), self.offset - len(before)) == before:
                return False
        cuts = self.mark.rpartition("-")[2]
        self.mark = f"{file}{int(cuts) + 1 if cuts.isdigit() else 0}"
        self._before = b""
        return True


def torn(data: bytes) -> int:
    """How many bytes the end of a line has, of which the beginning was not read: half a secret is none to be found.

    A progress bar may be one line of any length: of a very long one the end of a word goes only, or nothing."""
    found = _LINE_END.search(data, 0, LINE) or _BLANK.search(data)
    return found.end() if found and found.start() < LINE else 0


def _opened(place: Place) -> tuple[int, os.stat_result]:
    try:
        path = os.path.realpath(place.directory / place.name)
        if not os.path.exists(path) and place.name.endswith(")") and " (" in place.name:  # Snakemake's: `x (pipe)`
            path = os.path.realpath(place.directory / place.name.rpartition(" (")[0])
        if path.startswith(_NOT_FILES):
            raise Refused("refused", "not a regular file")
        if not stat.S_ISREG(os.stat(path).st_mode):  # asked before opening: a device may act on being opened
            raise Refused("refused", "not a regular file")
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise Refused("missing") from None
    except (OSError, ValueError) as error:
        raise Refused("refused", f"cannot be read: {getattr(error, 'strerror', None) or error}") from error
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise Refused("refused", "not a regular file")
        if status.st_uid not in place.owners:
            raise Refused("refused", "it belongs to another user")
    except BaseException:
        os.close(fd)
        raise
    return fd, status
