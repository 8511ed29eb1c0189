"""Turns Snakemake's log records into wire events; all that differs between Snakemake's versions ends here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from snakemake_logger_plugin_flowo import executors, wire
from snakemake_logger_plugin_flowo.values import (
    FILES_KEPT,
    as_files,
    as_integer,
    as_pairs,
    as_resources,
    as_text,
    as_text_or_none,
    as_words,
    total_of,
)

INPUTS_REMEMBERED = 200  # of a job while it is open: to be looked at should it fail
OUTPUTS_REMEMBERED = 1_000  # of an open job

# Patterns as text: most runs need none of them, and compiling all takes 6 ms of Snakemake's start.
_EXIT_CODE = r"returned non-zero exit status (\d+)"
_SIGNAL = r"died with (?:<Signals\.\w+: (\d+)>|unknown signal (\d+))"
_MISSING_OUTPUT_JOB = r"(?m)^Job (\d+)\b"
_IN_RULE = r"\A.* in rule (.+) in file "
# Up to 9.25.2 the job_error of each finally failed job comes once more after this text.
_REPEATED_BELOW = "Look below for error messages"
INTERRUPTED = ("Terminating processes on user request", "Will exit after finishing")  # how such texts begin
SPOILT = "flowo_jobs"  # attribute of a record: the jobs whose outputs were being looked at (`dag.Watch`)
_NOT_A_RECORD = ("", "None")  # a message of None arrives as this string (QueueHandler.prepare)


class Record(Protocol):
    """What is read of a `logging.LogRecord`."""

    levelname: str
    msg: Any
    threadName: str | None


class Files(NamedTuple):
    """Of an open attempt: what is looked at when it ends."""

    inputs: list[str]  # the first `INPUTS_REMEMBERED`
    inputs_total: int
    logs: list[str]
    benchmark: str | None


class Handed(NamedTuple):
    """Of an open attempt: by what an error that names no job is known to be its own."""

    rule: str
    outputs: list[str]  # the first `OUTPUTS_REMEMBERED`
    command: str | None


class Heard:
    """What a record was found to tell, known in the same line in which it is remembered."""

    told: Any = None


class Translator:
    """What has to be remembered from one record to the next; one for each run. `files`: remember those of open jobs."""

    def __init__(self, *, files: bool = True) -> None:
        self.attempts: dict[int, int] = {}  # job → how many times it was handed to the executor
        self.open: dict[int, Handed] = {}  # jobs with an attempt that has no end yet
        self.finished: set[int] = set()
        self.files: dict[int, Files] = {}  # of open jobs; taken out by who looks at them
        self._executors = executors.Executors(logs=files)
        self.cluster_logs = self._executors.logs
        self._files = files
        self._interrupted = False
        self.held: dict[str, wire.Error] = {}  # thread → an error that a job_error may follow
        self._group_open = False
        self._group_failure: dict[int, wire.JobError] = {}  # what the failure of a group means for its jobs
        self._told: set[int] = set()  # jobs whose failure was told with that of their group
        self._repeats = False

    def translate(self, record: Record) -> list[wire.Event]:
        """The events that follow from one record, mostly none or one."""
        kind = str(getattr(record, "event", None) or "")
        thread = str(record.threadName)
        events: list[wire.Event] = []
        if self.held and kind not in ("job_error", "group_error"):
            held = self.held.pop(thread, None)
            if held is not None:
                events.append(self._released(held))
        handler = _HANDLERS.get(kind)
        if handler is not None:
            events.extend(handler(self, record))
        elif kind not in ("shellcmd", "progress"):
            events.extend(self._text(record))
        return events

    def rest(self) -> list[wire.Event]:
        """What was held back and has to go out before the run ends."""
        held = list(self.held.values())
        self.held.clear()
        return [self._released(error) for error in held]

    def _released(self, error: wire.Error) -> wire.Event:
        """An error that no job_error followed: the one open job's whose command it names, if it names one.

        Early versions break when they are to tell of a group's failure, and say nothing more of its jobs.
        """
        named = self._named(list(self.open), error)
        if named is None:
            return error
        self._told.add(named)
        return self._failure(named, error)

    def _named(self, jobs: list[int], error: wire.Error) -> int | None:
        """The one of the open jobs whose command the error names."""
        found = [job for job in jobs if (handed := self.open.get(job)) and (handed.command or "\0") in error.message]
        return found[0] if len(found) == 1 else None

    def _failure(self, job: int, error: wire.Error) -> wire.JobError:
        rule = self.open[job].rule
        code, number = end_of_process(error.message)
        logs, cluster_logs = self._logs_of(job)
        self._end(job)
        return wire.JobError(
            job=job, rule=rule, message=error.message, exception=error.exception, exit_code=code, signal=number,
            logs=logs, cluster_logs=cluster_logs, interrupted=self._interrupted,
        )  # fmt: skip

    def observed(self, job: int) -> list[wire.Event]:
        """A job was seen finished in Snakemake's graph: an event, unless its end is known already."""
        if job in self.finished or job not in self.attempts:
            return []
        self._end(job, finished=True)
        return [wire.JobFinished(job=job, evidence="observed")]

    def implied(self) -> list[wire.Event]:
        """The run succeeded, so the jobs that no end was told of did too; when, is not known."""
        jobs = list(self.open)
        for job in jobs:
            self._end(job, finished=True)
        return [wire.JobFinished(job=job, evidence="run_succeeded") for job in jobs]

    def _end(self, job: int, *, finished: bool = False) -> None:
        self.open.pop(job, None)
        if finished:
            self.finished.add(job)
            self.cluster_logs.pop(job, None)

    # One method for each of Snakemake's events.

    def _workflow_started(self, record: Record) -> list[wire.Event]:
        get = _getter(record)
        # From 9.22 on `snakefile` is the path of Snakemake's own workflow.py; `snakefile_main` is right.
        snakefile = get("snakefile_main") or get("snakefile")
        workflow_id = get("workflow_id")
        return [
            wire.WorkflowStarted(
                workflow_id=as_text_or_none(workflow_id),
                snakefile=as_text_or_none(snakefile),
                directory=as_text_or_none(get("rundir") or get("cwd")),
                snakemake_version=as_text_or_none(get("snakemake_version")),
                python_version=as_text_or_none(get("python_version")),
                platform=as_text_or_none(get("platform")),
                host=as_text_or_none(get("host")),
                user=as_text_or_none(get("user")),
                configfiles=as_files(get("configfiles")),
                config_md5=as_text_or_none(get("config_md5")),
            )
        ]

    def _rulegraph(self, record: Record) -> list[wire.Event]:
        graph = getattr(record, "rulegraph", None)
        if not isinstance(graph, Mapping):
            return []
        nodes = [as_text(node.get("rule") if isinstance(node, Mapping) else node) for node in graph.get("nodes") or ()]
        links = [
            [link["source"], link["target"]]
            for link in graph.get("links") or ()
            if isinstance(link, Mapping)
            and all(isinstance(link.get(end), int) and 0 <= link[end] < len(nodes) for end in ("source", "target"))
        ]
        return [wire.RuleGraph(nodes=nodes, links=links)]

    def _resources_info(self, record: Record) -> list[wire.Event]:
        cores, nodes = as_integer(getattr(record, "cores", None)), as_integer(getattr(record, "nodes", None))
        provided = getattr(record, "provided_resources", None)
        if cores is None and nodes is None and provided is None:
            return self._text(record)
        return [wire.ResourcesInfo(cores=cores, nodes=nodes, provided=None if provided is None else as_pairs(provided))]

    def _run_info(self, record: Record) -> list[wire.Event]:
        stats = getattr(record, "stats", None)
        if not isinstance(stats, Mapping):
            return []
        counts = {as_text(rule): count for rule, count in stats.items() if rule != "total" and isinstance(count, int)}
        return [wire.RunInfo(stats=counts)]

    def _job_started(self, record: Record) -> list[wire.Event]:
        ids = selected(record)
        jobs = [job for job in ids if isinstance(job, int)]
        return [wire.JobStarted(jobs=jobs, groups=[as_text(job) for job in ids if isinstance(job, str)])]

    def _group_info(self, record: Record) -> list[wire.Event]:
        members = getattr(record, "jobs", None)
        jobs: list[int] = []
        if isinstance(members, Iterable) and not isinstance(members, str):
            # live objects of Snakemake's, whose jobid is a look-up in the job graph
            found = (member if isinstance(member, int) else getattr(member, "jobid", None) for member in members)
            jobs = sorted(job for job in found if isinstance(job, int))
        self._executors.group = jobs
        self._group_open = True
        return [wire.GroupInfo(group=as_text(getattr(record, "group_id", "")), jobs=jobs)]

    def _job_info(self, record: Record) -> list[wire.Event]:
        told = self.told(record, Heard())
        return [] if told is None else [wire.JobInfo(**told)]

    def told(self, record: Record, heard: Heard) -> dict[str, Any] | None:
        """The fields of the `wire.JobInfo` that a `job_info` makes, without those that equal their defaults."""
        get = vars(record).get
        job = get("jobid")
        if type(job) is not int and (job := as_integer(job)) is None:
            return None
        told: dict[str, Any] = {"job": job}
        rule, inputs, outputs = get("rule_name") or "", get("input"), get("output")
        if type(rule) is not str:
            rule = as_text(rule)
        if rule:
            told["rule"] = rule
        if not get("local", True):
            told["local"] = False
        if (message := get("rule_msg")) is not None:
            told["message"] = as_text(message)
        if in_files := as_files(inputs) if inputs else []:
            told["inputs"] = in_files
        if out_files := as_files(outputs) if outputs else []:
            told["outputs"] = out_files
        logs = as_files(logs) if (logs := get("log")) else []
        if logs:
            told["logs"] = logs
        in_total = total_of(inputs, in_files) if len(in_files) >= FILES_KEPT else None
        if in_total is not None:
            told["inputs_total"] = in_total
        if len(out_files) >= FILES_KEPT and (out_total := total_of(outputs, out_files)) is not None:
            told["outputs_total"] = out_total
        if (benchmark := get("benchmark")) is not None:
            told["benchmark"] = benchmark = as_text(benchmark)
        if wildcards := get("wildcards"):
            told["wildcards"] = as_words(wildcards)
        if (reason := get("reason")) and (reason := as_text_or_none(reason)):
            told["reason"] = reason
        # the underscored ones are Snakemake's bookkeeping (_cores is `threads`)
        if resources := as_resources(get("resources")):
            told["resources"] = resources
        if (priority := get("priority")) is not None:
            if isinstance(priority, float):
                priority = str(priority)
            if isinstance(priority, int | str):
                told["priority"] = priority
        threads = get("threads")
        if type(threads) is int or (threads := as_integer(threads)) is not None:
            told["threads"] = threads
        if get("is_checkpoint"):
            told["checkpoint"] = True
        command = as_text_or_none(get("shellcmd"))
        if command is not None:
            told["command"] = command
        # The record is understood; only now is anything remembered of it: first what may be remembered twice.
        self.finished.discard(job)  # a program may execute its workflow once more
        if not get("indent"):
            self._group_open = False
        elif self._group_open and job not in self._executors.group:
            self._executors.group.append(job)
        if self._files:
            self.files[job] = Files(in_files[:INPUTS_REMEMBERED], in_total or len(in_files), logs, benchmark)
        self._told.discard(job)
        self.open[job] = Handed(rule, out_files[:OUTPUTS_REMEMBERED], command)
        attempt = self.attempts.get(job, 0) + 1
        self.attempts[job], heard.told = attempt, told
        return told

    def _job_finished(self, record: Record) -> list[wire.Event]:
        job = self.finishes(record)
        if job is None:
            return []
        self.finish(job)
        return [wire.JobFinished(job=job)]

    def finishes(self, record: Record) -> int | None:
        """The job that a `job_finished` tells of; None where there is nothing new in it."""
        told = vars(record)
        job: int | None = told.get("job_id", told.get("jobid"))
        if type(job) is not int:
            job = as_integer(job)
        return None if job in self.finished else job  # seen in the graph before: it is told once

    def finish(self, job: int) -> None:
        self.open.pop(job, None)  # as `_end`
        self.finished.add(job)
        self.cluster_logs.pop(job, None)

    def _job_error(self, record: Record) -> list[wire.Event]:
        get = _getter(record)
        held = self.held.pop(str(record.threadName), None)
        job = as_integer(get("jobid"))
        if job is None:
            return [held] if held else []
        if self._repeats:
            return [held] if held else []
        if job in self._told:
            self._told.discard(job)
            return [held] if held else []
        self._end(job)
        by_group = self._group_failure.pop(job, None)
        aux = get("aux")
        external_id = aux.get("external_jobid") if isinstance(aux, Mapping) else None
        said = held or by_group
        message = said.message if said else as_text_or_none(get("rule_msg"))
        code, number = end_of_process(message)
        logs, cluster_logs = self._logs(job, get("log"))
        return [
            wire.JobError(
                job=job,
                rule=as_text_or_none(get("rule_name")),
                message=message,
                exception=said.exception if said else None,
                exit_code=code,
                signal=number,
                external_id=as_text_or_none(external_id),
                logs=logs,
                cluster_logs=cluster_logs,
                interrupted=self._interrupted,
            )
        ]

    def _logs(self, job: int, told: Any) -> tuple[list[str], list[str]]:
        """The logs that the rule declares, and the executor's, which Snakemake tells in the same list behind them."""
        found = [file for file in as_files(told) if file != "None"]  # an executor may tell of a log that it has not
        known = self.files.get(job)
        declared = known.logs if known else found
        cluster = [file for file in found if file not in declared]
        submitted = self.cluster_logs.pop(job, [])
        return [file for file in found if file in declared], list(dict.fromkeys([*cluster, *submitted]))

    def _logs_of(self, job: int) -> tuple[list[str], list[str]]:
        known = self.files.get(job)
        return self._logs(job, known.logs if known else None)

    def _group_error(self, record: Record) -> list[wire.Event]:
        get = _getter(record)
        if self._repeats:
            return []
        held = self.held.pop(str(record.threadName), None)
        information = get("job_error_info")
        if isinstance(information, Mapping):
            information = [information]
        jobs = [
            job["jobid"] for job in information or () if isinstance(job, Mapping) and isinstance(job.get("jobid"), int)
        ]
        aux_logs = [file for file in as_files(get("aux_logs")) if file != "None"]
        if aux_logs:  # the job_error of each member comes next, without them
            for job in jobs:
                self.cluster_logs[job] = list(dict.fromkeys([*aux_logs, *self.cluster_logs.get(job, [])]))
        if held is None and len(jobs) > 1:  # as on a cluster: Snakemake says the same of each job, and nothing of why
            note = f"Its group of {len(jobs)} jobs failed; Snakemake does not say by which of them."
            self._group_failure.update({job: wire.JobError(job=job, message=note) for job in jobs})
        failure = wire.GroupError(
            group=as_text(get("groupid") or get("group_id") or ""),
            jobs=sorted(jobs),
            external_id=as_text_or_none(get("external_jobid")),
        )
        return [*(self._blamed(jobs, held) if held else ()), failure]

    def _blamed(self, jobs: list[int], error: wire.Error) -> list[wire.Event]:
        """Whose error it is that a group failed with: the one job's whose command it names, else each one's.

        Snakemake says of all jobs of the group that they failed; the one to blame is told first, and once.
        """
        job = self._named(jobs, error)
        if job is None:
            self._group_failure.update(
                {job: wire.JobError(job=job, message=error.message, exception=error.exception) for job in jobs}
            )
            return [] if jobs else [error]
        failure = self._failure(job, error)
        self._told.add(job)
        note = f"Job {job} of its group failed (rule {failure.rule})."
        self._group_failure.update({other: wire.JobError(job=other, message=note) for other in jobs})
        return [failure]

    def _error(self, record: Record) -> list[wire.Event]:
        exception = as_text_or_none(getattr(record, "exception", None))
        message = as_text(record.msg)
        thread = str(record.threadName)
        missing = "MissingOutputException" in (exception, message.partition(" ")[0])
        if jobs := self._of_jobs(record, message, missing, thread):
            return [self._spoilt(job, exception, message, missing) for job in jobs]
        error = wire.Error(exception=exception, message=message)
        if thread != "MainThread" or exception == "RuleException":
            self.held[thread] = error
            return []
        return [error]

    def _of_jobs(self, record: Record, message: str, missing: bool, thread: str) -> list[int]:
        """The jobs whose output was not as declared: Snakemake tells that as an error that names no job by its id."""
        seen = [job for job in getattr(record, SPOILT, ()) if isinstance(job, int)]  # by the look at the stack
        if seen:
            return seen
        if missing and (found := re.search(_MISSING_OUTPUT_JOB, message)):
            return [int(found[1])]
        named = re.match(_IN_RULE, message) if thread == "MainThread" else None
        if named is None:
            return []
        of_rule = [job for job, handed in self.open.items() if handed.rule == named[1]]
        if len(of_rule) > 1:
            of_rule = [job for job in of_rule if any(output in message for output in self.open[job].outputs)]
        return of_rule if len(of_rule) == 1 else []

    def _spoilt(self, job: int, exception: str | None, message: str, missing: bool) -> wire.JobError:
        handed = self.open.get(job)
        rule = handed.rule if handed else None
        if rule is None and (found := re.search(r"in rule (\S+)", message)):
            rule = found[1]
        logs, cluster_logs = self._logs_of(job)
        self._end(job)
        return wire.JobError(
            job=job, rule=rule, message=message, exception=exception, missing_outputs=missing, logs=logs,
            cluster_logs=cluster_logs,
        )  # fmt: skip

    def _debug_dag(self, record: Record) -> list[wire.Event]:
        return []  # hundreds of records that repeat what the plan says

    def _text(self, record: Record) -> list[wire.Event]:
        text = as_text(record.msg)
        if text in _NOT_A_RECORD:
            return []
        log = wire.Log(level=str(record.levelname), text=text)
        get = record.__dict__.get
        if (told := get("remote_job_state") or get("snakesee_remote")) is not None:
            state = executors.state(told, self.attempts)
            return [log] if state is None else [log, state]
        self._interrupted = self._interrupted or text.startswith(INTERRUPTED)
        if _REPEATED_BELOW in text:
            self._repeats = True
            return [log]
        return [log, *self._executors.said(text)]


