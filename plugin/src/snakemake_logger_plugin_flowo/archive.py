"""Runs that were made without the plugin: what `.snakemake/log` and `.snakemake/metadata` still tell, as wire events.

The run's id and the numbers of its events follow from the log file alone, so importing it twice, or importing what was
followed before, adds nothing.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from snakemake_logger_plugin_flowo import config, ending, logfile, sources, translate, wire
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo.mask import mask_argv
from snakemake_logger_plugin_flowo.recorder import VERSION

SUFFIX = ".snakemake.log"
_STAMP = "%Y-%m-%dT%H%M%S.%f"
SAME_RUN = 10.0  # s between a log's first moment and a record's, in one directory
_ROUNDED = 1.5  # s that the log's whole seconds may differ from the metadata's
_METADATA_KEPT = 1 << 20  # bytes of one file
_NAME_KEPT = 254  # bytes of a file name, above which Snakemake makes folders (snakemake.persistence)
_ELAPSED = re.compile(r"Elapsed time: (?:(\d+) days?, )?(\d+):(\d+):(\d+(?:\.\d+)?)$")
_WELL = ("Complete log", "Nothing to be done")

Told = tuple[wire.Event, float]


class Log(NamedTuple):
    """A log file of Snakemake's, named after the local time at which the run began."""

    path: Path
    directory: Path
    started: float  # seconds since the epoch
    run_id: str


def logs(directory: Path) -> list[Log]:
    """The logs of a workflow's directory, oldest first."""
    directory = directory.resolve()
    found = []
    with contextlib.suppress(OSError):
        for path in sorted((directory / ".snakemake" / "log").iterdir()):
            with contextlib.suppress(ValueError):
                if path.name.endswith(SUFFIX) and path.is_file():
                    started = dt.datetime.strptime(path.name.removesuffix(SUFFIX), _STAMP).astimezone().timestamp()
                    found.append(Log(path, directory, started, _run_id(path, started)))
    return found


def _run_id(path: Path, started: float) -> str:
    """The same for the same file of the same user, and in time's order like those that the plugin makes."""
    noise = hashlib.sha256(f"{os.getuid()}\0{path}".encode(errors="surrogateescape")).digest()
    return spools.uuid7(milliseconds=int(started * 1000), noise=int.from_bytes(noise[:10], "big"))


def records(directory: Path) -> dict[str, float]:
    """The ids of the records that the plugin itself made of this directory's runs, where their files are still there,
    and when those began."""
    found: dict[str, float] = {}
    for path in spools.in_directory(directory):
        head = spools.header(path)
        at = head.get("at")
        if not head.get("imported") and isinstance(at, int | float):
            found[path.stem] = float(at)
    return found


def recorded(log: Log, among: dict[str, float] | None = None) -> str | None:
    """The id of the plugin's own record of this run."""
    begun = records(log.directory) if among is None else among
    return next((run_id for run_id, at in begun.items() if abs(at - log.started) < SAME_RUN), None)


def writers(paths: Iterable[Path]) -> dict[Path, int]:
    """The processes that have these files open to write; without those of another user or host."""
    wanted: dict[tuple[int, int], Path] = {}
    for path in paths:
        with contextlib.suppress(OSError):
            status = os.stat(path)
            wanted[status.st_dev, status.st_ino] = path
    found: dict[Path, int] = {}
    with contextlib.suppress(OSError):
        for process in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            found |= dict.fromkeys(_written(process, wanted), process)
    return found


def writer(path: Path, before: int | None = None) -> int | None:
    """The process that has a file open to write, if any. `before`: which one it was, so that it is asked first."""
    if before is not None:
        with contextlib.suppress(OSError):
            status = os.stat(path)
            if _written(before, {(status.st_dev, status.st_ino): path}):
                return before
    return writers([path]).get(path)


def _written(process: int, wanted: dict[tuple[int, int], Path]) -> list[Path]:
    """Which of the files, by device and inode, a process has open to write."""
    found: list[Path] = []
    with contextlib.suppress(OSError):
        for fd in os.listdir(f"/proc/{process}/fd"):
            with contextlib.suppress(OSError, ValueError, StopIteration):
                status = os.stat(f"/proc/{process}/fd/{fd}")
                if (path := wanted.get((status.st_dev, status.st_ino))) is not None and _to_write(process, fd):
                    found.append(path)
    return found


def _to_write(process: int, fd: str) -> bool:
    lines = Path(f"/proc/{process}/fdinfo/{fd}").read_text().splitlines()
    flags = next(line for line in lines if line.startswith("flags:"))
    return int(flags.split()[1], 8) & os.O_ACCMODE != os.O_RDONLY


