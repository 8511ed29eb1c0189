"""The plugin in Snakemake's process: `emit()`, its import, and runs of 500 trivial jobs in pairs with and without it."""

from __future__ import annotations

import logging
import os
import queue
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from logging.handlers import QueueHandler, QueueListener
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from tests.bench.quantities import quantile, row

SNAKEFILE = """
rule all:
    input: expand("out/{i}", i=range(500))
rule one:
    output: "out/{i}"
    shell: "true > {output}"
"""
RECORDS = 20_000


def _records() -> list[logging.LogRecord]:
    """What Snakemake emits for trivial jobs, five and a half records each."""
    made: list[logging.LogRecord] = []

    def record(event: str | None, text: str, **extra: Any) -> None:
        one = logging.LogRecord("snakemake.logging", logging.INFO, "", 0, text, None, None)
        if event:
            extra["event"] = event
        one.__dict__.update(extra)
        made.append(one)

    record("workflow_started", "Workflow has started!", workflow_id="x", snakefile_main="/data/Snakefile")
    for n in range(RECORDS // 5):
        record(None, "Select jobs to execute...")
        record("job_started", "Execute 1 jobs...", jobs=[n])
        record(
            "job_info", f" Rule: one, Jobid: {n}", jobid=n, rule_name="one", rule_msg=None, local=True, input=[],
            output=[f"out/{n}"], log=[], benchmark=None, wildcards={"i": str(n)}, reason=f"Missing output files: out/{n}",
            resources={"_cores": 1, "_nodes": 1, "tmpdir": "/tmp"}, priority=0, threads=1, indent=False,
            is_checkpoint=False, printshellcmd=True, is_handover=False, shellcmd=f"true > out/{n}",
        )  # fmt: skip
        record("shellcmd", f"Shell command: true > out/{n}", shellcmd=f"true > out/{n}", indent=False)
        record("job_finished", f"Finished jobid: {n} (Rule: one)", job_id=n)
        record("progress", "None", done=n, total=RECORDS)
    return made


def emit() -> None:
    """In a process of its own, in an empty folder, with no server."""
    code = "import sys; sys.argv = ['snakemake', '-c1']\nfrom tests.bench import plugin\nplugin.emit_here()\n"
    with tempfile.TemporaryDirectory() as folder:
        _python(code, Path(folder))


def emit_here() -> None:
    """`emit()` by itself, then all that a record costs the thread that logs it where flowo is the only logger plugin."""
    import snakemake.api  # noqa: F401 - else Snakemake's graph is not known
    from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings, dag

    common: Any = SimpleNamespace(dryrun=False, quiet=None, log_handler_settings={"flowo": None})
    handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
    _timed("emit()", handler.emit)
    handler.close()

    line: queue.Queue[logging.LogRecord] = queue.Queue(-1)
    handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
    listener, hearing, output = QueueListener(line, handler), QueueHandler(line), logging.NullHandler()
    output.name = "DefaultStreamHandler"
    logger = logging.getLogger(dag.LOGGER)
    logger.setLevel(logging.INFO)
    logger.addHandler(hearing)
    logger.addHandler(output)
    listener.start()

    def log(record: logging.LogRecord) -> None:
        logger.handle(record)
        if record.__dict__.get("event") == "workflow_started":
            line.join()

    _timed("a record in Snakemake's thread", log)
    listener.stop()
    handler.close()


def _timed(what: str, hear: Callable[[logging.LogRecord], None]) -> None:
    wall, cpu = [], []
    for record in _records():
        began, used = time.perf_counter(), time.thread_time()
        hear(record)
        wall.append((time.perf_counter() - began) * 1e6)
        cpu.append((time.thread_time() - used) * 1e6)
    row(
        what,
        f"p50 {quantile(wall, 0.5):.0f} µs, p99 {quantile(wall, 0.99):.0f} µs (of CPU: {quantile(cpu, 0.99):.0f} µs)",
        "p99 ≤ 50 µs",
    )


def import_time() -> None:
    base = "import snakemake.cli"
    module = "snakemake_logger_plugin_flowo"
    parts = ", ".join(f"{module}.{part}" for part in ("recorder", "sender", "attend", "config", "connection"))
    with_plugin = f"{base}, {module}, {parts}"
    found = []
    for _ in range(7):
        found.append(_cpu(with_plugin) - _cpu(base))
    row("plugin import on top of Snakemake's, all modules (CPU)", f"{quantile(found, 0.5) * 1000:.0f} ms", "≤ 40 ms")


def _cpu(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _python(code: str, folder: Path) -> None:
    root = Path(__file__).parents[2]
    environment = os.environ | {"PYTHONPATH": str(root), "XDG_STATE_HOME": str(folder), "FLOWO_DATA_DIR": str(folder)}
    subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True)


# What Snakemake pays for any logger plugin: a queue and a thread that hears the records.
NOTHING = """
from snakemake_interface_logger_plugins.base import LogHandlerBase


class LogHandler(LogHandlerBase):
    writes_to_stream = writes_to_file = has_filter = needs_rulegraph = False
    has_formatter = True

    def __post_init__(self):
        pass

    def emit(self, record):
        pass
"""
# Snakemake's own process, and what its jobs took beside it.
ASKED = """
import atexit, pathlib, resource


def say():
    own, jobs = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    pathlib.Path("cpu").write_text(f"{own.ru_utime + own.ru_stime} {jobs.ru_utime + jobs.ru_stime}")


atexit.register(say)
from snakemake.cli import main

main()
"""


class Run(NamedTuple):
    own: float  # s of CPU of Snakemake's process
    jobs: float  # s of CPU of its jobs
    wall: float  # s


def _run(*options: str, data_dir: Path, plugins: Path) -> Run:
    """500 trivial jobs."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Snakefile").write_text(SNAKEFILE)
        environment = os.environ | {
            "XDG_STATE_HOME": folder,
            "FLOWO_DATA_DIR": str(data_dir),
            "PYTHONPATH": str(plugins),
        }
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", ASKED, "-c2", *options], cwd=folder, env=environment, check=True, capture_output=True
        )
        took = time.perf_counter() - began
        own, jobs = map(float, (Path(folder) / "cpu").read_text().split())
        return Run(own, jobs, took)


def runs(*, pairs: int) -> None:
    """Without a plugin, with one that does nothing, and with flowo's, in turn."""
    from tests.bench import serving

    with tempfile.TemporaryDirectory(prefix="flowo-bench-") as folder:
        place = Path(folder)
        place.chmod(0o711)
        plugin = place / "plugins" / "snakemake_logger_plugin_nothing"
        plugin.mkdir(parents=True)
        (plugin / "__init__.py").write_text(NOTHING)
        process, _, _ = serving.start(place / "data")
        found: list[tuple[Run, Run, Run]] = []
        try:
            for _ in range(pairs):
                without, nothing, flowo = (
                    _run(*options, data_dir=place / "data", plugins=plugin.parent)
                    for options in ((), ("--logger", "nothing"), ("--logger", "flowo"))
                )
                found.append((without, nothing, flowo))
        finally:
            serving.stop(process)

    def median(of: Callable[[Run, Run, Run], float]) -> float:
        return quantile([of(*one) for one in found], 0.5)

    row(
        f"500 trivial jobs with the plugin and a server, {pairs} pairs",
        f"CPU of Snakemake's process +{median(lambda _, nothing, flowo: flowo.own - nothing.own) * 1000:.0f} ms to a "
        f"plugin that does nothing ({median(lambda _, a, b: (b.own - a.own) / (a.own + a.jobs)) * 100:.1f} % of the run), "
        f"+{median(lambda without, _, flowo: flowo.own - without.own) * 1000:.0f} ms to none, "
        f"wall × {median(lambda without, _, flowo: flowo.wall / without.wall):.3f}",
        "≤ 1 %",
    )
