"""Real runs with flowo alone: the spool has what Snakemake logged, in the order in which its thread did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugin.test_plain import spooled

# A handler before all others, so that it hears what the thread that logs says and when.
HEARD = """
import json, logging, sys, threading
from snakemake import logging as snakemakes

class Reference(logging.Handler):
    heard = []

    def emit(self, record):
        event = getattr(record, "event", None)
        told = {"jobs": list(record.jobs)} if event == "job_started" else {"job": getattr(record, "jobid", None)}
        told = {"job": record.job_id} if event == "job_finished" else told
        if event in ("job_started", "job_info", "job_finished"):
            self.heard.append([event, told])
        elif event is None and record.getMessage().startswith(("Select", "Removing")):
            self.heard.append(["log", {"text": record.getMessage()}])

begin = snakemakes.LoggerManager.__init__

def and_hear(self, logger, *arguments):
    begin(self, logger, *arguments)
    logger.handlers.insert(0, Reference())

snakemakes.LoggerManager.__init__ = and_hear
from snakemake.cli import main
try:
    main()
finally:
    with open("heard.json", "w") as file:
        json.dump(Reference.heard, file)
"""
SNAKEFILES = {
    "temp": """
rule all:
    input: expand("out/{i}", i=range(20))
rule one:
    output: temp("mid/{i}")
    shell: "touch {output}"
rule two:
    input: "mid/{i}"
    output: "out/{i}"
    log: "logs/{i}"
    benchmark: "bench/{i}"
    shell: "touch {output} {log}"
""",
    "groups and pipes": """
rule all:
    input: expand("out/{i}", i=range(3))
rule one:
    output: pipe("mid/{i}")
    shell: "echo {wildcards.i} > {output}"
rule two:
    input: "mid/{i}"
    output: "out/{i}"
    shell: "cat {input} > {output}"
""",
    "checkpoint": """
def made(wildcards):
    checkpoints.many.get()
    return expand("out/{i}", i=range(4))
rule all:
    input: made
checkpoint many:
    output: directory("many")
    shell: "mkdir {output}"
rule one:
    output: "out/{i}"
    params: text="x" * 200
    run: open(output[0], "w").close()
""",
}


@pytest.mark.parametrize(("name", "cores"), [("temp", 4), ("groups and pipes", 2), ("checkpoint", 2)])
def test_the_spool_has_the_order_in_which_snakemake_logs(name: str, cores: int) -> None:
    Path("Snakefile").write_text(SNAKEFILES[name])
    done = subprocess.run(
        [sys.executable, "-c", HEARD, f"-c{cores}", "--logger", "flowo", "--logger-flowo-close-timeout", "0.1"],
        capture_output=True, text=True, timeout=120, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr

    def told(event: dict[str, Any]) -> list[Any]:
        kind = event["kind"]
        if kind == "job_started":
            return [kind, {"jobs": event.get("jobs", []), "groups": len(event.get("groups", []))}]
        return [kind, {"text": event["text"]} if kind == "log" else {"job": event["job"]}]

    def logged(kind: str, what: dict[str, Any]) -> list[Any]:
        if kind != "job_started":
            return [kind, what]
        jobs = [job for job in what["jobs"] if isinstance(job, int)]
        return [kind, {"jobs": jobs, "groups": len(what["jobs"]) - len(jobs)}]

    kinds = ("job_started", "job_info", "job_finished")
    compared = [e for e in spooled() if e["kind"] in kinds or e.get("text", "").startswith(("Select", "Removing"))]
    spool = [told(event) for event in compared]
    heard = [logged(*one) for one in json.loads(Path("heard.json").read_text())]
    assert len(heard) > 12
    assert spool == heard
