"""Reads Snakemake's own log file back into the records that it was written from, as far as its text tells.

For runs that were made without the plugin (`flowo import`, `flowo watch DIR`). What the text does not hold stays empty.
The records go through `translate.Translator` like those of a running Snakemake. Formats: `snakemake.logging`,
`DefaultFormatter`, 9.0 to 9.27, and what 7 and 8 wrote.
"""

from __future__ import annotations

import datetime as dt
import re
from types import SimpleNamespace
from typing import Any

Record = SimpleNamespace  # levelname, msg, threadName, created, and what else the event has

_STAMP = re.compile(r"\s*\[([A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]{8} \d{4})\](?: [Gg]roup job (.+) \(jobs in .*)?$")
_JOB = re.compile(r"(\s*)(local)?(rule|checkpoint) (\S.*):$")
_MESSAGE_JOB = re.compile(r"(\s*)Job (\d+): (.*)$")
_ERROR_IN = re.compile(r"(\s*)Error in rule (\S.*):$")
_FINISHED = re.compile(r"\s*Finished (?:jobid: |job )(\d+)")
_PROGRESS = re.compile(r"\d+ of \d+ steps \(.*\) done$")
_CORES = re.compile(r"Provided (cores|remote nodes): (\d+)")
_EXCEPTION = re.compile(r"([A-Z]\w*(?:Error|Exception|Exit|Interrupt))(?: in (?:rule|file|line) .*)?:?(?: .*)?$")
_HEAD = re.compile(r"  ([A-Z][\w() ]*): ?(.*)$")
_FIELD = re.compile(r"(\s+)([\w-]+):(?: (.*))?$")
_STATS_ROW = re.compile(r"(\S.*?) +(\d+)$")
_GROUP_ERROR = re.compile(r"    (?:message|log|jobs):")
_COMMAND = "Shell command: "
_EXITED = ("(command exited with non-zero", "(one of the commands exited with non-zero")  # the latter up to 8
# What may follow an error's or a command's lines; their own lines have no mark.
_NEXT = (
    "Select jobs to execute", "Execute ", "Trying to restart job", "Exiting because", "Complete log", "Removing ",
    "Updating checkpoint", "Waiting at most", "Shutting down", "Terminating processes", "Will exit after",
    "Submitted ", "Elapsed time", "Building DAG", "Write-protecting", "Touching ", "Nothing to be done", "Would remove",
    "Job stats:", "Provided ", "WorkflowError:", "DAG of jobs will be",
)  # fmt: skip
_LISTS = ("input", "output", "log")
_HEADERS = {
    "Workflow ID": "workflow_id", "Platform": "platform", "Host": "host", "User": "user", "Command": "cmd",
    "Snakemake version": "snakemake_version", "Snakefile": "snakefile_main", "Run directory": "rundir",
    "Python version": "python_version", "Config MD5": "config_md5", "Config file(s)": "configfiles",
}  # fmt: skip


