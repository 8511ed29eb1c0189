"""Sends what spools still hold: for `flowo sync`, and for a server that collects unsent runs when it starts."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from snakemake_logger_plugin_flowo import spool as spools
from snakemake_logger_plugin_flowo.connection import Connection
from snakemake_logger_plugin_flowo.sender import abandoned, running
from snakemake_logger_plugin_flowo.shipment import DELETED, Outcome, Step, close_shipment, open_shipment

PATIENCE = 10.0  # s of passing failures for one spool


class Report(NamedTuple):
    """What became of one spool."""

    run_id: str
    path: str
    complete: bool  # the server has all that is in the file
    sent: int  # events it got now
    running: bool  # the run still goes on, and sends by itself
    reason: str  # why it is not complete


def collect(directories: Iterable[Path] = (), *, everything: bool = False) -> list[Path]:
    """The unsent spools of this user: in the directories, or all that are known; oldest first."""
    found: dict[Path, None] = {}
    for directory in directories:
        found.update(dict.fromkeys(spools.in_directory(directory)))
    if everything:
        found.update(dict.fromkeys(spools.registered()))
        found.update(dict.fromkeys(spools.in_directory(spools.state_home() / "spool")))
    unsent = [path for path in found if not spools.Ack.load(path).ended]
    return sorted(unsent, key=lambda path: path.name)


def acknowledged(directories: Iterable[Path] = (), *, everything: bool = False) -> list[Path]:
    """The spools that a server has said to have completely, and that are still kept, oldest first.

    In the directories, or all that are known. A server that was restored from an older backup has them no more."""
    found = dict.fromkeys(path for directory in directories for path in spools.in_directory(directory))
    if everything:
        found.update(dict.fromkeys(spools.registered(among=spools.sent)))
    return sorted((path for path in found if spools.Ack.load(path).ended), key=lambda path: path.name)


def waiting_for(data_dir: Path) -> list[Path]:
    """The unsent spools of this user that are bound for the server of this data directory, oldest first."""
    found = spools.registered(os.path.realpath(data_dir))
    return sorted((path for path in found if not spools.Ack.load(path).ended), key=lambda path: path.name)


def ask_again(connection: Connection, paths: Iterable[Path]) -> list[Report]:
    """Has the server all of these still? Reports of those that it lacked something of, or that it refuses now."""
    reports: list[Report] = []
    for path in paths:
        report = send(connection, path)
        if report.reason.startswith(_UNREACHED):
            break  # as far as is known, all is there
        if report.sent or not report.complete:
            reports.append(report)
    return reports


def send_unsent(
    connection: Connection,
    paths: Iterable[Path] | None = None,
    *,
    workspace: str | None = None,
    told: Callable[[Report], None] | None = None,
) -> list[Report]:
    """Send spools one by one (all of this user when none are named); stops when the server cannot be reached.

    `workspace`: where runs go that the server does not have, wherever they were to go."""
    reports: list[Report] = []
    given_up = ""
    for path in collect(everything=True) if paths is None else paths:
        given = Report(path.stem, str(path), False, 0, False, given_up)
        report = given if given_up else send(connection, path, workspace)
        if not report.complete and report.reason.startswith(_UNREACHED):
            given_up = report.reason
        reports.append(report)
        if told is not None:
            told(report)
    return reports


_UNREACHED = "the server cannot be reached"


def send(connection: Connection, path: Path, workspace: str | None = None, *, gone: bool = False) -> Report:
    """Send one spool as far as it goes. `gone`: whoever wrote it, which is seen here otherwise."""
    alive = not gone and running(path)
    gone = gone or (not alive and abandoned(path))
    try:
        shipment = open_shipment(path)
    except OSError as error:
        return Report(path.stem, str(path), False, 0, alive, f"cannot be read: {error.strerror}")
    shipment.workspace, shipment.gone = workspace, gone
    before = shipment.acked
    asked = spools.Ack.load(path).ended  # it was all there once: is it still?
    if asked:
        shipment.doubt()
    deadline = time.monotonic() + PATIENCE
    try:
        outcome = Outcome(Step.SENT)
        while outcome.step is Step.SENT or (outcome.step is Step.LATER and time.monotonic() < deadline):
            if outcome.step is Step.LATER:
                if not outcome.reached and outcome.wait is None:
                    break
                time.sleep(min(outcome.wait or 0.5, max(0.0, deadline - time.monotonic())))
            outcome = shipment.step(connection)
            if shipment.acked < before - asked:  # a server that holds less than it said
                before, asked = shipment.acked, False
            if outcome.step is Step.SENT:
                deadline = time.monotonic() + PATIENCE
        complete = outcome.step is Step.NOTHING or outcome.reason == DELETED
        if complete or (shipment.acked and not asked):
            shipment.keep(connection.target.label, final=complete and gone)
        reason = outcome.reason
        if outcome.step is Step.LATER and not outcome.reached:
            reason = f"{_UNREACHED}: {reason}"
        return Report(path.stem, str(path), complete, max(0, shipment.acked - before), alive, reason)
    finally:
        close_shipment(shipment)
