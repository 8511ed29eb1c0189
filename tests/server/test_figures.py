"""What rules took and why their jobs ran: Snakemake's sentences as kinds, and the route that totals them."""

from __future__ import annotations

import pytest
from snakemake_logger_plugin_flowo import wire

from flowo.runs import reasons
from tests.factories import Tape
from tests.server.asked import get, post
from tests.server.servers import Served


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("Missing output files: a.txt, b.txt", ["missing_output"]),
        ("Missing output files: a.txt; Input files updated by another job: c.txt", ["missing_output", "input_by_job"]),
        ("Updated input files: in/A.fq", ["updated_input"]),
        ("Forced execution", ["forced"]),
        ("Finished (was: Forced execution)", ["forced"]),
        (
            "Set of input files has changed since last execution; Code has changed since last execution; Params have changed "
            "since last execution: Union of exclusive params before and now across all output: before: 'a; b' now: 'c'",
            ["input_set_changed", "code_changed", "params_changed"],
        ),
        ("Software environment definition has changed since last execution", ["software_changed"]),
        ("Rules with neither input nor output files are always executed.", ["always"]),
        ("Output file is a pipe and has to be filled for consuming job.", ["needed_by_consumer"]),
        ("Something that a later Snakemake says", ["other"]),
        ("", []),
        (None, []),
    ],
)
def test_a_sentence_tells_its_kinds(sentence: str | None, kinds: list[str]) -> None:
    assert reasons.names(reasons.kinds(sentence)) == kinds


def test_all_kinds_fit_into_their_column() -> None:
    assert (1 << len(reasons.REASONS)) - 1 < 2**15


async def test_a_run_totals_medians_and_reasons(served: Served) -> None:
    tape = Tape().opened()
    for number, seconds in enumerate((1, 2, 30)):  # the mean would be 11
        tape.info(number, reason="Params have changed since last execution: x")
        tape.at += seconds - 1
        tape.finished(number)
    tape.info(3, reason="Missing output files: a; Params have changed since last execution: x").failed(3)
    tape.info(4, "call", reason="Missing output files: b", benchmark="b.tsv", local=False).info(5, "call")
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/rules"
    figures = await get(served, path)
    assert figures["jobs"] == 5
    assert list(figures["reasons"].items()) == [("params_changed", 4), ("missing_output", 2)]
    by_rule = {rule.pop("rule"): rule for rule in figures["rules"]}
    assert by_rule == {
        "map": {"median_seconds": 2.0, "reasons": {"params_changed": 4, "missing_output": 1}},
        "call": {"median_seconds": None, "reasons": {"missing_output": 1}},
    }

    # What moves a job later leaves its reason; a benchmark's figure goes before the moments.
    tape.finished(4).add(wire.JobFigures(job=4, path="b.tsv", rows=[{"s": 0.5}]))
    await post(served, tape, len(tape.lines) - 1)
    by_rule = {rule["rule"]: rule for rule in (await get(served, path))["rules"]}
    assert by_rule["call"]["median_seconds"] == 0.5
    assert by_rule["call"]["reasons"] == {"missing_output": 1}


async def test_what_rules_used_of_what_they_asked_for(served: Served) -> None:
    tape = Tape().opened()
    for number, (seconds, rss) in enumerate(((10, 100.0), (20, 200.0), (30, 300.0))):
        tape.info(number, benchmark="b.tsv", threads=2, resources={"mem_mb": 1000 + number, "runtime": 60})
        tape.at += seconds - 1
        tape.finished(number)
        tape.add(wire.JobFigures(job=number, path="b.tsv", rows=[{"max_rss": rss, "mean_load": 150.0}]))
    tape.info(3, "call", resources={"mem_mb": "<TBD>"}).finished(3)
    tape.info(4, "call").failed(4).info(5, "call")
    await post(served, tape)
    usage = await get(served, f"/api/v1/runs/{tape.run_id}/usage")
    first, second = usage["rules"]
    assert first == {
        "rule": "map", "timed": 3, "median_seconds": 20, "p95_seconds": 29, "max_seconds": 30, "total_seconds": 60,
        "threads": 2, "mem_mb": 1002, "runtime_minutes": 60, "weighed": 3, "p95_rss_mb": 290, "max_rss_mb": 300,
        "loaded": 3, "median_load": 150,
    }  # fmt: skip
    assert second == {
        "rule": "call", "timed": 1, "median_seconds": 1, "p95_seconds": 1, "max_seconds": 1, "total_seconds": 1,
        "threads": 1, "mem_mb": None, "runtime_minutes": None, "weighed": 0, "p95_rss_mb": None, "max_rss_mb": None,
        "loaded": 0, "median_load": None,
    }  # fmt: skip
