"""`flowo watch`: what it prints while a run goes, and what it ends with."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from tests.plugin.reads import FAILURE, ID, Reads, run
from tests.plugin.test_status import flowo, message, reads

__all__ = ["reads"]
RUNNING = run("running", succeeded=1, running=1, planned=1)
MAIN = "from snakemake_logger_plugin_flowo.cli import main; main()"


@pytest.mark.parametrize(("status", "code"), [("succeeded", 0), ("failed", 1), ("interrupted", 2), ("lost", 2)])
def test_the_exit_code_tells_the_end(reads: Reads, status: str, code: int) -> None:
    reads.one(RUNNING, run(status, succeeded=3))
    done = flowo("watch", ID, "--interval", "0.2")
    assert done.exit_code == code, done.output
    assert "running  wheat  1/3 jobs, 1 running, 1 h 04 min\n" in done.output
    assert f"{status}  wheat\n" in done.output
    assert f"{reads.url}/runs/{ID}" in done.output
    assert "\x1b" not in done.output


def test_an_object_for_each_change(reads: Reads) -> None:
    ended = run("failed", succeeded=2, failed=1, first_failure=FAILURE, revision=3)
    reads.one(RUNNING, RUNNING, {**RUNNING, "revision": 2}, ended)
    done = flowo("watch", "wheat", "--json", "--interval", "0.2")
    assert done.exit_code == 1
    told = [json.loads(line) for line in done.output.splitlines()]
    assert [one["revision"] for one in told] == [1, 2, 3]
    assert told[-1] == ended


def test_the_first_failure_is_told_at_once_and_once(reads: Reads) -> None:
    failing = {**RUNNING, "first_failure": FAILURE, "revision": 2}
    reads.one(RUNNING, RUNNING, failing, failing, run("failed", failed=1, first_failure=FAILURE))
    done = flowo("watch", ID, "--interval", "0.2")
    assert done.output.count("first failure: rule map (sample=A), attempt 2: exit code 1, oom\n") == 1


def test_it_survives_a_server_that_is_away(reads: Reads) -> None:
    away = (503, {"title": "Unavailable"})
    reads.one(RUNNING)
    there = (200, RUNNING)
    reads.answers[f"/api/v1/runs/{ID}"] = [there, there, away, away, there, (200, run("succeeded"))]
    done = flowo("watch", ID, "--interval", "0.2")
    assert done.exit_code == 0, done.output
    assert done.output.count("reconnecting") == 1
    assert done.output.count("connected again") == 1


def test_it_ends_when_the_run_is_gone_or_the_rights_are(reads: Reads) -> None:
    for status, said in ((404, "no such thing"), (401, "does not accept the token"), (403, "scope read")):
        reads.one(RUNNING)
        reads.answers[f"/api/v1/runs/{ID}"] = [(200, RUNNING), (status, {})]
        assert said in message("watch", ID, "--interval", "0.2")


def test_on_a_terminal_it_draws_in_place_until_ctrl_c(reads: Reads) -> None:
    reads.one({**RUNNING, "first_failure": FAILURE})
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "60", "PYTHONIOENCODING": "utf-8"}
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "watch", ID, "--interval", "0.2"],
        stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, env=environment,
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    deadline = time.monotonic() + 30
    while seen.count(b"\x1b[3A\r\x1b[J") < 2 and time.monotonic() < deadline:
        seen += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    os.close(ours)
    assert process.returncode == 130, errors
    assert errors == b""
    lines = seen.decode().split("\r\n")
    assert any("1/3 jobs, 1 running" in line and "█" in line for line in lines)
    assert max(len(line) for line in lines if line.startswith("first failure")) < 60


def test_an_unreachable_server_is_one_line() -> None:
    environment = {**os.environ, "FLOWO_URL": "http://127.0.0.1:1", "FLOWO_TOKEN": "t"}
    for arguments in (["status"], ["watch", "x"]):
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *arguments],
            capture_output=True,
            text=True,
            env=environment,
            timeout=60,
            check=False,
        )
        assert done.returncode == 1
        assert done.stderr == "flowo: http://127.0.0.1:1 cannot be reached: connection refused\n"
