"""Where flowo's is the only logger plugin, most records are heard in the thread that logs: in their order, each once, also
when a Ctrl-C comes amid one."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
import snakemake.api  # noqa: F401 - so that its graph is known
from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings, dag, wire
from snakemake_logger_plugin_flowo import recorder as recording

from tests.plugin.test_listening import listening

RUN: list[tuple[str | None, dict[str, Any]]] = [
    ("workflow_started", {"workflow_id": "x"}),
    ("run_info", {"stats": {"a": 3, "total": 3}}),
]


def logged(logger: logging.Logger, event: str | None, text: str = "text", **extra: Any) -> None:
    logger.info(text, extra=extra | ({"event": event} if event else {}))


def info(logger: logging.Logger, job: int) -> None:
    logged(logger, "job_info", jobid=job, rule_name="a", output=[f"{job}"], shellcmd=f"touch {job}")


@contextlib.contextmanager
def steady() -> Iterator[tuple[logging.Logger, Any, Any]]:
    """(logger, recorder, queue) of a run whose beginning is taken in."""
    handler = LogHandler(
        SimpleNamespace(dryrun=False, quiet=None, log_handler_settings={"flowo": None}),  # type: ignore[arg-type]
        LogHandlerSettings(close_timeout=0.1),
    )
    output = logging.NullHandler()
    output.name = "DefaultStreamHandler"
    try:
        with listening(handler) as (logger, listener):
            logger.addHandler(output)
            try:
                for event, extra in RUN:
                    logged(logger, event, **extra)
                line: Any = listener.queue
                line.join()
                yield logger, handler._recorder, line
            finally:
                logger.removeHandler(output)
    finally:
        handler.close()


def spooled() -> list[dict[str, Any]]:
    (file,) = Path(".snakemake/flowo").glob("*.jsonl")
    found = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert [event["seq"] for event in found] == list(range(1, len(found) + 1))
    return found


def numbers(kind: str) -> list[int]:
    return [event["job"] for event in spooled() if event["kind"] == kind]


def test_a_job_is_in_the_file_when_its_record_was_logged() -> None:
    with steady() as (logger, _, line):
        for job in range(3):
            logged(logger, None, dag.SELECTING)
            logged(logger, "job_started", jobs=[job])
            info(logger, job)
            assert numbers("job_info") == list(range(job + 1))
            logged(logger, "job_finished", job_id=job)
            assert numbers("job_finished") == list(range(job + 1))
        assert line.unfinished_tasks == 0
        kinds = [event["kind"] for event in spooled() if event["kind"] not in ("provenance", "config")]
        assert kinds[-12:] == ["log", "job_started", "job_info", "job_finished"] * 3


def test_what_is_queued_goes_first_and_each_thread_keeps_its_order() -> None:
    with steady() as (logger, _, line):

        def speak(thread: int) -> None:
            dice = random.Random(thread)
            for number in range(300):
                if dice.random() < 0.5:
                    info(logger, thread * 1_000 + number)
                else:
                    logged(logger, None, f"{thread * 1_000 + number}")

        others = [threading.Thread(target=speak, args=(one,)) for one in (1, 2)]
        for other in others:
            other.start()
        speak(0)
        for other in others:
            other.join()
        line.join()
    told = [int(event.get("job", event.get("text", ""))) for event in spooled() if event["kind"] in ("job_info", "log")]
    assert len(told) == 900
    for thread in range(3):
        mine = [number for number in told if number // 1_000 == thread]
        assert mine == sorted(mine)


def test_what_waits_behind_a_queued_record_goes_first() -> None:
    """The listener lays by what says nothing without the next record, and is done with it then."""
    with steady() as (logger, _, line):
        logged(logger, None, "Removing temporary output 1.")
        logged(logger, None, dag.SELECTING)
        logged(logger, "job_started", jobs=[7])
        line.join()
        info(logger, 7)
        logged(logger, "job_finished", job_id=7)
        line.join()
        kinds = [event["kind"] for event in spooled() if event["kind"] not in ("provenance", "config")]
    assert kinds[-5:] == ["log", "log", "job_started", "job_info", "job_finished"]


@pytest.mark.parametrize(
    "extra",
    [
        {"input": [f"in/{number}" for number in range(1_000)]},
        {"shellcmd": "cat " + "x" * 100_000},
        {"input": 7},  # no files at all
        {"log": ["a.log"]},  # to follow logs a thread is started
        {"benchmark": "b.tsv"},  # to be read by one
    ],
    ids=["inputs", "command", "odd", "log", "benchmark"],
)
def test_what_takes_its_time_is_left_to_the_listener(extra: dict[str, Any]) -> None:
    with steady() as (logger, recorder, line):
        with recorder._lock:  # the listener can't
            logged(logger, "job_info", **{"jobid": 1, "rule_name": "a", "output": ["1"], **extra})
            logged(logger, "job_finished", job_id=1)
            assert numbers("job_finished") == []
        line.join()
        assert numbers("job_info") == numbers("job_finished") == [1]


def test_a_slow_disk_is_left_to_the_listener(monkeypatch: pytest.MonkeyPatch) -> None:
    with steady() as (logger, recorder, line):
        write = recorder.spool.told

        def slow(*arguments: Any) -> None:
            time.sleep(2 * recording.SLOW)
            write(*arguments)

        monkeypatch.setattr(recorder.spool, "told", slow)
        info(logger, 1)
        with recorder._lock:
            info(logger, 2)
            assert numbers("job_info") == [1]
        line.join()
        assert numbers("job_info") == [1, 2]


def test_no_secret_is_looked_for_while_the_spool_is_locked() -> None:
    """Snakemake's own thread may wait for it."""
    with steady() as (logger, recorder, _line):
        mask, spool = recorder.spool.mask, recorder.spool
        entered, go_on = threading.Event(), threading.Event()

        class Slow:
            def passes(self, text: str) -> bool:
                if "source" in text:
                    entered.set()
                    assert go_on.wait(20)
                return bool(mask.passes(text))

            clean = mask.clean

        spool.mask = Slow()
        other = threading.Thread(target=spool.append, args=(wire.Log(text="source"), 1.0))
        other.start()
        assert entered.wait(20)
        info(logger, 1)
        assert numbers("job_info") == [1]
        go_on.set()
        other.join()


