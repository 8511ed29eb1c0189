"""Which job of a failed group is to blame.

Snakemake says the same of each. The log of the group's job on the cluster is that of a Snakemake of its own, which
tells; what it does not tell for sure is not said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from snakemake_logger_plugin_flowo import logfile, translate, wire
from snakemake_logger_plugin_flowo.attend import tail_of

READ = 2 * 1024 * 1024  # bytes of the log's end
_BEGINS = "Building DAG of jobs"  # said once by each Snakemake that writes there
_GAVE_UP = "Exiting because a job execution failed"
_ONE_BY_ONE = re.compile(r"^(?=RuleException:$)", re.MULTILINE)  # jobs that fail together tell their errors together
_NAME = re.compile(r"\w+")


class Member(NamedTuple):
    rule: str
    outputs: list[str]
    command: str | None
    attempt: int


class Group:
    """A failed group of which not all jobs' errors were heard yet."""

    def __init__(self, members: dict[int, Member], log: str | None, at: float) -> None:
        self.members = members
        self.log = log  # None: there is none to read
        self.at = at  # when it was said that it failed
        self.waits = set(members)  # for these jobs' errors

    @property
    def outputs(self) -> Iterator[str]:
        return (output for member in self.members.values() for output in member.outputs)

    def told(self, directory: Path) -> list[wire.GroupMember]:
        """What its log tells of its jobs."""
        if self.log is None:
            return []
        text, size, _ = tail_of(directory, self.log, READ)
        return told(text, self.members, self.at, whole=size is not None and size <= READ) if text else []


def told(text: str, members: Mapping[int, Member], at: float, *, whole: bool) -> list[wire.GroupMember]:
    """Of those to blame their own error first; then of the others what was of them by then. `whole`: `text` is all of
    the log. Nothing where nobody is found to blame."""
    heard = _Heard(members)
    reader = logfile.Reader(0.0)
    for line in text.splitlines():
        heard.take(reader.feed(line))
    heard.take(reader.end())
    if not heard.failed:
        return []
    names = " and ".join(f"{job} (rule {members[job].rule})" for job in heard.failed)
    failed = f"Job{'s' if len(heard.failed) > 1 else ''} {names} of its group failed"
    events: list[wire.GroupMember] = []
    for job, record in heard.failed.items():
        events.append(_culprit(job, members[job].attempt, heard.error_of(job), record.rule_msg, at))
    if whole and heard.begun == 1 and heard.gave_up:
        for job, member in members.items():
            if job in heard.finished:
                outcome, what = "finished", "this one had finished well"
            elif job not in heard.seen:
                outcome, what = "not_started", "this one had not been started"
            else:
                continue
            if job not in heard.failed:
                events.append(
                    wire.GroupMember(job=job, attempt=member.attempt, outcome=outcome, message=f"{failed}; {what}.")
                )
    return events


def _culprit(job: int, attempt: int, error: str | None, message: str | None, at: float) -> wire.GroupMember:
    text = error or message
    code, number = translate.end_of_process(text)
    name = _NAME.match(error) if error else None
    return wire.GroupMember(
        job=job, attempt=attempt, outcome="failed", message=text, exit_code=code, signal=number, group_at=at,
        exception=name[0] if name else None,
    )  # fmt: skip


class _Heard:
    """What the log says of the members, which have numbers of their own there."""

    def __init__(self, members: Mapping[int, Member]) -> None:
        self.begun = 0
        self.gave_up = False
        self.seen: set[int] = set()
        self.finished: set[int] = set()
        self.failed: dict[int, logfile.Record] = {}
        self._members = members
        self._errors: list[str] = []
        self._inner: dict[int, int] = {}  # number there → member

    def take(self, records: list[logfile.Record]) -> None:
        for record in records:
            if record.event is None:
                self.begun += record.msg.startswith(_BEGINS)
                self.gave_up = self.gave_up or record.msg.startswith(_GAVE_UP)
            elif record.event == "error":
                self._errors += [text.rstrip() for text in _ONE_BY_ONE.split(record.msg) if text]
            elif record.event == "job_finished" and record.job_id in self._inner:
                self.finished.add(self._inner[record.job_id])
            elif record.event in ("job_info", "job_error"):
                for job in self._which(record.rule_name, record.output):
                    if record.event == "job_info":
                        self._inner[record.jobid] = job
                        self.seen.add(job)
                    else:
                        self.failed[job] = record

    def _which(self, rule: str, outputs: list[str]) -> Iterator[int]:
        """The one member that it is, by what no two have in common."""
        found = [
            job for job, member in self._members.items()
            if member.rule == rule and (member.outputs == outputs or not (member.outputs or outputs))
        ]  # fmt: skip
        if len(found) == 1:
            yield found[0]

    def error_of(self, job: int) -> str | None:
        """The error that names its command; or the only one, where nobody else failed."""
        command = self._members[job].command
        named = [error for error in self._errors if command and command in error]
        if not named and len(self.failed) == 1:
            named = [error for error in self._errors if not error.startswith("WorkflowError")]
        return named[0] if len(named) == 1 else None
