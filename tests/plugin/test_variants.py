"""Real Snakemake runs: after a kill, beside other loggers, from a profile, with logs that hang, ended by other signals."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.peer import Peer
from tests.plugin.test_snakemake import OURS, SNAKEMAKE, environment, of, prepared, snakemake, spooled

pytestmark = pytest.mark.all  # each start of Snakemake takes 3 s of a core
PATIENCE = 120.0  # s


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@contextlib.contextmanager
def started(place: Path, *options: str, plugin: bool = True) -> Iterator[subprocess.Popen[bytes]]:
    """Snakemake as the leader of a group of processes, of which none is left at the end."""
    process = subprocess.Popen(
        [*SNAKEMAKE, *options, *(["--logger", "flowo"] if plugin else [])],
        cwd=place, env=environment(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def all_spooled(place: Path) -> list[list[dict[str, Any]]]:
    """The events of the runs in a directory, in the order in which they began."""
    spools = sorted((place / ".snakemake" / "flowo").glob("*.jsonl"))
    return [[json.loads(line) for line in path.read_bytes().splitlines()] for path in spools]


def told(place: Path, kind: str) -> bool:
    return any(f'"{kind}"'.encode() in path.read_bytes() for path in (place / ".snakemake" / "flowo").glob("*.jsonl"))


def test_what_a_kill_leaves_behind_fails_the_next_runs_and_is_told() -> None:
    place = prepared("incomplete")
    with started(place, plugin=False):
        until((place / "a.txt").exists)
    (place / "fast").touch()
    locked = snakemake(place, "--rerun-incomplete")  # without it, Snakemake finds the unfinished file first
    assert locked.returncode == 1
    assert snakemake(place, "--unlock").returncode == 0
    incomplete = snakemake(place)
    assert incomplete.returncode == 1
    again = snakemake(place, "--rerun-incomplete")
    assert again.returncode == 0
    first, second, third = all_spooled(place)
    for events, run, reason in ((first, locked, "LockException"), (second, incomplete, "IncompleteFilesException")):
        assert (events[-1]["kind"], events[-1]["outcome"], events[-1]["exception"]) == ("run_ended", "failed", reason)
        assert len(events[-1]["message"]) > 50  # what Snakemake says of it, not its name alone
        assert not of(events, "job_info")
        assert "failed before any job was started; " in OURS.findall(run.stderr)[-1]
    assert third[-1].get("outcome", "succeeded") == "succeeded"
    assert len(of(third, "job_finished")) == 3
    assert next(event["reason"] for event in of(third, "job_info") if event["rule"] == "a") == "Forced execution"


@pytest.mark.parametrize(
    ("workflow", "options", "rows"),
    [
        ("diamond", ("--touch", "--forceall"), {"finished": 9, "touch": True}),
        ("batch", ("--batch", "all=1/2"), {"finished": 3, "touch": False}),
    ],
)
def test_touch_and_batch(workflow: str, options: tuple[str, ...], rows: dict[str, Any]) -> None:
    place = prepared(workflow)
    if rows["touch"]:
        assert snakemake(place, "-c1", plugin=False).returncode == 0
    assert snakemake(place, *options).returncode == 0
    events = spooled(place)
    assert (len(of(events, "job_finished")), events[0].get("touch", False)) == (rows["finished"], rows["touch"])
    assert sum(of(events, "run_info")[0]["stats"].values()) == rows["finished"]


def heard_beside(place: Path) -> list[str]:
    """What the other plugin heard, but for the rule graph, which we ask for, and what is the scheduler's timing."""
    heard = (place / "beside.txt").read_text().split()
    return sorted(line for line in heard if line not in ("None", "job_started", "rulegraph"))


@pytest.mark.parametrize("order", [("flowo", "beside"), ("beside", "flowo")], ids=" ".join)
@pytest.mark.parametrize(
    ("options", "whole"),
    [((), True), (("--logger-beside-stream",), True), (("--logger-beside-breaks-at", "9"), False)],
    ids=["quiet", "writes to the terminal", "breaks"],
)
def test_several_loggers_at_once(
    order: tuple[str, ...], options: tuple[str, ...], whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent / "beside"))
    place = prepared("fail")
    settings = ("--logger-beside-webhook", "https://chat/hunter2", *options)
    without = snakemake(place, "--logger", "beside", *settings, plugin=False)
    heard = heard_beside(place)
    shutil.rmtree(place)
    place = prepared("fail")
    run = snakemake(place, *settings, "--logger", *order, plugin=False)
    assert run.returncode == without.returncode == 1
    if whole:
        assert heard_beside(place) == heard
    events = spooled(place)
    assert events[-1]["outcome"] == "failed"
    assert len(of(events, "job_error")) == 1
    assert len(of(events, "job_finished")) == 2
    assert "hunter2" not in json.dumps(events)
    assert any("another logger plugin has failed" in event["text"] for event in of(events, "log")) != whole


