"""The handler by the interface's own tests, its settings as options, and that nothing it meets can raise."""

from __future__ import annotations

import gc
import json
import logging
import os
import subprocess
import sys
import weakref
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry
from snakemake_interface_logger_plugins.settings import LogHandlerSettingsBase
from snakemake_interface_logger_plugins.tests import TestLogHandlerBase as InterfaceTests
from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings, config, dag, spool

from tests.plugin import replay
from tests.plugin.peer import Peer


class TestInterface(InterfaceTests):
    __test__ = True

    def get_log_handler_cls(self) -> type[LogHandlerBase]:
        return LogHandler

    def get_log_handler_settings(self) -> LogHandlerSettingsBase:
        return LogHandlerSettings(dry_run=True, close_timeout=0.1)


def test_no_setting_is_a_secret() -> None:
    names = set(LogHandlerSettings.__dataclass_fields__)
    assert not any(word in name for name in names for word in ("token", "key", "secret", "password"))
    assert all(field.metadata["help"] for field in LogHandlerSettings.__dataclass_fields__.values())
    assert "flowo" in LoggerPluginRegistry().plugins


def test_the_rule_graph_has_a_message_for_handlers_that_need_one() -> None:
    """Snakemake tells it without one, and from 9.9 on some versions' own handlers fail on that, with a traceback."""
    watch = dag.Watch()
    for event, message in (("rulegraph", ""), ("progress", None)):
        record = logging.LogRecord(dag.LOGGER, logging.INFO, "", 0, None, None, None)
        record.event = event
        assert watch.filter(record)
        assert record.msg == message


def test_what_cannot_be_compared_can_be_logged() -> None:
    """`logger.info(samples)` in a Snakefile, where that is a table of pandas: the look is in the thread that logs."""

    class Table:
        __hash__ = None  # type: ignore[assignment]

        def __eq__(self, other: object) -> Any:
            raise ValueError("The truth value of a DataFrame is ambiguous")

    watch = dag.Watch(alone=True)
    for event, message in ((None, Table()), (Table(), "text"), (["x"], Table())):
        record = logging.LogRecord(dag.LOGGER, logging.INFO, "", 0, message, None, None)
        if event is not None:
            record.event = event
        assert watch.filter(record) is True
    assert watch.filter(logging.LogRecord(dag.LOGGER, logging.INFO, "", 0, Table(), None, None)) is True
    assert watch.faults < 3  # the graph is still looked at


def test_rules_stand_behind_what_they_need_and_loops_end() -> None:
    graph = dag.rule_graph({("b", "a"), ("c", "b"), ("c", "a"), ("a", ""), ("b", ""), ("c", ""), ("alone", "")})
    assert graph.nodes == ["c", "b", "a", "alone"]
    assert graph.links == [[1, 2], [0, 2], [0, 1]]
    loop = dag.rule_graph({("a", "a"), ("a", "b"), ("b", "a")})
    assert sorted(loop.nodes) == ["a", "b"]
    assert len(loop.links) == 3


def test_snakemake_is_asked_for_the_rule_graph_only_where_it_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import snakemake.cli  # noqa: F401

    common: Any = SimpleNamespace(dryrun=False, quiet=None)
    monkeypatch.setattr(sys, "argv", ["snakemake", "-c1"])

    def asks(**settings: Any) -> bool:
        handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1, **settings))
        try:
            return handler.needs_rulegraph
        finally:
            handler.close()

    assert not asks()
    assert asks(no_plan=True)
    monkeypatch.delattr(sys.modules["snakemake.dag"], "DAG")  # as that of a version to come
    assert asks()


class Hostile:
    """An object that fails at whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __str__(self) -> str:
        raise RuntimeError("str")

    __repr__ = __iter__ = __len__ = __bool__ = __str__


@pytest.mark.parametrize("asked", [None, "mine"])
def test_the_workspace_is_the_asked_one_or_the_configured(asked: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    config.save({"workspace": "genomics"})
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    handler = replay.handler("linear", workspace=asked, close_timeout=0.1)
    for record in replay.log_records("linear"):
        handler.handle(record)
    handler.close()
    (path,) = Path(".snakemake/flowo").glob("*.jsonl")
    assert spool.header(path)["workspace"] == (asked or "genomics")


@pytest.mark.parametrize(("status", "promised"), [(401, True), (410, False)])
def test_the_last_line_promises_to_send_what_can_be_sent_only(
    status: int, promised: bool, peer: Peer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that somebody deleted on the server is taken by none later either."""
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    monkeypatch.setenv("FLOWO_TOKEN", "t")
    peer.misbehave = lambda path, events: (status, {"Content-Type": "application/problem+json"}, b"{}")
    handler = replay.handler("linear", url=peer.url)
    for record in replay.log_records("linear"):
        handler.handle(record)
    handler.close()
    last = capsys.readouterr().err.splitlines()[-1]
    (path,) = Path(".snakemake/flowo").glob("*.jsonl")
    assert f"recorded in {path.absolute()}" in last
    assert ("sends it" in last) is promised
    assert ("it was deleted on the server, recorded in" in last) is not promised