class Reader:
    """Takes the lines of one log file in their order and gives records; `started` in seconds since the epoch."""

    def __init__(self, started: float) -> None:
        self.at = started  # of what is being read: the last time that the file named
        self._kind = ""  # of the open block
        self._depth = 0  # blanks before its fields
        self._block: dict[str, Any] = {}
        self._lines: list[str] = []
        self._under = ""  # the field that deeper lines belong to
        self._job: dict[str, Any] | None = None  # waits for its command
        self._group: tuple[str, list[int]] | None = None

    def feed(self, line: str) -> list[Record]:
        """One line without its end."""
        found: list[Record] = []
        if self._kind and self._continues(line):
            return found
        found += self._close()
        return found + self._begin(line)

    def idle(self) -> list[Record]:
        """The file has not grown for a while: a job that was handed out is told without its command."""
        if self._kind == "job" and "resources" in self._block:  # its last line
            return self._close() + self._told()
        return []

    def end(self) -> list[Record]:
        """The file has ended."""
        return self._close() + self._told() + self._grouped()

    # Blocks: what several lines say together.

    def _continues(self, line: str) -> bool:
        """Whether the line belongs to the open block; if so it is taken in."""
        if self._kind == "head":
            if line.startswith("====="):
                return True
            match = _HEAD.match(line)
            if match and (name := _HEADERS.get(match[1])):
                self._block[name] = match[2]
            return bool(match)
        if self._kind == "stats":
            if match := _STATS_ROW.match(line):
                self._block.setdefault("stats", {})[match[1]] = int(match[2])
            return bool(match) or line.startswith(("job ", "---"))
        if self._kind in ("job", "error_in"):
            return self._field(line)
        if self._kind == "group_error":  # each of its jobs is told again by itself
            return line[:1].isspace() and not _STAMP.match(line)
        if _starts(line) or (self._kind == "command" and _EXCEPTION.match(line)):
            return False
        self._lines.append(line)
        return True

    def _field(self, line: str) -> bool:
        indent = len(line) - len(line.lstrip())
        if self._under == "shell" and not _STAMP.match(line):  # its lines are indented as they please
            if line.strip().startswith(_EXITED):
                self._under = ""
            return True
        if not line.strip() or indent < self._depth or _STAMP.match(line):
            return False
        match = _FIELD.match(line)
        if match and indent == self._depth:
            self._under = match[2]
            self._block[match[2]] = match[3] or ""
        elif self._under:
            self._block[self._under] += ("\n" if self._block[self._under] else "") + line.strip()
        return True

    def _begin(self, line: str) -> list[Record]:
        if match := _STAMP.match(line):
            told = self._told()
            self.at = _moment(match[1], self.at)
            if match[2]:
                told += self._grouped()
                self._group = (match[2], [])
            elif not line[:1].isspace():
                told += self._grouped()
            return told
        if match := _JOB.match(line):
            return self._open("job", len(match[1]) + 4, local=bool(match[2]), checkpoint=match[3] == "checkpoint",
                              rule=match[4], indent=bool(match[1]))  # fmt: skip
        if match := _ERROR_IN.match(line):
            return self._open("error_in", len(match[1]) + 4, rule=match[2])
        if match := _MESSAGE_JOB.match(line):
            told = self._told()
            self._job = {"jobid": match[2], "rule": "", "rule_msg": match[3], "indent": bool(match[1])}
            return told
        if line.strip().startswith(_COMMAND):
            self._kind, self._lines = "command", [line.strip()[len(_COMMAND) :]]
            return []
        if self._job is not None and self._job.get("rule_msg") and line.strip().startswith("Reason: "):
            self._job["reason"] = line.strip()[8:]
            return []
        told = self._told()
        if line == "SNAKEMAKE":
            return told + self._open("head", 2)
        if line == "Job stats:":
            return told + self._open("stats", 0)
        if match := _FINISHED.match(line):
            return [*told, self._record("job_finished", line, job_id=int(match[1]))]
        if match := _CORES.match(line):
            what: dict[str, Any] = {match[1].removeprefix("remote "): int(match[2])}
            return [*told, self._record("resources_info", line, **what)]
        if _GROUP_ERROR.match(line):
            return told + self._open("group_error", 4)
        if _EXCEPTION.match(line):
            self._kind, self._lines = "error", [line]
            return told
        if line.strip() and not _PROGRESS.match(line):
            told.append(self._record(None, line))
        return told

    def _open(self, kind: str, depth: int, **block: Any) -> list[Record]:
        told = self._told()
        self._kind, self._depth, self._block, self._under = kind, depth, block, ""
        return told

    def _close(self) -> list[Record]:
        kind, block, lines = self._kind, self._block, self._lines
        self._kind, self._block, self._lines = "", {}, []
        match kind:
            case "head":
                return [self._record("workflow_started", "", **block)]
            case "stats":
                stats = {rule: n for rule, n in block.get("stats", {}).items() if rule != "total"}
                return [self._record("run_info", "", stats=stats)] if stats else []
            case "job":
                self._job = block
            case "command":
                if self._job is not None and lines != ["None"]:
                    self._job["shellcmd"] = "\n".join(lines).rstrip()
                return self._told()
            case "error_in":
                return [self._failed(block)]
            case "error":
                text = "\n".join(lines).rstrip()
                found = _EXCEPTION.match(lines[0])
                return [self._record("error", text, level="ERROR", exception=found[1] if found else None)]
        return []

    def _told(self) -> list[Record]:
        """The job that waited for its command, which is complete or will not come."""
        block, self._job = self._job, None
        if block is None or not str(block.get("jobid", "")).isdigit():
            return []
        job = int(block["jobid"])
        if self._group is not None and block["indent"]:
            self._group[1].append(job)
        threads = block.get("threads") or "1"
        facts: dict[str, Any] = {name: _files(block.get(name)) for name in _LISTS}
        return [
            self._record(
                "job_info", "", **facts, jobid=job, rule_name=block["rule"], rule_msg=block.get("rule_msg"),
                local=block.get("local", True), is_checkpoint=block.get("checkpoint", False), indent=block["indent"],
                benchmark=block.get("benchmark"), reason=block.get("reason"), wildcards=_pairs(block.get("wildcards")),
                resources={name: _number(text) for name, text in _pairs(block.get("resources")).items()},
                priority=_number(block.get("priority") or "0"), threads=int(threads) if threads.isdigit() else None,
                shellcmd=block.get("shellcmd"),
            )
        ]  # fmt: skip

    def _grouped(self) -> list[Record]:
        group, self._group = self._group, None
        return [self._record("group_info", "", group_id=group[0], jobs=group[1])] if group and group[1] else []

    def _failed(self, block: dict[str, Any]) -> Record:
        jobid, external = block.get("jobid", ""), block.get("external_jobid")
        message = block.get("message")
        return self._record(
            "job_error", "", level="ERROR", jobid=int(jobid) if jobid.isdigit() else None, rule_name=block["rule"],
            rule_msg=None if message in (None, "None") else message, log=_files(block.get("log")),
            output=_files(block.get("output")),
            aux={"external_jobid": external} if external else {},
        )  # fmt: skip

    def _record(self, event: str | None, text: str, *, level: str = "INFO", **facts: Any) -> Record:
        return Record(event=event, msg=text, levelname=level, threadName="log", created=self.at, **facts)


def _starts(line: str) -> bool:
    """Whether a line begins something of its own."""
    text = line.strip()
    return bool(
        text.startswith(_NEXT) or _STAMP.match(line) or _FINISHED.match(line) or _PROGRESS.match(text)
        or _ERROR_IN.match(line) or _JOB.match(line)
    )  # fmt: skip


def _moment(text: str, before: float) -> float:
    """Seconds since the epoch of a local time without its zone, as Snakemake writes it."""
    try:
        return max(before, dt.datetime.strptime(text, "%a %b %d %H:%M:%S %Y").astimezone().timestamp())
    except ValueError:
        return before


def _files(text: str | None) -> list[str]:
    """A list of files as it was joined; one whose name holds a comma and a blank cannot be told from two."""
    text = (text or "").removesuffix(" (check log file(s) for error details)")
    return text.split(", ") if text else []


def _pairs(text: str | None) -> dict[str, str]:
    pairs = (part.partition("=") for part in re.split(r", (?=[\w.-]+=)", text or "") if part)
    return {name: value for name, _, value in pairs}


def _number(text: str) -> int | str:
    return int(text) if text.lstrip("-").isdigit() else text
