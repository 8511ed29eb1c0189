"""Benchmark files as Snakemake writes them, and as it would not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.figures import KEPT, figures, rows_of

HEADER = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time"
ROW = "61.25\t0:01:01\t3120.50\t4000.00\t3000.00\t3010.00\t12.00\t0.50\t331.20\t202.86"
TOLD = {
    "s": 61.25, "max_rss": 3120.5, "max_vms": 4000.0, "max_uss": 3000.0, "max_pss": 3010.0, "io_in": 12.0, "io_out": 0.5,
    "mean_load": 331.2, "cpu_time": 202.86,
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"{HEADER}\n{ROW}\n", [TOLD]),
        (f"{HEADER}\n{ROW}\n{ROW}\n", [TOLD, TOLD]),
        (f"{HEADER}\tjobid\tparams\n{ROW}\t3\t{{'a': 'b'}}\n", [TOLD]),
        (f"{HEADER}\n0.0093\t0:00:00" + "\tNA" * 8 + "\n", [{"s": 0.0093}]),
        (f"{HEADER}\n1.5\t0:00:01\t-\tnan\tinf\n", [{"s": 1.5}]),
        (f"{HEADER}\n", []),
        ("", []),
        ("no table\nat all\n", []),
    ],
)
def test_a_table(text: str, rows: list[dict[str, float]]) -> None:
    assert rows_of(text, "b.tsv") == rows


def test_json_lines() -> None:
    text = '{"s": 1.5, "max_rss": "NA", "cpu_time": 0.5, "h:m:s": "0:00:01"}\nnot json\n[1]\n'
    assert rows_of(text, "b.jsonl") == [{"s": 1.5, "cpu_time": 0.5}]


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "huge").write_bytes(b"x" * (KEPT + 1))
    (tmp_path / "b.tsv").write_text(f"{HEADER}\n{ROW}\n")
    assert figures(tmp_path, 1, 2, "b.tsv") == wire.JobFigures(job=1, attempt=2, path="b.tsv", rows=[TOLD])
    for path, note in (
        ("fifo", "not a regular file"), ("absent", "there is no such file"), ("huge", "too long to be a benchmark file"),
    ):  # fmt: skip
        assert figures(tmp_path, 1, 1, path) == wire.JobFigures(job=1, path=path, note=note)
