"""`flowo serve` as a process of its own, ended with the block."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

FLOWO = [sys.executable, "-c", "from snakemake_logger_plugin_flowo.cli import main; main()"]


@dataclass
class Server:
    """A `flowo serve` that has begun to serve, and what it says in its data directory and its output."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    log: Path

    @property
    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data_dir / "server.json").read_text())
        return found

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def address(self) -> str:
        return str(self.facts["address"])

    @property
    def postmaster(self) -> int:
        return int((self.data_dir / "postgres/data/postmaster.pid").read_text().split("\n")[0])

    def link(self) -> str:
        return next(word for word in self.said.split() if "/open/" in word)

    @contextlib.contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.address, follow_redirects=True) as client:
            client.get(self.link(), headers={"Accept": "text/html"})
            yield client

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Seconds until it ended, with 0."""
        begun = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(15) == 0, self.said
        return time.monotonic() - begun


@contextlib.contextmanager
def serving(data_dir: Path, *options: str, before: Sequence[str] = (), **environment: str) -> Iterator[Server]:
    data_dir.mkdir(exist_ok=True)
    log = data_dir.parent / f"{data_dir.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*before, *FLOWO, "serve", "--no-open", "--data-dir", str(data_dir), *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | environment,
        )
    made = Server(process, data_dir, log)
    try:
        wait_until(lambda: "record a run" in made.said or process.poll() is not None, 60)
        assert process.poll() is None, made.said
        yield made
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        log.unlink(missing_ok=True)


def wait_until(condition: Any, patience: float = 20) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass in time"
        time.sleep(0.02)
