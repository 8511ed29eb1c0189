"""A `flowo serve` of its own for the measurements, and what starting it takes."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.quantities import row

FLOWO = Path(sys.executable).parent / "flowo"


def start(data_dir: Path) -> tuple[subprocess.Popen[bytes], str, float]:
    """The process, its address, and the seconds until its page came."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [FLOWO, "serve", "--data-dir", data_dir, "--port", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    announced = data_dir / "server.json"
    while True:
        with contextlib.suppress(OSError, ValueError, KeyError):
            facts = json.loads(announced.read_text())
            if facts["pid"] == process.pid:
                address = str(facts["address"])
                break
        if process.poll() is not None:
            raise RuntimeError(f"flowo serve ended with {process.returncode}")
        time.sleep(0.02)
    host, port = address.removeprefix("http://").split("/")[0].split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    connection.request("GET", "/", headers={"Accept": "text/html"})
    connection.getresponse().read()
    connection.close()
    return process, address, time.perf_counter() - began


def stop(process: subprocess.Popen[bytes]) -> float:
    began = time.perf_counter()
    process.send_signal(signal.SIGTERM)
    process.wait(15)
    assert process.stderr is not None
    process.stderr.close()
    return time.perf_counter() - began


@contextlib.contextmanager
def server(*, quiet: bool = False) -> Iterator[tuple[Path, str]]:
    """(data directory, address); prints what the first and a later start took, and the stop, unless `quiet`."""
    with tempfile.TemporaryDirectory(prefix="flowo-bench-") as folder:
        place = Path(folder)
        if os.geteuid() == 0:
            place.chmod(0o711)
        data_dir = place / "data"
        process, address, first = start(data_dir)
        if not quiet:
            ended = stop(process)
            process, address, later = start(data_dir)
            row("first `flowo serve` → page", f"{first:.1f} s", "≤ 4 s")
            row("later start → page", f"{later:.1f} s", "≤ 2.5 s")
            row("stop", f"{ended:.1f} s", "≤ 5 s")
        try:
            yield data_dir, address
        finally:
            stop(process)
