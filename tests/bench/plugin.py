"""The plugin in Snakemake's process: `emit()`, its import, and runs of 500 trivial jobs in pairs with and without it."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

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
    from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings

    common: Any = SimpleNamespace(dryrun=False, quiet=None)
    handler = LogHandler(common, LogHandlerSettings(close_timeout=0.1))
    wall, cpu = [], []
    for record in _records():
        began, used = time.perf_counter(), time.thread_time()
        handler.emit(record)
        wall.append((time.perf_counter() - began) * 1e6)
        cpu.append((time.thread_time() - used) * 1e6)
    handler.close()
    row(
        "emit()",
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


def _run(*options: str, data_dir: Path | None = None) -> tuple[float, float]:
    """(CPU seconds of Snakemake's own process, wall seconds) of 500 trivial jobs."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Snakefile").write_text(SNAKEFILE)
        environment = os.environ | {"XDG_STATE_HOME": folder, "FLOWO_DATA_DIR": str(data_dir or folder)}
        # Snakemake's own process: its children (the jobs) are left out by asking it at its end.
        code = (
            "import atexit, resource, sys, pathlib\n"
            "def say():\n"
            "    used = resource.getrusage(resource.RUSAGE_SELF)\n"
            "    pathlib.Path('cpu').write_text(str(used.ru_utime + used.ru_stime))\n"
            "atexit.register(say)\n"
            "from snakemake.cli import main\n"
            "main()\n"
        )
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", code, "-c2", *options], cwd=folder, env=environment, check=True, capture_output=True
        )
        took = time.perf_counter() - began
        return float((Path(folder) / "cpu").read_text()), took


def runs(*, pairs: int) -> None:
    from tests.bench import serving

    with tempfile.TemporaryDirectory(prefix="flowo-bench-") as folder:
        place = Path(folder)
        place.chmod(0o711)
        process, _, _ = serving.start(place / "data")
        try:
            cpu, wall, share = [], [], []
            for _ in range(pairs):
                without = _run()
                beside = _run("--logger", "flowo", data_dir=place / "data")
                cpu.append(beside[0] - without[0])
                wall.append(beside[1] / without[1])
                share.append((beside[0] - without[0]) / without[1])
        finally:
            serving.stop(process)
    row(
        f"500 trivial jobs with the plugin and a server, {pairs} pairs",
        f"CPU +{quantile(cpu, 0.5) * 1000:.0f} ms ({quantile(share, 0.5) * 100:.1f} % of the run), "
        f"wall × {quantile(wall, 0.5):.3f}",
        "≤ 1 %",
    )
