"""`flowo status`: the newest runs in a line each, or one run in a few."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from typing import Any

from snakemake_logger_plugin_flowo.words import clean, counts, cut, elapsed, failure, outlook, paint, silence

NEWEST = 15
_MESSAGE = 8  # last lines of a message


def listing(runs: list[dict[str, Any]]) -> Iterator[str]:
    """One line for each run; what a line ends with is cut at the terminal's edge."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 10_000
    prefix = _telling([run["id"] for run in runs])
    rows = []
    for run in runs:
        jobs = run["jobs"]
        done = f"{jobs['succeeded']}/{jobs['total']}"
        failed = f"{jobs['failed']} failed" if jobs["failed"] else ""
        first = run["first_failure"]
        end = outlook(run) or (failure(first) if first else "")
        rows.append((run["status"], (run["id"][:prefix], done, failed, elapsed(run), cut(clean(run["name"]), 32)), end))
    columns = [max(len(cells[index]) for _, cells, _ in rows) for index in range(5)] if rows else []
    for status, cells, end in rows:
        padded = (
            cell.rjust(size) if index == 1 else cell.ljust(size)
            for index, (cell, size) in enumerate(zip(cells, columns, strict=True))
        )
        text = "  ".join(cell for cell, size in zip(padded, columns, strict=True) if size)
        yield f"{paint(status, 11)}  {cut(f'{text}  {end}'.rstrip(), width - 13)}"


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
