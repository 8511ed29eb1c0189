"""What a recording says, read by a route of its own: from Snakemake's records, past the plugin and the wire."""

from __future__ import annotations

import dataclasses
import re
from typing import Any


@dataclasses.dataclass
class Expected:
    """The final rows of a recording: (rule, status, attempts) for each job that was handed out, and the run's."""

    status: str
    jobs: dict[int, tuple[str, str, int]]
    total: int | None  # None: not announced
    message: bool  # whether the run failed beside any job


def expected(lines: list[dict[str, Any]]) -> Expected:
    records = [line for line in lines if line["kind"] == "record"]
    dry = lines[0].get("common_settings", {}).get("dryrun") == "True"
    rules: dict[int, str] = {}
    tries: dict[int, int] = {}
    last: dict[int, str] = {}
    restarting: set[int] = set()
    done: set[int] = set()
    total = None
    repeated = False
    for record in records:
        text, extra = str(record["msg"]), {key: value["value"] for key, value in record["extra"].items()}
        repeated = repeated or "Look below for error messages" in text
        match record["event"]:
            case "run_info":
                total = extra["stats"]["total"]
            case "job_info":
                job = extra["jobid"]
                rules[job] = extra["rule_name"]
                tries[job] = tries.get(job, 0) + 1
                last[job] = "started"
            case "job_finished":
                last[extra["job_id"]] = "succeeded"
                done.add(extra["job_id"])
            case "job_error" if not repeated:
                last[extra["jobid"]] = "failed"
            case "error" if missing := re.search(r"Job (\d+) completed successfully, but", text):
                last[int(missing[1])] = "failed"
            case "error" if spoilt := re.match(r"\w+ in rule (\S+) in file .*\nDetected unexpected empty", text):
                last[max(job for job, rule in rules.items() if rule == spoilt[1])] = "failed"
            case None if again := re.search(r"Trying to restart job (\d+)", text):
                restarting.add(int(again[1]))
    closed = any(line["kind"] == "close" for line in lines)
    status = outcome(records, lines) if closed else "running"
    # With --quiet no end of a job is told, and a run that succeeded tells of all.
    ended = {"started": "running" if not closed else "succeeded" if status == "succeeded" else "aborted"}
    jobs = {
        job: (rules.get(job, ""), "skipped" if dry else ended.get(what, what), 0 if dry else max(tries.get(job, 0), 1))
        for job, what in last.items()
    }
    failed = any(state == "failed" for _, state, _ in jobs.values())
    return Expected(status, jobs, total, message=status != "succeeded" and closed and not failed)


def outcome(records: list[dict[str, Any]], lines: list[dict[str, Any]]) -> str:
    loud = [record for record in records if record["level"] not in ("DEBUG",)]
    raised = any(line["kind"] == "close" and "exc" in line for line in lines)
    failed = bool(loud) and loud[-1]["event"] == "error"
    told = [str(record["msg"]) for record in records]
    interrupted = any(
        t.startswith(("Terminating processes on user request", "Will exit after finishing")) for t in told
    )
    if not failed and not raised:
        return "succeeded"
    return "interrupted" if interrupted else "failed"
