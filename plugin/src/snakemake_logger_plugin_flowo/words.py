"""How the command line says things: durations, what is left, how a run stands and what failed first."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
import sys
import unicodedata
from typing import Any

_COLOURS = {
    "running": 36,
    "succeeded": 32,
    "failed": 31,
    "interrupted": 33,
    "lost": 35,
    "ok": 32,
    "warn": 33,
    "fail": 31,
}
_QUIET = 300  # s without an event that are worth a word
_COUNTS = ("succeeded", "failed", "running", "queued", "planned", "aborted", "skipped")


def coloured() -> bool:
    """Whether standard output takes colours, and nobody asked for none."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(word: str, padded: int = 0) -> str:
    """A status word, coloured where that is wanted; the word itself says it all."""
    text = word.ljust(padded)
    return f"\x1b[{_COLOURS[word]}m{text}\x1b[0m" if word in _COLOURS and coloured() else text


def clean(text: object) -> str:
    """One line that is safe on a terminal: what runs say of themselves comes from others."""
    return "".join(char if char.isprintable() else " " for char in str(text)).strip()


def cut(text: str, width: int) -> str:
    """No more than `width` columns of it."""
    used = 0
    for index, char in enumerate(text):
        used += breadth(char)
        if used > width:
            return text[: max(0, index - 1)] + "…"
    return text


def breadth(text: str) -> int:
    """How many columns of a terminal it takes."""
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 0 if unicodedata.combining(char) else 1 for char in text
    )


def duration(seconds: float) -> str:
    """`12.4 s`, `3 min 04 s`, `1 h 04 min`, `3 d 2 h`."""
    seconds = max(0.0, seconds)
    if seconds < 59.95:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    minutes, hours = whole // 60, whole // 3600
    if hours < 1:
        return f"{minutes} min {whole % 60:02} s"
    return f"{hours} h {minutes % 60:02} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"


def left(low: float, high: float) -> str:
    """`25–40 min left`: one unit for both ends, in round steps, since more digits would claim more than is known."""
    if high < 60:
        return "less than 1 min left"
    unit, size = ("min", 60) if high < 5_400 else ("h", 3_600) if high < 172_800 else ("d", 86_400)
    exact = high / size
    step: float = (5 if exact > 20 else 1) if unit == "min" else 0.5 if exact < 4 else 1
    start, end = math.floor(low / size / step) * step, math.ceil(exact / step) * step
    if start <= 0:
        return f"up to {end:g} {unit} left"
    return f"{end:g} {unit} left" if start == end else f"{start:g}–{end:g} {unit} left"


def ago(seconds: float) -> str:
    """Only the largest unit: `4 min ago`."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return f"{max(0, int(seconds))} s ago"


def moment(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def now_of(run: dict[str, Any]) -> dt.datetime:
    """The server's clock where the answer has it, else this machine's."""
    return moment(run.get("now")) or dt.datetime.now(dt.UTC)


def last_word(run: dict[str, Any]) -> dt.datetime | None:
    """Of a lost run, by the server's clock: what it left may have been sent much later."""
    return moment(run.get("lost_since") or run["last_heard_at"])


def elapsed(run: dict[str, Any]) -> str:
    """How long it went, or goes; for a lost run, until it was last heard."""
    begun, ended = moment(run["started_at"]), moment(run["ended_at"])
    if begun is None:
        return ""
    if ended is None:  # the run's own clock ends nothing here: compare by the server's
        begun += dt.timedelta(seconds=run.get("clock_offset") or 0)
        ended = last_word(run) if run["status"] == "lost" else now_of(run)
    elif ended < begun:  # the clock was set back meanwhile: how long it took is not known
        return ""
    return duration((ended - begun).total_seconds()) if ended else ""


def outlook(run: dict[str, Any]) -> str:
    """What is left of a running run, or how long a lost one has been silent."""
    heard = last_word(run)
    if run["status"] == "lost" and heard:
        return f"last heard {ago((now_of(run) - heard).total_seconds())}"
    eta = run["eta"] if run["status"] == "running" else None
    return left(eta["low"], eta["high"]) if eta else ""


def silence(run: dict[str, Any]) -> str:
    """How long Snakemake itself has said nothing, where that is long: its jobs are, or it hangs."""
    said = moment(run.get("last_event_at")) if run["status"] == "running" else None
    quiet = (now_of(run) - said).total_seconds() if said else 0.0
    return f"Snakemake's last word {ago(quiet)}" if quiet >= _QUIET else ""


def counts(jobs: dict[str, int]) -> str:
    """`2 succeeded, 1 failed, 1 skipped`."""
    return ", ".join(f"{jobs[name]} {name}" for name in _COUNTS if jobs[name])


_TRACEBACK = "Traceback (most recent call last):"
_PLACE = re.compile(r"(\w+) in (?:.+ in )?file .+, line \d+:$")


def headline(message: str) -> str:
    """The line that says most of what Snakemake said: of a traceback its exception, not where it came through."""
    _, traceback, below = message.rpartition(_TRACEBACK)
    lines = [line for line in below.splitlines() if line.strip() and not (traceback and line[0].isspace())]
    lines = lines or message.strip().splitlines()[-1:]
    if not lines:
        return ""
    first = clean(lines[0])
    place = _PLACE.match(first)
    if len(lines) > 1 and first.endswith(":"):  # the exception, and what it says stands below
        return f"{place[1] if place else first[:-1]}: {clean(lines[1]).removeprefix('Error: ').removesuffix(':')}"
    return first


def failure(first: dict[str, Any]) -> str:
    """`rule map (sample=A), attempt 2: exit code 1, oom`; without a rule, what was said."""
    if not first.get("rule"):
        return headline(first.get("message") or "") or "it failed beside any job"
    wildcards = ", ".join(f"{clean(name)}={clean(value)}" for name, value in (first.get("wildcards") or {}).items())
    text = f"rule {clean(first['rule'])}" + (f" ({wildcards})" if wildcards else "")
    if (first.get("attempt") or 1) > 1:
        text += f", attempt {first['attempt']}"
    how = [f"exit code {first['exit_code']}"] if first.get("exit_code") is not None else []
    how += [f"signal {first['signal']}"] if first.get("signal") is not None else []
    if first.get("class") not in (None, "unknown", "nonzero_exit", "signal") or not how:
        how += [clean(first["class"]).replace("_", " ")] if first.get("class") not in (None, "unknown") else []
    return f"{text}: {', '.join(how)}" if how else text
