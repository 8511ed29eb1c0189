"""`flowo import DIR`: sends what the logs of finished runs tell. `flowo watch DIR`: follows a run that goes on."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from snakemake_logger_plugin_flowo import archive, sync, wire
from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo.client import Failed, managing
from snakemake_logger_plugin_flowo.connection import Connection, Unreachable
from snakemake_logger_plugin_flowo.sender import Sender

_POLL = 0.5  # s between two looks at a growing log
_QUIET = 1.0  # s without a new line after which an open job is told
_ARRIVES = 15.0  # s for the first events to reach the server
_FLUSH = 30.0  # s for the last ones
_AT_ONCE = 1_000  # events that are held in memory
_KNOWN = 200  # runs of a directory that the server is asked for


class Imported(NamedTuple):
    """What became of one log: `imported`, `known` (the server has it), `empty`, `left` (with the reason)."""

    log: str
    run_id: str
    outcome: str
    events: int
    reason: str

    def line(self) -> str:
        told = {"imported": f"imported, {self.events} events", "known": "the server has it", "empty": "tells nothing"}
        return f"{Path(self.log).name}  {told.get(self.outcome, 'left: ' + self.reason)}"


def bring(connection: Connection, directory: Path) -> Iterator[Imported]:
    """Send all finished runs of a workflow's directory that were made without the plugin, oldest first."""
    found = archive.logs(directory)
    if not found:
        raise Failed(f"{directory} has no logs of Snakemake (.snakemake/log)")
    known = {**archive.records(directory), **_known(directory)}
    written = archive.writers(log.path for log in found)
    for log in found:
        yield _import(connection, log, known, goes_on=log.path in written)


def _import(connection: Connection, log: archive.Log, known: dict[str, float], *, goes_on: bool) -> Imported:
    def left(reason: str) -> Imported:
        return Imported(str(log.path), log.run_id, "left", 0, reason)

    if goes_on:
        return left(f"it goes on: `flowo watch {log.directory}` follows it")
    if archive.recorded(log, known) is not None:
        return Imported(str(log.path), log.run_id, "known", 0, "the plugin recorded it")
    place = Path(tempfile.mkdtemp(prefix="flowo-import-"))
    try:
        held = _holds(connection, log.run_id)
        spool = spools.Spool.create([place], log.run_id)
        spools.unregister(spool.path)
        tells = False
        events = archive.events(log)
        while told := list(itertools.islice(events, _AT_ONCE)):  # a log may tell of 100,000 jobs
            tells = tells or any(_tells(event) for event, _ in told)
            spool.extend(told)
        spool.close()
        if not tells:
            return Imported(str(log.path), log.run_id, "empty", 0, "its log tells nothing")
        if spool.lost_ever:
            return left(f"{place} cannot hold its events: {spool.trouble}")
        report = sync.send(connection, spool.path, gone=True)
    except OSError as error:
        return left(f"cannot be read: {error.strerror}")
    finally:
        shutil.rmtree(place, ignore_errors=True)
    if not report.complete:
        return left(report.reason)
    return Imported(str(log.path), log.run_id, "known" if held else "imported", spool.seq, "")


def _holds(connection: Connection, run_id: str) -> bool:
    """Whether the server has this run of ours; what it holds already it passes over without a word."""
    with contextlib.suppress(Unreachable):
        return connection.request("GET", f"/api/ingest/v1/runs/{run_id}/requests?wait=0").status == 200
    return False


def _tells(event: wire.Event) -> bool:
    """Whether it is none of the events that any text makes."""
    if isinstance(event, wire.Log):
        return event.text.startswith("Building DAG of jobs")
    return not isinstance(event, wire.RunOpened)


def _known(directory: Path) -> dict[str, float]:
    """When the runs began that the server has of this directory by the plugin, as far as it lets us read."""
    from urllib.parse import urlencode

    from snakemake_logger_plugin_flowo.words import moment

    with contextlib.suppress(Failed):
        asked = urlencode({"q": str(directory.resolve()), "limit": _KNOWN})
        runs = managing().ask("GET", f"/api/v1/runs?{asked}", has=("items",))["items"]
        begun = {run["id"]: moment(run["started_at"]) for run in runs if not run["imported"]}
        return {run_id: at.timestamp() for run_id, at in begun.items() if at is not None}
    return {}


class Follower(threading.Thread):
    """Reads a growing log, records it like the plugin would, and ships it."""

    def __init__(self, log: archive.Log, url: str | None = None) -> None:
        super().__init__(name="flowo-follower", daemon=True)
        self.log = log
        self.outcome: str | None = None
        self._telling = archive.Telling(log)
        places = [log.directory / ".snakemake" / "flowo", spools.state_home() / "spool"]
        for place in places:
            self._remove_old(place.resolve() / f"{log.run_id}.jsonl")
        self._spool = spools.Spool.create(places, log.run_id, "")
        self.sender = Sender(self._spool, log.run_id, url)

    def _remove_old(self, path: Path) -> None:
        """What an earlier follower wrote: told anew from the log, with the same numbers."""
        if not spools.ours(path):
            return
        if (process := archive.writer(path)) is not None:
            raise Failed(f"this run is being followed already, by process {process}")
        for file in (path, path.with_suffix(".ack")):
            with contextlib.suppress(OSError):
                file.unlink()

    def arrived(self) -> bool:
        """Wait until the server has heard of the run."""
        deadline = time.monotonic() + _ARRIVES
        while time.monotonic() < deadline and self.sender.target is None and self.is_alive():
            time.sleep(0.05)
        return self.sender.target is not None

    def run(self) -> None:
        self.sender.start()
        with open(self.log.path, encoding="utf-8", errors="replace", newline="\n") as file:
            log = Path(f"/proc/self/fd/{file.fileno()}")  # though it be removed by name
            rest, moved, gone, process = "", time.monotonic(), 0, None
            while gone < 2:  # looked at once more after its writer went
                block = file.read(1 << 20)
                rest += block
                if block:
                    moved = time.monotonic()
                    *lines, rest = rest.split("\n")
                    for line in lines:
                        self._spool.extend(self._telling.feed(line))
                    continue
                if time.monotonic() - moved > _QUIET:
                    self._spool.extend(self._telling.idle())
                process = archive.writer(log, process)
                gone = gone + 1 if process is None else 0
                time.sleep(_POLL)
            if rest:
                self._spool.extend(self._telling.feed(rest))
            self._spool.extend(self._telling.end(os.fstat(file.fileno()).st_mtime))
        self.outcome = self._telling.outcome
        self.sender.close(_FLUSH)
        self._spool.close()


def going_on(directory: Path) -> archive.Log | None:
    """The run of this directory that goes on, if its Snakemake belongs to us."""
    found = archive.logs(directory)
    written = archive.writers(log.path for log in found)
    return next((log for log in reversed(found) if log.path in written), None)


def watched(directory: Path) -> str | None:
    """The id of the run that goes on in a directory, recorded from its log by a thread if nobody else does."""
    log = going_on(directory)
    if log is None:
        if len(directory.parts) != 1:
            raise Failed(f"no run of yours goes on in {directory}: `flowo import {directory}` brings in what has ended")
        return None  # a name of a run, which happens to be that of a folder here
    if (recorded := archive.recorded(log)) is not None:
        return recorded
    follower = Follower(log)
    follower.start()
    if not follower.arrived():
        raise Failed(f"the server cannot be reached: {follower.sender.trouble or 'no answer yet'}")
    return log.run_id
