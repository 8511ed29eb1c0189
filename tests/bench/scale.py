"""The plugin in runs of 10,000 jobs: the plan, `emit()`, memory, a job with 10,000 inputs; and exits without a server."""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.bench.quantities import quantile, row

JOBS = int(os.environ.get("JOBS", "10000"))
INPUTS = 10_000
SNAKEFILE = """
rule all:
    input: expand("out/{{i}}", i=range({jobs}))
rule one:
    output: "out/{{i}}"
    params: depth=30
    shell: "true > {{output}}"
"""
# Snakemake's own process at its end: its memory, and how long the plan held its thread.
RUN = """
import atexit, json, pathlib, resource, sys, time
taken = []
def say():
    used = resource.getrusage(resource.RUSAGE_SELF)
    pathlib.Path('used').write_text(json.dumps({'rss': used.ru_maxrss, 'taken': taken}))
atexit.register(say)
if '--logger' in sys.argv:
    from snakemake_logger_plugin_flowo import dag
    take = dag.Watch._take
    def timed(self, at):
        begun = time.thread_time()
        take(self, at)
        taken.append(time.thread_time() - begun)
    dag.Watch._take = timed
from snakemake.cli import main
main()
"""


def _snakemake(folder: Path, *options: str) -> dict[str, Any]:
    (folder / "Snakefile").write_text(SNAKEFILE.format(jobs=JOBS))
    environment = os.environ | {"XDG_STATE_HOME": str(folder), "FLOWO_DATA_DIR": str(folder)}
    subprocess.run(
        [sys.executable, "-c", RUN, "-c2", *options], cwd=folder, env=environment, check=True, capture_output=True
    )
    used: dict[str, Any] = json.loads((folder / "used").read_text())
    return used


def whole_runs() -> None:
    """Without jobs' processes: a dry run tells of every job, and is done in a minute."""
    memory = []
    for options in ((), ("--logger", "flowo", "--logger-flowo-dry-run")):
        with tempfile.TemporaryDirectory() as name:
            used = _snakemake(Path(name), "--dry-run", *options)
            memory.append(used["rss"] / 1024)
            if options:
                row(
                    f"plan of {JOBS:,} jobs, of Snakemake's thread (CPU)",
                    f"{max(used['taken']) * 1000:.0f} ms",
                    "≤ 80 ms",
                )
    row(
        f"memory of Snakemake's process, dry run of {JOBS:,} jobs",
        f"{memory[0]:.0f} MB, with the plugin {memory[1] - memory[0]:+.0f} MB",
        "≤ +30 MB",
    )


def here(what: str) -> None:
    """One of the measurements below, in a process and a folder of its own, without a server."""
    code = f"import sys; sys.argv = ['snakemake', '-c1']\nfrom tests.bench import scale\nscale.{what}()\n"
    root = Path(__file__).parents[2]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTHONPATH": str(root), "XDG_STATE_HOME": folder, "FLOWO_DATA_DIR": folder}
        subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, check=True)


def _handler(**settings: Any) -> Any:
    from snakemake_logger_plugin_flowo import LogHandler, LogHandlerSettings

    common: Any = SimpleNamespace(dryrun=False, quiet=None)
    handler = LogHandler(common, LogHandlerSettings(**settings))
    handler.emit(_record("workflow_started", workflow_id="x", snakefile_main="/data/Snakefile"))
    return handler


def _record(event: str, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("snakemake.logging", logging.INFO, "", 0, event, None, None)
    made.__dict__.update(event=event, **extra)
    return made


def _info(n: int, inputs: list[str]) -> logging.LogRecord:
    return _record(
        "job_info", jobid=n, rule_name="one", rule_msg=None, local=True, input=inputs, output=[f"out/{n}"], log=[],
        benchmark=None, wildcards={"i": str(n)}, reason=f"Missing output files: out/{n}", priority=0, threads=1,
        resources={"_cores": 1, "_nodes": 1, "tmpdir": "/tmp"}, indent=False, is_checkpoint=False, printshellcmd=True,
        is_handover=False, shellcmd=f"true > out/{n}",
    )  # fmt: skip


def _cost(handler: Any, record: logging.LogRecord) -> float:
    """Microseconds of CPU."""
    used = time.thread_time()
    handler.emit(record)
    return (time.thread_time() - used) * 1e6


def emit() -> None:
    handler = _handler(close_timeout=0.1)
    costs = []
    for n in range(JOBS):
        handler.emit(_record("job_started", jobs=[n]))
        costs.append(_cost(handler, _info(n, [f"in/{n}"])) + _cost(handler, _record("job_finished", job_id=n)))
    handler.close()
    first, last = quantile(costs[10:510], 0.5), quantile(costs[-500:], 0.5)
    row(f"emit() of a job, the first and the last of {JOBS:,}", f"{first:.0f} µs, {last:.0f} µs = {last / first:.2f} ×",
        "≤ 1.1 ×")  # fmt: skip


def fan_in() -> None:
    handler = _handler(close_timeout=0.1)
    files = [f"results/mapped/sample{i}.bam" for i in range(INPUTS)]
    small = [_cost(handler, _info(n, files[n : n + 1])) for n in range(2_000)]
    large = [_cost(handler, _info(10_000 + n, files)) for n in range(9)]
    handler.close()
    one, all_ = quantile(small, 0.5), quantile(large, 0.5)
    row(f"emit() of a job with {INPUTS:,} inputs", f"{all_ / 1000:.1f} ms, {all_ / one:.0f} × one with a single input",
        f"≤ {INPUTS:,} ×")  # fmt: skip


def exits() -> None:
    for what, url in (("dead", "http://127.0.0.1:9"), ("hanging", "")):
        with socket.socket() as deaf:
            deaf.bind(("127.0.0.1", 0))
            deaf.listen(8)
            handler = _handler(url=url or f"http://127.0.0.1:{deaf.getsockname()[1]}")
            for n in range(2_000):
                handler.emit(_info(n, []))
            time.sleep(1)
            begun = time.perf_counter()
            handler.close()
            row(f"exit with a {what} server", f"{time.perf_counter() - begun:.1f} s later", "≤ 5 s")
