"""What is read beside the events: bounded whatever the files are, and told when it could not be read."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from snakemake_logger_plugin_flowo import attend, traces, wire

KEPT = 64 * 1024


class Told:
    """Gathers what the attendant delivers, and waits for it."""

    def __init__(self) -> None:
        self.events: list[wire.Event] = []
        self._moved = threading.Condition()

    def __call__(self, events: list[wire.Event]) -> None:
        with self._moved:
            self.events += events
            self._moved.notify_all()

    def wait(self, many: int) -> list[wire.Event]:
        with self._moved:
            assert self._moved.wait_for(lambda: len(self.events) >= many, 60), self.events
        return list(self.events)


def failed(*logs: str, attempt: int = 1, cluster: tuple[str, ...] = (), inputs: tuple[str, ...] = ()) -> traces.Attempt:
    return traces.Attempt(7, attempt, list(logs), list(cluster), list(inputs), len(inputs), Path.cwd())


def looked(of: traces.Attempt, kept: int = KEPT, newest: int = 1) -> list[wire.Event]:
    return list(traces.snapshots(of, kept, lambda _job: newest))


def test_every_log_is_kept_the_executors_too() -> None:
    Path("a.log").write_text("one\n")
    Path("slurm.log").write_text("two\n")
    assert looked(failed("a.log", "b.log", cluster=("slurm.log",))) == [
        wire.LogSnapshot(job=7, path="a.log", tail="one\n", size=4),
        wire.LogSnapshot(job=7, path="b.log", note="there is no such file"),
        wire.LogSnapshot(job=7, path="slurm.log", tail="two\n", size=4, cluster=True),
    ]
    assert looked(failed("a.log"), kept=0) == []


def test_a_retry_that_was_faster_is_told() -> None:
    Path("a.log").write_text("of the second try\n")
    Path("in").write_text("")
    log, inputs = looked(failed("a.log", inputs=("in",)), newest=2)
    assert isinstance(log, wire.LogSnapshot)
    assert isinstance(inputs, wire.InputSnapshot)
    assert log.note == inputs.note == "attempt 2 had begun before this was read"


def test_files_that_are_none_and_files_that_are_huge() -> None:
    os.mkfifo("pipe")
    os.symlink("/dev/zero", "device")
    os.symlink("loop", "loop")
    os.mkdir("folder")
    with open("huge", "wb") as file:
        file.truncate(10 * 1024**3)
        file.seek(-10, os.SEEK_END)
        file.write(b"\nthe end.\n")
    found = looked(failed("pipe", "device", "loop", "folder", "huge"))
    notes = [event.note for event in found if isinstance(event, wire.LogSnapshot)]
    assert notes[:2] == ["not a regular file"] * 2
    assert notes[2] is not None
    assert notes[2].startswith("cannot be read")
    assert notes[3:] == ["not a regular file", None]
    huge = found[-1]
    assert isinstance(huge, wire.LogSnapshot)
    assert (huge.tail, huge.size) == ("the end.\n", 10 * 1024**3)
    assert len(looked(failed(*(f"{n}.log" for n in range(1_000))))) == traces.LOGS_OF_A_JOB


@pytest.mark.parametrize("bar", [b"\r%3d %% of it" * 1_000, b"\r%3d%%|#####|" * 1_000, b"x" * 20_000])
def test_a_log_that_is_one_long_line(bar: bytes) -> None:
    Path("bar.log").write_bytes(b"begun\n" + bar + b"\n")
    (log,) = traces.snapshots(failed("bar.log"), 9_000, lambda job: 1)
    assert isinstance(log, wire.LogSnapshot)
    assert 8_900 < len(log.tail) <= 9_000
    assert log.tail == (bar + b"\n").decode()[-len(log.tail) :]
    assert log.tail[0] != "\r"


def test_inputs_are_looked_at_and_not_opened() -> None:
    Path("there").write_text("12345")
    os.mkfifo("fifo")
    os.mkdir("folder")
    os.symlink("nowhere", "broken")
    names = ("there", "absent", "broken", "there/under", "fifo", "folder", "x (pipe)", "s3://b/x", "nul\0", "n" * 5_000)
    (seen,) = looked(failed(inputs=names), kept=0)
    assert isinstance(seen, wire.InputSnapshot)
    assert [{key: value for key, value in file.items() if key != "path"} for file in seen.files][:8] == [
        {"size": 5}, {"missing": True}, {"missing": True}, {"missing": True}, {"note": "not a regular file"},
        {"note": "a directory"}, {"note": "not a plain file here"}, {"note": "not a plain file here"},
    ]  # fmt: skip
    assert all(file["note"].startswith("cannot be looked at") for file in seen.files[8:])


def test_a_file_system_that_hangs_costs_what_is_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that waits stands for a `stat` that does not return."""
    told, hangs = Told(), threading.Event()

    def hang() -> Iterator[wire.Event]:
        hangs.wait(120)
        yield wire.Log(text="late")

    def says(text: str) -> attend.Task:
        return lambda: [wire.Log(text=text)]

    attendant = attend.Attendant(told)
    assert attendant.ask(hang, lambda reason: [wire.Log(text=reason)])
    monkeypatch.setattr(attend, "STUCK_AFTER", 0.0)
    end = time.monotonic() + 60
    while attendant._hands[0].since is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert attendant.ask(says("others"))
    assert told.wait(1) == [wire.Log(text="others")]
    monkeypatch.setattr(attend, "STUCK_AFTER", 1e9)
    attendant.ask(hang, lambda reason: [wire.Log(text=f"2: {reason}")])
    attendant.ask(says("behind"))
    attendant.close(0.2)  # another hand does what waits
    missed = "Snakemake ended before it could be read"
    assert told.wait(4)[1:] == [wire.Log(text="behind"), wire.Log(text=missed), wire.Log(text=f"2: {missed}")]
    hangs.set()
    for hand in attendant._hands:
        assert hand.thread is not None
        hand.thread.join(60)
    assert len(told.events) == 4  # what was told as missed does not come after all
    assert not attendant.ask(says("closed"))


def test_more_than_can_wait_is_told() -> None:
    told, hangs = Told(), threading.Event()
    attendant = attend.Attendant(told)
    attendant.ask(lambda: [wire.Log(text=str(hangs.wait(120)))])
    of = failed("a.log", cluster=("b.log",))
    asked = [attendant.ask(lambda: [], lambda reason: traces.missed(of, reason)) for _ in range(attend.WAITING + 5)]
    assert not all(asked)
    reason = "too much else waited to be read"
    assert told.events[:2] == [
        wire.LogSnapshot(job=7, path="a.log", note=reason),
        wire.LogSnapshot(job=7, path="b.log", note=reason, cluster=True),
    ]
    hangs.set()
    attendant.close(60)
