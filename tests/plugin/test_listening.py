"""Another logger plugin that raises ends Snakemake's listener; nothing is lost or told twice by that."""

from __future__ import annotations

import contextlib
import json
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings, dag
from snakemake_logger_plugin_flowo.dag import LOGGER
from snakemake_logger_plugin_flowo.listening import Listening

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
LINES: list[tuple[str | None, dict[str, Any]]] = [
    ("workflow_started", {"workflow_id": "x"}),
    ("run_info", {"stats": {"a": 3, "total": 3}}),
    *(
        (event, {"jobid": job, "job_id": job, "rule_name": "a", "output": [f"{job}"]} if event else {})
        for job in range(3)
        for event in ("job_info", None, "job_finished")
    ),
    ("error", {"exception": "WorkflowError"}),
]


class Breaking(logging.Handler):
    """Raises at one record, as `Handler.emit` of a plugin may."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def broken(self) -> bool:
        return self.at == 0

    def emit(self, record: logging.LogRecord) -> None:
        self.at -= 1
        if self.at == 0:
            raise RuntimeError("database is locked")


@contextlib.contextmanager
def listening(*handlers: logging.Handler) -> Iterator[tuple[logging.Logger, QueueListener]]:
    """Snakemake's way of logging to plugins."""
    logger = logging.getLogger(LOGGER)
    line: queue.Queue[logging.LogRecord] = queue.Queue(-1)
    listener, handler = QueueListener(line, *handlers, respect_handler_level=True), QueueHandler(line)
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    listener.start()
    try:
        yield logger, listener
    finally:
        if listener._thread is not None:
            listener.stop()
        logger.removeHandler(handler)
        logger.setLevel(level)


def log(logger: logging.Logger, lines: list[tuple[str | None, dict[str, Any]]], done: Callable[[], bool]) -> None:
    for event, extra in lines:
        extra = extra | ({"event": event} if event else {})
        logger.log(logging.ERROR if event == "error" else logging.INFO, "%s %s", "text of", event, extra=extra)
        if done():  # so that what follows is logged when the listener is dead
            for thread in threading.enumerate():
                if thread.name.endswith("(_monitor)"):
                    thread.join(0.2)


def spooled() -> list[list[dict[str, Any]]]:
    files = sorted(Path(".snakemake/flowo").glob("*.jsonl"))
    return [[json.loads(line) for line in file.read_bytes().splitlines()] for file in files]


