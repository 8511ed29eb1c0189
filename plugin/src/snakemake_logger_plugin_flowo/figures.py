"""Reads benchmark files of finished jobs, off the path of the events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.attend import tail_of

KEPT = 256 * 1024  # bytes of a benchmark file that are read; a row has 100
ROWS = 100  # repetitions that are told
# Seconds, MB, MB and percent, as Snakemake writes them; the other columns repeat what the job's events say.
COLUMNS = ("s", "max_rss", "max_vms", "max_uss", "max_pss", "io_in", "io_out", "mean_load", "cpu_time")


def figures(directory: Path, job: int, attempt: int, path: str) -> wire.JobFigures:
    """The event for one finished attempt."""
    text, size, note = tail_of(directory, path, KEPT)
    if note is None and (size or 0) > KEPT:
        note = "too long to be a benchmark file"
    rows = rows_of(text, path) if note is None else []
    return wire.JobFigures(
        job=job, attempt=attempt, path=path, rows=rows, note=note or (None if rows else "no figures")
    )


def rows_of(text: str, path: str) -> list[dict[str, float]]:
    """The numbers in it: tab separated under a header, or a JSON object for each line of a `.jsonl`."""
    lines = [line for line in text.splitlines() if line.strip()]
    if path.endswith(".jsonl"):
        found = [_object(line) for line in lines[:ROWS]]
    else:
        header = lines[0].split("\t") if lines else []
        found = [dict(zip(header, line.split("\t"), strict=False)) for line in lines[1 : ROWS + 1]]
    rows = [{name: number for name in COLUMNS if (number := _number(row.get(name))) is not None} for row in found]
    return [row for row in rows if row]


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> float | None:
    """`NA` and `-` stand for what was not measured."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if abs(number) < 1e18 else None  # false for NaN as well
