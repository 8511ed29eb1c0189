"""`flowo status`: the newest runs in a line each, or one run in a few."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import Any

from snakemake_logger_plugin_flowo.words import breadth, clean, counts, cut, elapsed, failure, outlook, paint, silence

NEWEST = 15
NAMED = 32  # columns for a run's name at most
_STATUS, _NAMED_LEAST, _END_LEAST = (
    11,
    16,
    12,
)  # columns for the status; for the name, and what a line ends with, at least
_ID, _DONE, _FAILED, _ELAPSED, _NAME = range(5)
_MESSAGE = 8  # last lines of a message


def listing(runs: list[dict[str, Any]]) -> Iterator[str]:
    """One line for each run. A narrow terminal leaves out whole columns, what tells least first; status and name stay.

    Piped, nothing is cut but very long names.
    """
    left = (shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000) - _STATUS - 2
    prefix = _telling([run["id"] for run in runs])
    rows = [_cells(run, prefix) for run in runs]
    sizes = [max((breadth(cells[column]) for cells in rows), default=0) for column in range(5)]
    sizes[_NAME] = min(sizes[_NAME], NAMED)
    left -= min(sizes[_NAME], _NAMED_LEAST)
    shown = [_NAME]
    for column in (_DONE, _ID, _ELAPSED, _FAILED):
        if sizes[column] and sizes[column] + 2 <= left:
            shown.append(column)
            left -= sizes[column] + 2
    if sizes[_NAME] > _NAMED_LEAST:
        wider = min(sizes[_NAME] - _NAMED_LEAST, max(0, left))
        sizes[_NAME] = _NAMED_LEAST + wider
        left -= wider
    for run, cells in zip(runs, rows, strict=True):
        text = "  ".join(_filled(cells[column], sizes[column], right=column == _DONE) for column in sorted(shown))
        end = outlook(run) or (failure(run["first_failure"]) if run["first_failure"] else "")
        if end and left > _END_LEAST:
            text += f"  {cut(end, left - 2)}"
        yield f"{paint(run['status'], _STATUS)}  {text}".rstrip()


def _cells(run: dict[str, Any], prefix: int) -> list[str]:
    """In the order of their columns."""
    jobs = run["jobs"]
    failed = f"{jobs['failed']} failed" if jobs["failed"] else ""
    return [run["id"][:prefix], f"{jobs['succeeded']}/{jobs['total']}", failed, elapsed(run), clean(run["name"])]


def _filled(text: str, size: int, *, right: bool) -> str:
    text = cut(text, size)
    space = " " * (size - breadth(text))
    return space + text if right else text + space


def details(run: dict[str, Any], link: str) -> Iterator[str]:
    """All that the terminal says of one run."""
    jobs = run["jobs"]
    yield f"{paint(run['status'])}  {clean(run['name'])}"
    yield f"  id       {run['id']}"
    share = f" ({int(run['progress'] * 100)} %)" if jobs["total"] else ""
    yield f"  jobs     {jobs['succeeded']} of {jobs['total']} done{share}" + (
        f": {counts(jobs)}" if jobs["total"] else ""
    )
    times = [part for part in (elapsed(run), outlook(run), silence(run)) if part]
    if times:
        yield f"  time     {', '.join(times)}"
    yield f"  where    {clean(run['host'])}  {clean(run['user'])}  {clean(run.get('directory') or run['workflow'])}"
    if run.get("gaps"):
        yield f"  gaps     {run['gaps']} events are not in this record: they were lost before they were sent"
    yield from failed(run)
    yield f"  see      {link}"


def failed(run: dict[str, Any]) -> Iterator[str]:
    """The first failure that still stands, with the end of its message; or what Snakemake said at last."""
    first = run["first_failure"]
    message = (first or {}).get("message") or run.get("message") or ""
    lines = [clean(line) for line in message.splitlines() if line.strip()]
    if first:
        job = f", job {first['number']}" if first.get("number") is not None else ""
        headline = failure(first)
        yield f"  failed   {headline}{job}"
        lines = [line for line in lines if line.removeprefix("Error: ").removesuffix(":") not in headline]
    elif lines:
        yield "  said"
    for line in lines[-_MESSAGE:]:
        yield f"           {line}"


def _telling(ids: list[str]) -> int:
    """How many characters tell these ids apart: they begin with the time, so those of a minute begin alike."""
    size = 8
    while size < 36 and len({one[:size] for one in ids}) < len(ids):
        size += 1
    return size
