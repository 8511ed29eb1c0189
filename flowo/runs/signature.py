"""What failures of one cause have in common: rule, class and the line that tells why, without what differs by accident.

Pure. The line comes from the job's log where one tells more than Snakemake's own message does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

END = 8_000  # characters of a log's end that are looked at
MOST = 300  # characters of a line; what comes after says nothing more of the cause

_ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# An error that names itself ends what led to it; words that look bad are looked for only where there is none.
_NAMED = ("error", "exception", "fatal", "[e::")  # the last is how samtools, bwa, bcftools and minimap2 name theirs
_BAD = (
    "killed", "out of memory", "oom", "segmentation fault", "no such file", "permission denied", "cannot", "could not",
    "not found", "no space left", "fail", "abort",
)  # fmt: skip
_LOOKS = (
    (_NAMED, re.compile(r"(?:error|exception)\b|\bfatal\b|\[e::")),
    (_BAD, re.compile(rf"\b(?:{'|'.join(_BAD)})(?:ed)?\b")),
)
_HARMLESS = re.compile(r"\b(?:0 errors?|errors?\s*[:=]\s*0|no errors?)\b", re.IGNORECASE)

# Snakemake's own words stand below such a line, and are followed by files or the place in the code.
_HEAD = re.compile(r"^(\w+) in (?:(?:rule|checkpoint) .+ in )?file .+, line \d+:$", re.MULTILINE)

_ELSEWHERE = re.compile(r"\s*^For further error details see .*$", re.MULTILINE)  # below what a submission said

_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE)
_HEX = re.compile(r"\b0x[0-9a-f]+\b|\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE)
_PATH = re.compile(r"(?:~|\.{1,2}|[\w.@+{}=-]+)?(?:/[\w.@+%{}=,:-]*[\w@+%{}=-])+/?")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*(?:[eE][+-]?\d+)?")


def telling_line(message: str | None, tails: Iterable[str]) -> str:
    """The line that says why: of the logs' ends the last error that names itself, else the last line that looks bad;
    else what Snakemake's message says. Empty where nothing was said."""
    ends = _ends(tails)
    for words, looks in _LOOKS:
        for end in ends:
            low = end.replace("\u0130", "I").lower()  # the one letter that is longer when it is small
            if not any(word in low for word in words):
                continue
            for found in reversed(list(looks.finditer(low))):
                first, last = end.rfind("\n", 0, found.start()) + 1, end.find("\n", found.end())
                line = end[first:] if last < 0 else end[first:last]
                if not _HARMLESS.search(line):
                    return line.strip()[:MOST]
    return _said(_ELSEWHERE.sub("", message or "").strip())[:MOST]


def last_line(line: str, tails: Iterable[str]) -> str:
    """What the last log that says something says last, where the telling line is from none of them; else empty."""
    ends = [end for end in _ends(tails) if end]
    if not ends or (line and any(line in end for end in ends)):
        return ""
    return ends[-1].rpartition("\n")[2].strip()[:MOST]


def _ends(tails: Iterable[str]) -> list[str]:
    return [_ANSI.sub("", tail[-END:]).replace("\r", "\n").strip() for tail in tails]


def _said(message: str) -> str:
    """The exception and what stands below its place; else the last line, of a command with several how it ended."""
    heads = list(_HEAD.finditer(message))
    below = message[heads[-1].end() :].strip().removeprefix("Error:").strip() if heads else ""
    if below and not below.startswith("Command '"):
        return f"{heads[-1][1]}: {below.splitlines()[0].rstrip()}"
    told = below or message
    ending = told.rpartition("' ")[2]
    if told.startswith("Command '") and "\n" in told and "\n" not in ending:  # its last line is not why it failed
        return f"Command {ending}".strip()
    return message.rpartition("\n")[2].strip()


def normalised(line: str, wildcards: Mapping[str, str]) -> str:
    """The line with wildcard values, paths, hexadecimal and other numbers replaced by what they are."""
    text = line
    # Longest first: a value may hold another. Of digits alone no one can say whether they are the wildcard's.
    for name, value in sorted(wildcards.items(), key=lambda item: -len(item[1])):
        if any(char.isalpha() for char in value):
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", lambda _, n=name: f"{{{n}}}", text)  # type: ignore[misc]
    for pattern, word in ((_UUID, "<hex>"), (_PATH, "<path>"), (_HEX, "<hex>"), (_NUMBER, "<n>")):
        text = pattern.sub(word, text)
    return " ".join(text.split())


def signature(rule: str, error_class: str | None, line: str, wildcards: Mapping[str, str]) -> str:
    """Sixteen hexadecimal characters, the same for failures that are alike."""
    key = "\0".join((rule, error_class or "", normalised(line, wildcards)))
    return hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).hexdigest()
