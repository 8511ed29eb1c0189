"""Which job of a failed group is to blame: what the log of the group's job tells, and nothing that it does not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import members, wire
from snakemake_logger_plugin_flowo.members import Member

from tests.plugin import replay, test_snakemake
from tests.plugin.test_translate import record

COMMANDS = {4: "sleep 1; cp b/2 c/2", 5: "false b/2", 6: "echo a > a/2"}
GROUP = {
    4: Member("c", ["c/2"], COMMANDS[4], 2), 5: Member("b", ["b/2"], COMMANDS[5], 2), 6: Member("a", ["a/2"], COMMANDS[6], 2)
}  # fmt: skip
INPUTS = {4: ["b/2"], 5: ["a/2"], 6: ["start"]}
ERROR = "RuleException:\nCalledProcessError in file \"S\", line 13:\nCommand 'set -e;  {}' returned non-zero exit status {}."


def job(number: int, rule: str, output: str) -> str:
    """Numbers are those of the Snakemake within."""
    return f"\n[Wed Nov 25 14:16:41 2026]\nlocalrule {rule}:\n    output: {output}\n    jobid: {number}\n    resources: tmpdir=/tmp\n"


def done(number: int, rule: str) -> str:
    return f"[Wed Nov 25 14:16:41 2026]\nFinished jobid: {number} (Rule: {rule})\n1 of 3 steps (33%) done\n"


def error(number: int, rule: str, output: str) -> str:
    return (
        f"[Wed Nov 25 14:16:41 2026]\nError in rule {rule}:\n    message: None\n    jobid: {number}\n    output: {output}\n"
        "    shell:\n        x\n        (command exited with non-zero exit code)\n"
    )


BEGIN = "SNAKEMAKE\n=========\n  Host: n1\n\nBuilding DAG of jobs...\nSelect jobs to execute...\n"
END = "Exiting because a job execution failed. Look above for error messages\nWorkflowError:\nAt least one job did not complete successfully.\n"
FIRST = BEGIN + job(1, "a", "a/2") + done(1, "a") + job(0, "b", "b/2")
FAILED = f"{ERROR.format(COMMANDS[5], 3)}\n{error(0, 'b', 'b/2')}"
WHOLE = FIRST + FAILED + END
WHO = "Job 5 (rule b) of its group failed"


def told(text: str, *, whole: bool = True) -> dict[int, tuple[Any, ...]]:
    events = members.told(text, GROUP, 7.5, whole=whole)
    assert all(event.attempt == 2 for event in events)
    return {event.job: (event.outcome, event.exit_code, event.message) for event in events}


def test_the_one_that_failed_is_told_first_and_what_was_of_the_others() -> None:
    assert members.told(WHOLE, GROUP, 7.5, whole=True)[0] == wire.GroupMember(
        job=5, attempt=2, message=ERROR.format(COMMANDS[5], 3), exception="RuleException", exit_code=3, group_at=7.5
    )
    assert list(told(WHOLE)) == [5, 4, 6]
    assert told(WHOLE)[4] == ("not_started", None, f"{WHO}; this one had not been started.")
    assert told(WHOLE)[6] == ("finished", None, f"{WHO}; this one had finished well.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "slurmstepd: error: killed",
        FIRST,
        FIRST + END,
        WHOLE.replace("b/2", "b/3"),
        WHOLE.replace("rule b", "rule x"),
    ],
)
def test_nobody_is_blamed_without_a_word(text: str) -> None:
    assert told(text) == {}


@pytest.mark.parametrize("text", [FIRST + FAILED, FIRST + BEGIN + FAILED + END])
def test_of_the_others_nothing_is_told_where_it_is_not_sure(text: str) -> None:
    """It did not say that it gave up; several Snakemakes wrote there, each with numbers of its own."""
    assert list(told(text)) == [5]


def test_the_end_of_a_long_log_tells_who_failed_only() -> None:
    assert list(told(WHOLE[WHOLE.index("localrule b") :], whole=False)) == [5]


def test_two_that_failed_have_each_its_own_error_or_none() -> None:
    both = FIRST + job(2, "c", "c/2") + ERROR.format(COMMANDS[5], 3) + "\n"
    both += ERROR.format(COMMANDS[4], 4) + "\n" + error(2, "c", "c/2") + error(0, "b", "b/2") + END
    found = told(both)
    assert (found[4][:2], found[5][:2]) == (("failed", 4), ("failed", 3))
    assert found[6] == (
        "finished",
        None,
        "Jobs 4 (rule c) and 5 (rule b) of its group failed; this one had finished well.",
    )
    assert told(both.replace(COMMANDS[4], "?"))[4] == ("failed", None, None)


@pytest.mark.parametrize("kept", [64, 0])
def test_it_stands_behind_the_errors_of_all(kept: int, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["snakemake"])
    Path("48.log").write_text(WHOLE)
    handler = replay.handler("linear", close_timeout=0.1, log_tail=kept)
    of = [{"jobid": number} for number in GROUP]
    records = [
        record(event="workflow_started"),
        record(event="group_info", group_id="g", jobs=[4, 5, 6]),
        *(record(event="job_info", jobid=number, rule_name=member.rule, input=INPUTS[number], output=member.outputs,
                 shellcmd=member.command, local=False, indent=True) for number, member in GROUP.items()),
        record("Job 04294d9d-dd5d has been submitted with SLURM jobid 48 (log: 48.log)."),
        record(event="group_error", groupid="g", job_error_info=of),
        *(record(event="job_error", jobid=number, rule_name=GROUP[number].rule) for number in (6, 5, 4)),
        record("WorkflowError:\nAt least one job did not complete successfully.", "error"),
    ]  # fmt: skip
    for one in records:
        handler.handle(one)
    handler.close()
    (spool,) = Path(".snakemake/flowo").glob("*.jsonl")
    events = [json.loads(line) for line in spool.read_bytes().splitlines()]
    kinds = [event["kind"] for event in events if event["kind"] in ("job_error", "group_member")]
    assert kinds == ["job_error"] * 3 + ["group_member"] * (3 if kept else 0)
    files = {event["job"]: event["files"][0] for event in events if event["kind"] == "input_snapshot"}
    assert files[6] == {"path": "start", "missing": True}
    assert [files[number].keys() for number in (4, 5)] == [{"path", "note"}] * 2  # Snakemake removes what a group made
    first = (
        "rule b, job 5 (exit code 3)" if kept else "rule a, job 6 (Its group of 3 jobs failed; Snakemake does not say"
    )
    assert f"first failure: {first}" in capsys.readouterr().err


@test_snakemake.RARE
def test_a_cluster_that_tells_the_logs_of_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    place = test_snakemake.prepared("groupfail")
    monkeypatch.setenv("PYTHONPATH", f"{place / 'plugins'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    run = test_snakemake.snakemake(
        place, "--executor", "told", "--told-submit-cmd", "bash submit.sh", "--told-status-cmd", "bash status.sh", "-j4",
        "--seconds-between-status-checks", "1", "-k",
    )  # fmt: skip
    assert "first failure: rule b, job 5 (exit code 3)" in run.stderr
    found = test_snakemake.of(test_snakemake.spooled(place), "group_member")
    assert [(event["job"], event.get("outcome", "failed")) for event in found] == [
        (5, "failed"), (4, "not_started"), (6, "finished"),
    ]  # fmt: skip