def test_nothing_is_written_behind_the_end() -> None:
    with steady() as (logger, recorder, _line):
        recorder.close()
        recorder._steady = True  # as who looked just before saw it
        info(logger, 1)
    assert spooled()[-1]["kind"] == "run_ended"


def test_a_forked_child_writes_nothing() -> None:
    with steady() as (logger, _, _line):
        before = len(spooled())
        if (child := os.fork()) == 0:
            info(logger, 1)
            os._exit(0)
        os.waitpid(child, 0)
        info(logger, 2)
        assert [event.get("job") for event in spooled()[before:]] == [2]


def test_what_a_signals_handler_logs_amid_a_record_waits() -> None:
    with steady() as (logger, recorder, line):
        write = recorder.spool.told

        def interrupted(*arguments: Any) -> None:
            recorder.spool.told = write
            logged(logger, None, "Will exit after finishing currently running jobs.")
            info(logger, 2)
            write(*arguments)

        recorder.spool.told = interrupted
        info(logger, 1)
        line.join()
        told = [event.get("job", event.get("text")) for event in spooled() if event["kind"] in ("job_info", "log")]
    assert told == [1, "Will exit after finishing currently running jobs.", 2]


class CtrlC:
    """Raises at the `at`-th line or return of ours below `Plain.take_up`, where a record is on its way."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.raised = False

    def __enter__(self) -> None:
        sys.settrace(self._trace)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if "snakemake_logger_plugin_flowo" not in code.co_filename or self.raised:
            return None
        above: FrameType | None = frame
        while above is not None and above.f_code.co_name != "take_up":
            above = above.f_back
        if above is None:
            return self._trace
        if event in ("line", "return"):
            self.left -= 1
            if self.left < 0:
                self.raised = True
                raise KeyboardInterrupt
        return self._trace


@pytest.mark.parametrize("kind", ["job_started", "job_info", "job_finished"])
def test_a_ctrl_c_at_any_line_loses_and_doubles_nothing(kind: str) -> None:
    with steady() as (logger, recorder, _line):
        job = 0
        while True:
            stop = CtrlC(job)
            for event in ("job_started", "job_info", "job_finished"):
                try:
                    with stop if event == kind else contextlib.nullcontext():
                        if event == "job_info":
                            info(logger, job)
                        else:
                            logged(logger, event, jobs=[job], job_id=job)
                except KeyboardInterrupt:
                    assert stop.raised
            job += 1
            if not stop.raised:
                break
        assert job > 20
        assert set(recorder._translator.attempts.values()) == {1}
        assert not recorder._translator.open
    assert numbers("job_info") == numbers("job_finished") == list(range(job))
    assert [event["jobs"] for event in spooled() if event["kind"] == "job_started"] == [[one] for one in range(job)]