_HANDLERS = {
    "workflow_started": Translator._workflow_started,
    "rulegraph": Translator._rulegraph,
    "resources_info": Translator._resources_info,
    "run_info": Translator._run_info,
    "job_started": Translator._job_started,
    "group_info": Translator._group_info,
    "job_info": Translator._job_info,
    "job_finished": Translator._job_finished,
    "job_error": Translator._job_error,
    "group_error": Translator._group_error,
    "error": Translator._error,
    "debug_dag": Translator._debug_dag,
}


def selected(record: Record) -> list[Any]:
    """The jobs that a `job_started` tells of: numbers, and the ids of groups."""
    ids = getattr(record, "jobs", None)
    if isinstance(ids, list):
        return ids
    if isinstance(ids, Iterable) and not isinstance(ids, str):
        return list(ids)
    return [ids] if isinstance(ids, int) else []


def _getter(record: Record) -> Any:
    return vars(record).get


def end_of_process(message: str | None) -> tuple[int | None, int | None]:
    """Exit code and signal of the process, where the text tells."""
    if not message:
        return None, None
    codes = re.findall(_EXIT_CODE, message)
    if codes:
        return int(codes[-1]), None
    signals = re.findall(_SIGNAL, message)
    return (None, int(signals[-1][0] or signals[-1][1])) if signals else (None, None)
