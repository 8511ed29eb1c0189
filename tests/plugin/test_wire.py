"""The wire keeps its form: what 3.0.0 wrote is read, and what is written now is what stands in the golden file."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from snakemake_logger_plugin_flowo import wire

GOLDEN = Path(__file__).parent.parent / "wire" / "golden" / "v1.ndjson"
EXAMPLES: list[wire.Event] = [
    wire.RunOpened(
        plugin_version="3.0.0", name="night", tags=["a"], workspace="lab", host="h", user="u", pid=7, boot_id="b",
        directory="/d", command=["snakemake", "-c2"], python_version="3.11.7", platform="Linux", scheduler_id="12",
    ),
    wire.WorkflowStarted(
        workflow_id="w", snakefile="/d/Snakefile", directory="/d", snakemake_version="9.27.1", python_version="3.11.7",
        platform="Linux", host="h", user="u", configfiles=["c.yaml"], config_md5="m",
    ),
    wire.Provenance(git_remote="https://h/r.git", git_commit="c0ffee", git_branch="main", git_dirty=True),
    wire.RuleGraph(nodes=["a", "all"], links=[[0, 1]]),
    wire.ResourcesInfo(cores=2, nodes=3, provided={"mem_mb": 500}),
    wire.RunInfo(stats={"a": 2, "all": 1}),
    wire.Plan(
        generation=2, part=1, parts=2, executor="local",
        jobs=[
            {"job": 0, "rule": "all", "needs": [1]},
            {"job": 1, "rule": "a", "wildcards": {"i": "1"}, "params": {"n": 3}},
        ],
    ),
    wire.JobStarted(jobs=[0, 1], groups=["04294d9d-dd5d-59d1-8a31-84e2227dfe28"]),
    wire.GroupInfo(group="grp", jobs=[1, 2]),
    wire.JobInfo(
        job=0, rule="a", local=False, message="making", inputs=["in"], outputs=["out"], logs=["log"],
        inputs_total=20_000, outputs_total=10_001, benchmark="b.tsv", wildcards={"i": "1"}, reason="Forced execution",
        resources={"mem_mb": 100, "tmpdir": "<TBD>"}, priority="highest", threads=4, checkpoint=True, command="echo é",
    ),
    wire.JobSubmitted(jobs=[1], external_id="4711", log="slurm.log"),
    wire.JobRunning(job=1, evidence="status"),
    wire.JobFinished(job=0, evidence="observed"),
    wire.JobRestarting(job=1),
    wire.JobError(
        job=1, rule="a", message="boom", exception="RuleException", exit_code=3, signal=9, external_id="4711",
        logs=["log"], missing_outputs=True,
    ),
    wire.GroupError(group="grp", jobs=[1, 2], external_id="4711"),
    wire.Error(exception="WorkflowError", message="At least one job did not complete successfully."),
    wire.Log(level="WARNING", text="careful"),
    wire.LogSnapshot(job=1, attempt=2, path="log", tail="end\n", size=4, note="late"),
    wire.Gap(count=5, reason="disk full"),
    wire.RunEnded(outcome="failed", exception="WorkflowError", message="boom"),
    # What came later stands behind, so that the lines of older plugins stay as they were.
    wire.JobSubmitted(jobs=[1, 2], external_id="48", external_ids=["48_1", "48_2"]),
    wire.JobError(job=1, rule="a", signal=2, cluster_logs=["slurm.log"], interrupted=True),
    wire.LogSnapshot(job=1, attempt=2, path="slurm.log", note="there is no such file", cluster=True),
    wire.InputSnapshot(
        job=1, attempt=2, files=[{"path": "a", "size": 0}, {"path": "b", "missing": True}], total=300, note="late"
    ),
    wire.JobFigures(job=1, path="b.tsv", rows=[{"s": 1.5, "max_rss": 20.25}], note="x"),
    wire.RemoteState(
        job=1, attempt=2, phase="failed", executor="aws-batch", external_id="arn", status="FAILED", reason="OOM", queue="q",
        queued_at=1.5, started_at=2.5, stopped_at=9.0, exit_code=137, category="oom", confidence="high",
    ),
    wire.RunOpened(host="h", profiles=["/p/config.yaml"]),
    wire.Provenance(hashes={"c.yaml": "ab12"}),
    wire.JobInfo(job=1, rule="a", params={"n": 3}),
    wire.Config(files=["c.yaml"], config={"samples": ["a"], "password": "***"}, cut=True),
    wire.Source(hash="5e" * 32, text="print(1)\n", size=9),
    wire.Rule(
        rule="a", directive="script", shellcmd="echo", conda="env", container="docker://x", modules=["m/1"],
        sources=[
            {"role": "rule", "path": "/d/Snakefile", "line": 3, "text": "rule a:\n"},
            {"role": "script", "path": "/d/a.py", "hash": "5e" * 32, "note": "late"},
        ],
    ),
    wire.GroupMember(
        job=1, attempt=2, outcome="finished", message="m", exception="RuleException", exit_code=3, signal=9, group_at=1.5
    ),
]  # fmt: skip


def written() -> bytes:
    return b"".join(wire.encode(event, seq=seq, at=1_790_000_000.25 + seq) for seq, event in enumerate(EXAMPLES, 1))


def test_every_kind_has_an_example() -> None:
    assert {event.kind for event in EXAMPLES} == set(wire.KINDS)


def test_the_form_is_kept() -> None:
    assert written() == GOLDEN.read_bytes()


def test_what_was_written_is_read() -> None:
    assert [wire.decode(json.loads(line)) for line in GOLDEN.read_bytes().splitlines()] == EXAMPLES


def test_what_is_new_is_passed_over() -> None:
    assert wire.decode({"kind": "from_the_future", "seq": 1}) is None
    assert wire.decode({"kind": "log", "text": "x", "colour": "red"}) == wire.Log(text="x")


def test_what_json_cannot_say_is_tamed() -> None:
    deep: list[object] = []
    deep.append(deep)
    for value in (math.nan, math.inf, {(1, 2): "tuple"}, deep, {1, 2}, b"\xff", "\ud800\0"):
        line = wire.encode(wire.ResourcesInfo(provided={"x": value}), seq=1, at=0.0)
        assert line.endswith(b"}\n")
        assert line.isascii()
        json.loads(line, parse_constant=pytest.fail)


def test_events_are_frozen_and_know_their_fields() -> None:
    event = wire.Log(text="x")
    with pytest.raises(AttributeError):
        event.text = "y"  # type: ignore[misc]
    with pytest.raises(TypeError, match="colour"):
        wire.Log(colour="red")  # type: ignore[call-arg]
    assert wire.RunOpened().tags is not wire.RunOpened().tags
    assert repr(event.replace(level="DEBUG")) == "Log(level='DEBUG', text='x')"
