"""Why an attempt failed: its class, and the evidence for it; pure."""

from __future__ import annotations

import dataclasses
import re
import signal
from collections.abc import Mapping, Sequence
from typing import Any

FAILURE_CLASSES = (
    "oom", "timeout", "signal", "missing_output", "nonzero_exit", "exception", "cancelled", "unknown",
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """What is known of how an attempt failed. `logs`: tails of the rule's logs; `cluster_logs`: of the executor's."""

    exit_code: int | None = None
    signal: int | None = None
    exception: str | None = None
    message: str | None = None
    interrupted: bool = False  # Snakemake had been told to stop before
    remote: Mapping[str, Any] = dataclasses.field(default_factory=dict)  # what the executor told of its end
    logs: Sequence[str] = ()
    cluster_logs: Sequence[str] = ()


LAST_LINES = 200  # of a log that are looked at
# Commands, whose words are no evidence: in Snakemake's message, and as the log of a cluster's job tells them again.
_COMMAND = re.compile(r"^Command '", re.MULTILINE), re.compile(r"' (?=returned non-zero|died with)")
_SHELL = (
    re.compile(r"^ +shell:\n", re.MULTILINE),
    re.compile(r"^ +\((?:one of the )?commands? exited with", re.MULTILINE),
)
_EXIT = re.compile(r"returned non-zero exit status (\d+)")
_DIED = re.compile(r"died with <Signals\.\w+: (\d+)>")
_REPORTED = re.compile(r"\b(SLURM) status is: '(\w+)", re.IGNORECASE)
_BY_REPORT = {
    "OUT_OF_MEMORY": "oom", "TIMEOUT": "timeout", "DEADLINE": "timeout", "CANCELLED": "cancelled",
    "NODE_FAIL": "unknown", "BOOT_FAIL": "unknown", "PREEMPTED": "unknown",
}  # fmt: skip
_BY_CATEGORY = {"oom": "oom", "timeout": "timeout", "cancelled": "cancelled"}
_OOM = re.compile(
    # a kernel, Slurm, LSF, PBS, Grid Engine, HTCondor
    r"(?<!\b0 )\boom[-_ ]?kill(?!-disable|\w*[ =:]+0\b)|(?<!-)\bout[- ]of[- ]memory\b|\bTERM_(MEM|SWAP)LIMIT\b"
    r"|\bjob killed: (p|v)?mem\b|\bexceeded (the )?(job|step|requested|hard|soft)? ?memory limit"
    r"|\bexceeds job (hard|soft) limit .?[hs]_(vmem|rss|data)\b|\bgone over memory limit of\b"
    # Python, Java, C++, R, Rust, and what the C library says
    r"|(?<![A-Za-z])OutOfMemoryError\b|(?<![A-Za-z])(Array)?MemoryError\b|\bstd::bad_alloc\b"
    r"|\bmemory allocation of \d+ bytes failed\b|\binsufficient memory\b|\bnot enough memory\b"
    r"|\b(vector )?memory (exhausted|limit of .{0,40} reached)|\bnot reserve enough space for .{0,60}\bheap\b"
    r"|\b(cannot|can't|couldn't|(could|can) not|unable to|failed to|fail to) allocate (.{0,40} )?"
    r"(memory|vector of size|(\d[\d.]* ?)?[kmgtp]?i?b(ytes)?\b)",
    re.IGNORECASE,
)
_TIMEOUT = re.compile(
    r"\bDUE TO TIME LIMIT\b|\bTERM_(RUN|CPU)LIMIT\b|\bjob killed: (walltime|cput)\b|\benforced h_rt\b"
    r"|\bexceed(s|ed) (its |the |hard |soft |job |requested )*(wall ?(time|clock)|(run ?)?time limit|h_rt)\b"
    r"|\bexceeded allowed (execute|job) duration\b|^timeout: sending signal \w+ to command",
    re.IGNORECASE,
)
_CANCELLED = re.compile(
    r"\*\*\* (?:JOB|STEP) \S+ ON \S+ CANCELLED AT (?!.*DUE TO)|\bTERM_(FORCE_)?(OWNER|ADMIN)\b"
    r"|\bjob deleted at request of\b"
)
# Advice, options and what a program can do without are no evidence: "if you run out of memory, …", `set -x` of
# `java -XX:+ExitOnOutOfMemoryError`, a cgroup that Slurm could not make.
_NO_EVIDENCE = re.compile(
    r"^\+|-XX:|\b(if|should|(may|might|could)(?! not)|avoid|prevent|in case|unless|warning|falling back|retrying)\b"
    r"|\bunable to create cgroup\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;]) +")
_MEMORY_EXCEPTIONS = ("MemoryError", "_ArrayMemoryError", "OutOfMemoryError")
_TIMED = re.compile(  # coreutils' `timeout` in a command, with its duration
    r"(?<![\w./=-])(?:/\S*/)?timeout(?: +-[ks] ?\S+| +(?:--|-(?![ks]))[a-z][\w=.-]*)* +(?:\d[\d.]*[smhd]?(?=\s)|\$\S+)"
)
_OF_TIMEOUT = 124  # its exit code when the time was over


def end_of_process(text: str) -> tuple[int | None, int | None]:
    """Exit code and signal that Snakemake tells of a process, the last of them."""
    if codes := _EXIT.findall(text):
        return int(codes[-1]), None
    signals = _DIED.findall(text)
    return (None, int(signals[-1])) if signals else (None, None)


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def failure_class(ending: Ending) -> tuple[str, str | None]:
    """The class of a failed attempt and the evidence for it; `unknown` where there is none."""
    killed_by = ending.signal
    if killed_by is None and ending.exit_code is not None and 128 < ending.exit_code <= 192:
        killed_by = ending.exit_code - 128  # how a shell reports a child that was killed
    if ending.exception == "MissingOutputException":
        return "missing_output", "MissingOutputException"
    if ending.interrupted and killed_by in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        return "cancelled", f"killed by {signal_name(killed_by)} at the run's interruption"
    message, _ = _apart(ending.message or "", *_COMMAND)
    if (said := _REPORTED.search(message)) and (kind := _BY_REPORT.get(said[2].upper())):
        return kind, f"{said[1].lower()}: {said[2]}"
    category = ending.remote.get("category")
    if category and category != "unknown" and ending.remote.get("confidence") != "low":
        told = f"{ending.remote.get('executor') or 'executor'}: {category}"
        reason = ending.remote.get("reason")
        return _BY_CATEGORY.get(category, "unknown"), f"{told} ({reason})"[:300] if reason else told
    cluster_logs = [_apart(_apart(text, *_COMMAND)[0], *_SHELL)[0] for text in ending.cluster_logs]
    for name, texts in (("cluster log", cluster_logs), ("log", ending.logs), ("message", (message,))):
        for pattern, kind in ((_OOM, "oom"), (_TIMEOUT, "timeout"), (_CANCELLED, "cancelled")):
            if line := _told(pattern, texts):
                return kind, f"{name}: {line}"
    if ending.exception in _MEMORY_EXCEPTIONS:
        return "oom", ending.exception
    if killed_by == signal.SIGXCPU:
        return "timeout", "killed by SIGXCPU: its limit of CPU time was reached"
    if ending.exit_code == _OF_TIMEOUT and (by := _timed(ending)):
        return "timeout", f"exit code {_OF_TIMEOUT} of `{by}`"
    if ending.signal is not None:
        return "signal", f"killed by {signal_name(ending.signal)}"
    if ending.exit_code is not None:
        shown = f"exit code {ending.exit_code}"
        return ("signal", f"{shown} (128 + {signal_name(killed_by)})") if killed_by else ("nonzero_exit", shown)
    if ending.exception:
        return "exception", ending.exception
    if "Error" in message:
        return "exception", next(line.strip()[:200] for line in message.splitlines() if "Error" in line)
    return "unknown", None


def _apart(text: str, begin: re.Pattern[str], end: re.Pattern[str]) -> tuple[str, list[str]]:
    """A text without what stands between these, and that; in one pass, whatever the text."""
    rest, taken, at = [], [], 0
    while (first := begin.search(text, at)) and (last := end.search(text, first.end())):
        rest.append(text[at : first.start()])
        taken.append(text[first.end() : last.start()])
        at = last.end()
    return "".join([*rest, text[at:]]), taken


def _timed(ending: Ending) -> str | None:
    """How the command that failed says `timeout`, if it does."""
    for text in (ending.message or "", *ending.cluster_logs):
        for command in _apart(text, *_COMMAND)[1]:
            if found := _TIMED.search(command):
                return found[0][:100]
    return None


def _told(pattern: re.Pattern[str], texts: Sequence[str]) -> str | None:
    """The last line that the pattern is found in, in a sentence of evidence; at most 200 characters of it."""
    for text in texts:
        for line in reversed(text.splitlines()[-LAST_LINES:]):
            for part in _SENTENCE.split(line) if pattern.search(line) else ():
                if (found := pattern.search(part)) and not _NO_EVIDENCE.search(part):
                    start = max(0, line.index(part) + found.start() - 80) if len(line) > 200 else 0
                    return line[start : start + 200].strip()
    return None