@pytest.mark.parametrize("name", ["fanout200", "cluster_fail", "retries", "resources_flag"])
def test_no_record_can_hurt(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    handler = replay.handler(name, close_timeout=0.1)
    for number, record in enumerate(replay.log_records(name)):
        extra = [key for key in vars(record) if key not in vars(logging.makeLogRecord({}))]
        handler.handle(record)
        for key in extra:
            broken = logging.makeLogRecord({**vars(record), key: Hostile()})
            if key != "event" and number > 3:
                handler.handle(broken)
            missing = dict(vars(record))
            del missing[key]
            handler.handle(logging.makeLogRecord(missing))
    handler.close()
    handler.close()
    (spool,) = Path(".snakemake/flowo").glob("*.jsonl")
    events = replay.events(spool)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert events[-1]["kind"] == "run_ended"
    assert capsys.readouterr().out == ""


def test_it_starts_without_a_home_and_with_a_closed_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    for variable in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(variable, "/proc/nowhere")
    monkeypatch.setattr(sys, "stderr", None)
    handler = replay.handler("linear", close_timeout=0.1)
    for record in replay.log_records("linear"):
        handler.handle(record)
    handler.close()
    assert list(Path(".snakemake/flowo").glob("*.jsonl"))


def test_a_run_is_on_disk_before_what_ships_it_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """That takes longer than Snakemake may need to start its first job, or to be killed."""
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    monkeypatch.setitem(sys.modules, "snakemake_logger_plugin_flowo.sender", None)  # whoever imports it fails
    handler = replay.handler("linear", close_timeout=0.1)
    for record in replay.log_records("linear"):
        handler.handle(record)
    handler.close()
    (path,) = Path(".snakemake/flowo").glob("*.jsonl")
    kinds = [event["kind"] for event in replay.events(path)]
    assert kinds.index("run_opened") < kinds.index("workflow_started") < kinds.index("gap")


def test_a_full_disk_costs_events_and_says_how_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit on the file's size stands for the full disk: a part of a line is written, then nothing."""
    program = """
import json, resource, signal, sys, time
from pathlib import Path
from snakemake_logger_plugin_flowo import spool, wire
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
made = spool.Spool.create([Path("s")], "r")
made.append(wire.RunOpened(), time.time())
resource.setrlimit(resource.RLIMIT_FSIZE, (made.size + 1000, resource.RLIM_INFINITY))
for number in range(100):
    made.append(wire.Log(text=f"line {number}"), time.time())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
made.append(wire.RunEnded(), time.time())
events = [json.loads(line) for line in made.path.read_bytes().splitlines()]
assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
(gap,) = [event for event in events if event["kind"] == "gap"]
kept = [event for event in events if event["kind"] == "log"]
assert gap["count"] + len(kept) == 100, (gap, len(kept))
assert gap["count"] > 50
assert events[-1]["kind"] == "run_ended"
assert made.lost_ever == gap["count"]
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_importing_the_plugin_is_light() -> None:
    """Neither a command line nor an HTTP library comes with it."""
    program = """
import sys, snakemake_interface_logger_plugins.base
import snakemake_logger_plugin_flowo
loaded = [name for name in sys.modules if name.startswith("snakemake_logger_plugin_flowo.")]
assert not loaded, loaded
import snakemake_logger_plugin_flowo.recorder
import snakemake_logger_plugin_flowo.sender
import snakemake_logger_plugin_flowo.attend
assert not {"typer", "click", "rich", "httpx", "requests", "snakemake.workflow"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_program_that_runs_many_workflows_keeps_nothing_of_them() -> None:
    def run() -> Any:
        handler = replay.handler("linear", close_timeout=0.1)
        for record in replay.log_records("linear"):
            handler.handle(record)
        handler.close()
        assert handler._recorder is not None
        handler._recorder.sender.join()
        return weakref.ref(handler._recorder)

    run()
    before = os.listdir("/proc/self/fd")
    recorders = [run() for _ in range(3)]
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == len(before)
    assert [recorder() for recorder in recorders] == [None] * 3


def test_a_forked_child_is_not_the_run(tmp_path: Path) -> None:
    code = (
        "import logging, os\n"
        "from types import SimpleNamespace\n"
        "from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings\n"
        "handler = LogHandler(SimpleNamespace(dryrun=False, quiet=None), LogHandlerSettings(close_timeout=0.1))\n"
        "def say(text, **more):\n"
        "    handler.emit(logging.makeLogRecord({'msg': text, 'levelno': 20, 'levelname': 'INFO', **more}))\n"
        "say('started', event='workflow_started')\n"
        "if os.fork() == 0:\n"
        "    say('of the child')\n"
        "    say('that cannot be looked at', event=['list'])\n"
        "    handler.close()\n"
        "    os._exit(0)\n"
        "os.wait()\n"
        "say('of the run')\n"
        "handler.close()\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, "-c1"], cwd=tmp_path, check=True, capture_output=True,
        env=os.environ | {"XDG_STATE_HOME": str(tmp_path), "FLOWO_DATA_DIR": str(tmp_path)},
    )  # fmt: skip
    (spool,) = (tmp_path / ".snakemake" / "flowo").glob("*.jsonl")
    kinds = [json.loads(line)["kind"] for line in spool.read_text().splitlines()]
    assert kinds.count("run_ended") == 1
    assert "gap" not in kinds
    assert kinds[-1] == "run_ended"
    assert "of the run" in spool.read_text()
    assert "of the child" not in spool.read_text()