def told(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    kinds = ("job_info", "job_finished", "error", "log", "run_info", "run_ended")
    return [
        (event["kind"], event.get("job"), event.get("text"), event.get("outcome"))
        for event in events if event["kind"] in kinds and not event.get("text", "").startswith("flowo: ")
    ]  # fmt: skip


@pytest.mark.parametrize("first", [True, False], ids=["flowo first", "flowo last"])
@pytest.mark.parametrize("at", [0, 1, 2, 5, len(LINES)])
def test_nothing_is_lost_when_another_plugin_ends_the_listener(at: int, first: bool) -> None:
    common: Any = SimpleNamespace(dryrun=False, quiet=None)
    for breaking_at in (0, at):
        handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
        breaking = Breaking(breaking_at)
        with listening(*((handler, breaking) if first else (breaking, handler))) as (logger, _):
            log(logger, LINES, breaking.broken)
        handler.close()
    whole, other = spooled()
    assert told(whole)[-1] == ("run_ended", None, None, "failed")
    assert len(told(whole)) == len(LINES)  # without workflow_started, with run_ended
    assert told(other) == told(whole)
    assert sum("another logger plugin" in event.get("text", "") for event in other) == (
        at > 0 and not (first and at == len(LINES))  # then all had been heard
    )


def test_what_is_logged_after_the_end_is_another_runs() -> None:
    common: Any = SimpleNamespace(dryrun=False, quiet=None)
    first = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
    with listening(first) as (logger, listener):
        log(logger, LINES[:5], lambda: False)
        listener.stop()  # up to 9.20 the handler is closed only when the interpreter exits
        second = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
        with listening(second) as (logger, _):
            log(logger, LINES, lambda: False)
        second.close()
    first.close()
    assert sorted(len([line for line in told(events) if line[0] == "job_info"]) for events in spooled()) == [1, 3]


@pytest.mark.parametrize(("plugins", "output"), [("flowo", "beside"), ("flowo", "queued"), ("flowo other", "beside")])
def test_what_nobody_would_hear_is_queued_only_for_others(plugins: str, output: str) -> None:
    """Up to Snakemake 9.8 its own output comes from the same queue."""
    import snakemake.cli  # noqa: F401 - a graph to be read

    class Other(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(getattr(record, "event", None))

    heard: list[str | None] = []
    common: Any = SimpleNamespace(dryrun=False, quiet=None, log_handler_settings=dict.fromkeys(plugins.split()))
    handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
    own = Other()
    own.name = "DefaultStreamHandler"
    with listening(handler, Other() if output == "beside" else own) as (logger, _), contextlib.ExitStack() as stack:
        if output == "beside":
            own.emit = lambda record: None  # type: ignore[method-assign]
            logger.addHandler(own)
            stack.callback(logger.removeHandler, own)
        said = [("workflow_started", {}), ("shellcmd", {}), ("progress", {"done": 1, "total": 1}), *LINES[1:]]
        log(logger, said, lambda: False)
    handler.close()
    assert len(heard) == len(said) - (2 if plugins == "flowo" and output == "beside" else 0)
    assert len(told(spooled()[0])) == len(LINES)
    assert not [one for one in logger.filters if isinstance(one, dag.Watch)]


@pytest.mark.parametrize("error", [queue.Empty, RuntimeError])
@pytest.mark.parametrize("stopped", [True, False])
def test_an_end_that_nobody_is_told_of_loses_nothing(
    error: type[Exception], stopped: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop takes the one for its own; the other goes to a hook that tells nobody else."""

    class Silent(Breaking):
        def emit(self, record: logging.LogRecord) -> None:
            try:
                super().emit(record)
            except RuntimeError:
                raise error from None

    common: Any = SimpleNamespace(dryrun=False, quiet=None)
    handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    silent = Silent(3)
    with listening(handler, silent) as (logger, listener):
        log(logger, LINES, silent.broken)
        assert listener._thread is not None
        listener._thread.join()
        if stopped:
            listener.stop()
            logger.info("another run's")
        handler.close()
    (events,) = spooled()
    assert len(told(events)) == len(LINES)
    assert sum("another logger plugin" in event.get("text", "") for event in events) == 1


def test_what_was_told_of_dying_threads_before_is_told_still(monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: died.append(str(told.exc_value)))
    before = threading.excepthook
    common: Any = SimpleNamespace(dryrun=False, quiet=None)
    handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
    other = threading.Thread(target=lambda: 1 / 0)
    other.start()
    other.join()
    breaking = Breaking(2)
    with listening(breaking, handler) as (logger, _):
        log(logger, LINES, breaking.broken)
    handler.close()
    assert died == ["division by zero", "database is locked"]
    assert threading.excepthook is before


def test_what_a_signal_s_handler_logs_meanwhile_is_heard_too() -> None:
    """Who logs while the last of another's records is heard waits for nothing."""
    heard: list[str] = []

    class Ours(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            pass

    def hear(record: logging.LogRecord) -> None:
        heard.append(record.msg)
        if record.msg == "the last":
            logger.info("nested")

    ours = Ours()
    own = Listening(ours, hear, lambda _: False)
    with listening(Breaking(2), ours) as (logger, _):
        logger.info("ordinary")
        logger.info("the last")
        logger.info("more")
    own.close()
    assert sorted(heard) == ["more", "nested", "the last"]
