"""A spool with its sender, for tests of what arrives at a peer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_flowo import config, wire
from snakemake_logger_plugin_flowo import sender as sending
from snakemake_logger_plugin_flowo import spool as spools


class Run:
    """A spool with its sender."""

    def __init__(self, url: str | None, *, host: str = "elsewhere", pid: int = 0) -> None:
        self.id = spools.uuid7()
        self.spool = spools.Spool.create([Path("spool")], self.id)
        self.sender = sending.Sender(self.spool, self.id, url)
        self.append(wire.RunOpened(host=host, pid=pid, boot_id=config.boot_id()))

    def append(self, *events: wire.Event) -> None:
        for event in events:
            self.spool.append(event, time.time())

    def end(self, timeout: float = 5.0) -> float:
        """Close it; how long that took."""
        begun = time.monotonic()
        self.append(wire.RunEnded())
        self.sender.close(timeout)
        return time.monotonic() - begun


def logs(count: int) -> list[wire.Event]:
    return [wire.Log(text=f"line {number}") for number in range(count)]


def seqs(events: list[dict[str, Any]]) -> list[int]:
    return [event["seq"] for event in events]


def until(condition: Any, timeout: float = 10.0) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
