"""`flowo status`: what it says of runs, and to whom it says nothing."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator

import pytest
from snakemake_logger_plugin_flowo import cli, status, words
from snakemake_logger_plugin_flowo.client import Failed
from typer.testing import CliRunner, Result

from tests.plugin.reads import FAILURE, ID, Reads, run


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reads]:
    server = Reads()
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [])
    monkeypatch.setenv("FLOWO_URL", server.url)
    monkeypatch.setenv("FLOWO_TOKEN", "t")
    yield server
    server.stop()


def flowo(*arguments: str) -> Result:
    return CliRunner().invoke(cli.build(), list(arguments))


def test_the_newest_runs(reads: Reads) -> None:
    runs = [
        run("running", id="01a209c1-03d5-7044-ab37-798359a6bf07", name="rye", succeeded=1, planned=3, eta={"low": 1500, "high": 2400}),
        run("failed", succeeded=2, failed=1, first_failure=FAILURE),
        run("lost", id="01a209bd-10ef-73ee-93f9-b8d293ba586d", name="oat", running=1),
    ]  # fmt: skip
    runs[2]["last_heard_at"] = runs[2]["now"] = None
    reads.answers["/api/v1/runs"] = [(200, {"items": runs, "next": None})]
    done = flowo("status")
    assert done.exit_code == 0, done.output
    first, second, third = done.output.splitlines()
    assert first.split("  ")[0].strip() == "running"
    assert "1/4" in first
    assert "25–40 min left" in first
    assert "2/3  1 failed  1 h 04 min  wheat" in second
    assert second.endswith("rule map (sample=A), attempt 2: exit code 1, oom")
    assert third.startswith("lost ")
    assert "\x1b" not in done.output
    assert "01a209bd-2 " in second  # enough to tell it from the third
    assert json.loads(flowo("status", "--json").output)["items"] == runs
    reads.answers["/api/v1/runs"] = [(200, {"items": [], "next": None})]
    assert flowo("status").output == "no runs yet\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_a_narrow_terminal_leaves_out_what_tells_least(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [
        run("running", id="01a209c1-03d5-7044-ab37-798359a6bf07", name="rye", succeeded=1, planned=3),
        run("failed", name="wheat-of-2026-with-all-samples", succeeded=1200, failed=1, planned=300, first_failure=FAILURE),
        run("interrupted", id="01a200bd-10ef-73ee-93f9-b8d293ba586d", name="小麦の解析", running=1),
    ]  # fmt: skip
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", Terminal())
    first, second, third = status.listing(runs)
    assert max(map(words.breadth, (first, second, third))) <= width
    assert first.startswith("running ")
    assert first.endswith(" rye")
    assert third.startswith("interrupted ")
    assert third.endswith(" 小麦の解析")
    assert words.breadth(first.removesuffix("rye")) == words.breadth(third.removesuffix("小麦の解析"))
    assert " 1200/1501  " in second
    assert " wheat-of-2026-w" in second
    assert ("01a209bd" in second) is (width >= 60)
    assert ("1 failed  1 h 04 min" in second) is (width >= 80)
    assert ("  rule map (sample" in second) is (width >= 120)


@pytest.mark.parametrize("asked", [ID, ID.upper(), "01a2", "01a209bd-2d", "wheat"])
def test_one_run(reads: Reads, asked: str) -> None:
    told = run("failed", succeeded=2, failed=1, skipped=1, first_failure=FAILURE)
    reads.one(told)
    done = flowo("status", asked)
    assert done.exit_code == 0, done.output
    assert "2 of 4 done (50 %): 2 succeeded, 1 failed, 1 skipped" in done.output
    assert "n1  eve  /w" in done.output
    assert "rule map (sample=A), attempt 2: exit code 1, oom, job 3" in done.output
    assert "[31mkilled" in done.output
    assert "\x1b" not in done.output  # what a run says cannot steer the terminal
    assert f"{reads.url}/runs/{ID}" in done.output
    assert json.loads(flowo("status", asked, "--json").output) == told


def test_a_lost_run_and_one_that_failed_before_any_job(reads: Reads) -> None:
    reads.one(run("lost", running=1))
    assert "1 h 00 min, last heard 4 min ago" in flowo("status", "wheat").output
    reads.one(run("lost", running=1, lost_since="2026-11-23T18:10:00Z"))
    assert "10 min 00 s, last heard 54 min ago" in flowo("status", "wheat").output
    told = {**FAILURE, "number": None, "rule": None, "message": "SyntaxError:\nline 3"}
    reads.one(run("failed", first_failure=told))
    output = flowo("status", "wheat").output
    assert "0 of 0 done\n" in output
    assert "failed   SyntaxError: line 3\n  see " in output


SAID = 'Traceback (most recent call last):\n\n  File "x.py", line 1, in f\n    f()\n\n'


@pytest.mark.parametrize(
    ("message", "line"),
    [
        (f"{SAID}ValueError: Invalid config definition.\n", "ValueError: Invalid config definition."),
        (f"OSError: full\n\nDuring handling of the above exception:\n\n{SAID}OSError: [Errno 28] No space\n", "OSError: [Errno 28] No space"),
        ("Traceback (most recent call last):\n  cut", "cut"),
        ("LockException:\nError: Directory cannot be locked.\n/w", "LockException: Directory cannot be locked."),
        ('MissingInputException in rule all in file "/w/Snakefile", line 1:\nMissing input files for rule all:\n    nosuch', "MissingInputException: Missing input files for rule all"),
        ("one\ntwo", "one"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_snakemake_said_in_a_line(message: str, line: str) -> None:
    assert words.headline(message) == line


def test_a_clock_that_was_set_back_gives_no_duration() -> None:
    told = run("succeeded", succeeded=1)
    assert words.elapsed(told) == "1 h 04 min"
    assert words.elapsed({**told, "ended_at": "2026-11-23T17:00:00Z"}) == ""
    assert words.elapsed(run("running", running=1, clock_offset=7_200.0)) == "0 s"


def test_a_record_with_gaps(reads: Reads) -> None:
    reads.one(run("failed", failed=1, gaps=10))
    assert "10 events are not in this record" in flowo("status", "wheat").output
    reads.one(run("failed", failed=1, gaps=0))
    assert "not in this record" not in flowo("status", "wheat").output


def test_a_snakemake_that_says_nothing(reads: Reads) -> None:
    reads.one(run("running", running=1, last_event_at="2026-11-23T18:50:00Z"))
    assert "1 h 04 min, Snakemake's last word 14 min ago\n" in flowo("status", "wheat").output
    reads.one(run("running", running=1, last_event_at="2026-11-23T19:03:00Z"))
    assert "last word" not in flowo("status", "wheat").output


def test_what_is_not_there(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    reads.one(run())
    assert (
        message("status", "barley") == "there is no run barley: give an id, its first characters (4 or more), or a name"
    )
    assert message("status", "00000000-0000-0000-0000-000000000000").startswith("there is no run 00000000-")
    twins = [run(id=f"01a209bd-2d39-7d54-8ca7-00000000000{i}") for i in range(2)]
    reads.answers["/api/v1/runs"] = [(200, {"items": twins, "next": None})]
    assert "several runs begin with 01a2" in message("status", "01a2")
    reads.answers["/api/v1/runs"] = [(403, {"title": "Not allowed"})]
    assert "a token of scope read is needed" in message("status")
    reads.answers["/api/v1/runs"] = [(401, {})]
    assert "does not accept the token" in message("status")
    monkeypatch.delenv("FLOWO_TOKEN")
    assert "asks for a token, and none is set for this address: set FLOWO_TOKEN" in message("status")
    monkeypatch.setenv("FLOWO_TOKEN", "flowo_reads")
    reads.answers["/api/v1/runs"] = [(302, {})]
    assert "redirects elsewhere (302): set the right address" in message("status")


@pytest.mark.parametrize("other", [{"acked": 1}, [1], "hello", None, {"items": []}])
def test_another_program_that_speaks_json(reads: Reads, other: object) -> None:
    reads.answers["/api/v1/runs"] = reads.answers[f"/api/v1/runs/{ID}"] = [(200, other)]
    for asked in ("status", f"status {ID}", "status wheat", "status 01a2", "watch wheat"):
        assert message(*asked.split()) == f"{reads.url} does not answer like a flowo server"
    reads.answers["/api/v1/tokens"] = [(200, {"tokens": []})]
    assert "does not answer like a flowo server" in message("token", "list")


def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "FLOWO_URL" in message("status")
    monkeypatch.setenv("FLOWO_URL", "http://127.0.0.1:1")
    assert "cannot be reached: connection refused" in message("status")
    assert "cannot be reached: connection refused" in message("watch", "wheat")


def message(*arguments: str) -> str:
    """What a person reads when it does not work."""
    done = flowo(*arguments)
    assert isinstance(done.exception, Failed)  # main() makes one line of it
    return str(done.exception)


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert words.paint("failed") == "\x1b[31mfailed\x1b[0m"
    monkeypatch.setenv("NO_COLOR", "1")
    assert words.paint("failed") == "failed"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.01, "0 s"),
        (12.4, "12.4 s"),
        (59.97, "1 min 00 s"),
        (184, "3 min 04 s"),
        (3840, "1 h 04 min"),
        (266_400, "3 d 2 h"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(10, 50, "less than 1 min"), (1500, 2400, "25–40 min"), (30, 200, "up to 4 min"), (40_000, 62_000, "11–18 h")],
)
def test_what_is_left(low: float, high: float, text: str) -> None:
    assert words.left(low, high) == f"{text} left"


def test_cut_counts_columns() -> None:
    assert [words.cut(text, 4) for text in ("abcd", "abcde", "小麦粉")] == ["abcd", "abc…", "小…"]