class Telling:
    """Turns the growing text of one log into numbered events; the same text gives the same events."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.outcome: str | None = None  # as far as the text told by now
        self._reader = logfile.Reader(log.started)
        self._translator = translate.Translator()
        self._early: list[logfile.Record] = []
        self._opened = False
        self._interrupted = self._well = False
        self._gave_up: str | None = None  # what it said when it left the rest; of a program's run no error follows
        self._error: wire.Error | None = None
        self._last = ""  # the kind of the last record
        self._elapsed: float | None = None
        self._starts: dict[int, float] = {}
        self._outputs: dict[int, tuple[str, list[str]]] = {}

    def feed(self, line: str) -> list[Told]:
        return self._tell(self._reader.feed(line))

    def idle(self) -> list[Told]:
        return self._tell(self._reader.idle())

    def end(self, ended_at: float) -> list[Told]:
        """All that is left, and how it ended, where the text says so: `ended_at` is when the file was last written."""
        told = self._tell(self._reader.end())
        if not self._opened and not self._early:
            return told  # it says nothing
        told += self._open() + [(event, self._reader.at) for event in self._translated_rest()]
        if self._last == "error" and self._error is not None:
            self.outcome = "interrupted" if self._interrupted else "failed"
        elif self._interrupted or self._gave_up:
            self.outcome = "interrupted" if self._interrupted else "failed"
            self._error = wire.Error(message=self._gave_up) if self._gave_up else None
        elif self._well:
            self.outcome = "succeeded"
        if self.outcome is not None:
            at = self.log.started + self._elapsed if self._elapsed is not None else ended_at
            failed = self.outcome != "succeeded" and self._error is not None
            told.append((
                wire.RunEnded(
                    outcome=self.outcome,
                    exception=self._error.exception if failed and self._error else None,
                    message=self._error.message if failed and self._error else None,
                ),
                max(at, self._reader.at),
            ))  # fmt: skip
        return told

    def _translated_rest(self) -> list[wire.Event]:
        rest = self._translator.rest()
        for event in rest:
            if isinstance(event, wire.Error):
                self._error = event
        return rest

    def _tell(self, records: list[logfile.Record]) -> list[Told]:
        told: list[Told] = []
        for record in records:
            if record.event == "workflow_started" and not self._opened:
                self._early.insert(0, record)
                told += self._open(record)
            elif not self._opened and record.event is None:
                self._early.append(record)  # what stands before the head belongs behind it
            else:
                told += self._open() + self._translated(record)
        return told

    def _open(self, head: Any = None) -> list[Told]:
        if self._opened:
            return []
        self._opened = True
        facts = vars(head) if head is not None else {}
        command = str(facts.get("cmd") or "").split()
        host = (record.msg[6:].strip() for record in self._early if record.msg.startswith("host: "))  # up to 9.21
        opened = wire.RunOpened(
            plugin_version=VERSION,
            host=str(facts.get("host") or next(host, "")),
            user=str(facts.get("user") or _owner(self.log.path)),
            directory=str(self.log.directory),
            command=mask_argv(command),
            touch="--touch" in command or "-t" in command,
            imported=True,
            workspace=config.workspace(),
        )
        if head is not None:
            text = str(facts.get("configfiles") or "").strip("[]")
            head.configfiles = [part.strip("'\"") for part in text.split(", ") if part]
        early, self._early = self._early, []
        told: list[Told] = [(opened, self.log.started)]
        for record in early:
            told += self._translated(record)
        return told

    def _translated(self, record: logfile.Record) -> list[Told]:
        text = record.msg
        self._last = record.event or "text"
        if record.event is None:
            self._interrupted = self._interrupted or text.startswith(translate.INTERRUPTED)
            self._well = self._well or text.startswith(_WELL)
            if text.startswith(ending.GAVE_UP):
                self._gave_up = text
            if match := _ELAPSED.match(text):
                days, hours, minutes, seconds = match.groups(default="0")
                self._elapsed = int(days) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(seconds)
        at = record.created
        if record.event == "job_info":
            at = self._begun(record)
        elif record.event == "job_finished":
            at = self._finished(record)
        elif record.event == "job_error":
            at = max(at, self._starts.get(record.jobid, 0.0))
        events = self._translator.translate(record)
        for event in events:
            if isinstance(event, wire.Error):
                self._error = event
        return [(event, at) for event in events]

    # Metadata: finer times and commands, where it is of this very attempt.

    def _begun(self, record: logfile.Record) -> float:
        self._starts[record.jobid] = record.created
        self._outputs[record.jobid] = (record.rule_name, record.output)
        kept = self._metadata(record.jobid)
        times = _times(kept)
        if times is None or not 0 <= times[0] - record.created < _ROUNDED:
            return float(record.created)
        record.shellcmd = record.shellcmd or kept.get("shellcmd")
        self._starts[record.jobid] = times[0]
        return times[0]

    def _finished(self, record: logfile.Record) -> float:
        times = _times(self._metadata(record.job_id))
        started = self._starts.get(record.job_id, 0.0)
        if times is not None and times[0] == started and abs(times[1] - record.created) < _ROUNDED:
            return times[1]
        return max(float(record.created), started)

    def _metadata(self, job: int) -> dict[str, Any]:
        """What Snakemake noted of the first output of a job; of its last making, whichever run that was."""
        rule, outputs = self._outputs.get(job, ("", []))
        if not outputs:
            return {}
        name = base64.urlsafe_b64encode(outputs[0].encode(errors="surrogateescape")).decode()
        parts = [name[i : i + _NAME_KEPT] for i in range(0, len(name), _NAME_KEPT)]
        path = self.log.directory / ".snakemake" / "metadata" / "/".join([*(f"@{p}" for p in parts[:-1]), parts[-1]])
        text, note = sources.read(path, _METADATA_KEPT)
        try:
            kept = json.loads(text) if text is not None and note is None else None
        except (ValueError, RecursionError):
            return {}
        return kept if isinstance(kept, dict) and kept.get("rule") == rule else {}


def _times(kept: dict[str, Any]) -> tuple[float, float] | None:
    """Start and end, where they are such (for `run:` and cluster jobs some versions note what cannot be)."""
    begun, ended = kept.get("starttime"), kept.get("endtime")
    if isinstance(begun, int | float) and isinstance(ended, int | float) and begun <= ended:
        return float(begun), float(ended)
    return None


def _owner(path: Path) -> str:
    with contextlib.suppress(OSError, KeyError):
        return path.owner()
    return ""


def events(log: Log) -> Iterator[Told]:
    """The events of a log that nobody writes to any more. Raises OSError where it cannot be read."""
    telling = Telling(log)
    with open(log.path, encoding="utf-8", errors="replace", newline="\n") as file:
        for line in file:
            yield from telling.feed(line.rstrip("\n"))
        yield from telling.end(os.fstat(file.fileno()).st_mtime)
