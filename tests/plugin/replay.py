"""Reads the recordings and hands them to the real handler, as Snakemake would."""

from __future__ import annotations

import gzip
import json
import logging
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings

FOLDER = Path(__file__).parent.parent / "recordings"
NAMES = sorted(path.name.removesuffix(".jsonl.gz") for path in FOLDER.glob("*.jsonl.gz"))
# Recordings of commands that run nothing: no run may appear.
NO_RUN = {
    "cmd_d3dag", "cmd_dag", "cmd_deletealloutputn", "cmd_lint", "cmd_rulegraph", "cmd_summary", "report", "unlock",
}  # fmt: skip


def read(name: str) -> list[dict[str, Any]]:
    with gzip.open(FOLDER / f"{name}.jsonl.gz", "rt") as file:
        return [json.loads(line) for line in file]


def log_records(name: str) -> Iterator[logging.LogRecord]:
    for line in read(name):
        if line["kind"] == "record":
            yield log_record(line)


def log_record(line: dict[str, Any]) -> logging.LogRecord:
    """A LogRecord as the queue listener hands it out."""
    level = logging.getLevelName(line["level"])
    record = logging.LogRecord("snakemake.logging", level, "", 0, line["msg"], None, None)
    record.created, record.threadName = line["created"], line["thread"]
    if line["event"] is not None:
        record.event = line["event"]
    for attribute, described in line["extra"].items():
        value = described["value"]
        if described["type"] == "uuid.UUID":
            value = uuid.UUID(value.partition("'")[2].rstrip("')"))
        setattr(record, attribute, value)
    return record


def common(name: str) -> Any:
    """Snakemake's output settings as they were at that time."""
    first = read(name)[0]
    settings = first.get("common_settings", {})
    quiet = settings.get("quiet", "None")
    return SimpleNamespace(
        dryrun=settings.get("dryrun") == "True",
        quiet=None if quiet == "None" else {word for word in ("progress", "rules", "all") if word.upper() in quiet},
        **dict.fromkeys(("printshellcmds", "nocolor", "debug_dag", "verbose", "show_failed_logs", "stdout"), False),
    )


def argv(name: str) -> list[str]:
    return list(read(name)[0].get("argv", ["snakemake"]))


def handler(name: str, **settings: Any) -> LogHandler:
    return LogHandler(common(name), LogHandlerSettings(**settings))


def events(spool: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in spool.read_bytes().splitlines()]


def kill(handler: LogHandler) -> None:
    """As if the process were killed: nothing is written any more, and its threads stop, for this process goes on."""
    recorder = handler._recorder
    if recorder is not None:
        recorder.watch.remove()
        recorder.closed = True
        if recorder.follower is not None:
            recorder.follower.close()
        if recorder.sender is not None:
            recorder.sender.close(0.2)
            recorder.sender.join(5)


def spool_of(name: str, folder: Path) -> bytes | None:
    """What the real handler spools in that folder while the recording is played to it; None for what runs nothing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("FLOWO_DATA_DIR", str(folder / "nowhere"))
        patch.setattr(sys, "argv", argv(name))
        _play(name)
    found = list((folder / ".snakemake" / "flowo").glob("*.jsonl"))
    return found[0].read_bytes() if found else None


def _play(name: str) -> None:
    made = handler(name, dry_run=True, close_timeout=0.1)
    closed = False
    for line in read(name):
        if line["kind"] == "record":
            record = log_record(line)
            record.rundir = str(Path.cwd())
            made.handle(record)
        elif line["kind"] == "close":
            try:
                if "exc" in line:  # Snakemake closes its handlers while this is under way
                    raise RuntimeError(line["exc"])
                made.close()
            except RuntimeError:
                made.close()
            closed = True
    if not closed:
        kill(made)