def test_a_profile_that_asks_for_a_report_when_the_run_is_over() -> None:
    place = prepared("linear")
    (place / "mine").mkdir()
    (place / "mine" / "config.yaml").write_text("cores: 1\nreport-after-run: true\n")
    assert snakemake(place, "--profile", "mine", "--report", "r.zip").returncode == 0
    assert (place / "r.zip").exists()
    assert len(of(spooled(place), "job_finished")) == 4


def test_a_profile_that_holds_the_loggers_settings() -> None:
    place = prepared("linear")
    (place / "mine").mkdir()
    (place / "mine" / "config.yaml").write_text(
        'logger: [flowo]\nlogger-flowo-name: nightly\nlogger-flowo-tags: "a,b"\nlogger-flowo-no-plan: true\n'
    )
    assert snakemake(place, "--profile", "mine", plugin=False).returncode == 0
    events = spooled(place)
    assert (events[0]["name"], events[0]["tags"]) == ("nightly", ["a", "b"])
    assert events[0]["profiles"] == [str(place / "mine" / "config.yaml")]
    assert not of(events, "plan")
    assert len(of(events, "job_finished")) == 4


def test_two_runs_in_one_process_of_which_the_first_fails() -> None:
    place = prepared("fail")
    program = """
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import OutputSettings, ResourceSettings, DAGSettings
from snakemake_logger_plugin_flowo import LogHandlerSettings
for target in ("b.txt", "z.txt"):
    with SnakemakeApi(OutputSettings(log_handler_settings={"flowo": LogHandlerSettings(name=target)})) as api:
        flow = api.workflow(resource_settings=ResourceSettings(cores=1), snakefile=Path("Snakefile"))
        try:
            flow.dag(dag_settings=DAGSettings(targets={target})).execute_workflow()
        except Exception as error:
            api.print_exception(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=place, capture_output=True, text=True, env=environment(), timeout=150, check=False
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    first, second = all_spooled(place)
    assert [events[0]["name"] for events in (first, second)] == ["b.txt", "z.txt"]
    assert [events[-1].get("outcome", "succeeded") for events in (first, second)] == ["failed", "succeeded"]
    assert [event["rule"] for event in of(first, "job_error")] == ["b"]
    assert [event["rule"] for event in of(second, "job_info")] == ["z"]


@pytest.mark.parametrize("broken", ["fifo", "directory", "deaf"])
def test_a_log_that_cannot_be_read_holds_nothing_up(broken: str, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWO_URL", peer.url)
    place = prepared("fail")
    make = {"fifo": "mkfifo {log}", "directory": "mkdir {log}", "deaf": "ln -s /dev/zero {log}"}[broken]
    (place / "Snakefile").write_text(
        "rule all:\n    input: 'x'\nrule x:\n    output: 'x'\n    log: 'logs/x.log'\n"
        f"    shell: 'rm -rf {{log}}; {make}; exit 3'\n"
    )
    run = snakemake(place)
    assert run.returncode == 1
    (snapshot,) = of(peer.events(), "log_snapshot")
    assert (snapshot.get("tail"), snapshot["note"]) == (None, "not a regular file")
    assert peer.events()[-1]["outcome"] == "failed"


@pytest.mark.parametrize(
    ("signals", "ended", "code"),
    [
        ([signal.SIGHUP], None, -signal.SIGHUP),  # the end of a terminal or a connection: nothing can be said any more
        ([signal.SIGTERM, signal.SIGTERM], "interrupted", 1),
    ],
    ids=["hangup", "terminated twice"],
)
def test_other_ends_by_a_signal(signals: list[signal.Signals], ended: str | None, code: int) -> None:
    place = prepared("signals")
    with started(place) as process:
        until(lambda: told(place, "job_info"))
        time.sleep(0.5)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.3)
        assert process.wait(PATIENCE) == code
    events = spooled(place)
    assert (events[-1].get("outcome") if events[-1]["kind"] == "run_ended" else None) == ended
