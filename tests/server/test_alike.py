"""Failures that are alike: what makes them so, and what the API tells of them."""

from __future__ import annotations

from typing import Any

import pytest
from snakemake_logger_plugin_flowo import wire
from sqlalchemy import text

from flowo.ingest.sweep import sweep
from flowo.runs.signature import last_line, normalised, signature, telling_line
from tests.factories import Tape
from tests.server.asked import get, pages, post
from tests.server.servers import Served
from tests.server.test_lost import age

ROOT = "/api/v1/runs"


@pytest.mark.parametrize(
    ("line", "same"),
    [
        ("line 12 of chr3.bed is odd", "line <n> of chr<n>.bed is odd"),
        ("[17:03:11] took 3.5e-4 s, 12,345 reads", "[<n>] took <n> s, <n> reads"),
        ("cannot open /data/x/NA12878/reads.bam: gone", "cannot open <path>: gone"),
        ("cannot open results/a/b.txt, ../up.txt", "cannot open <path>, <path>"),
        ("reads of NA12878_R1 are bad, NA128789 is fine", "reads of {sample}_R<n> are bad, NA<n> is fine"),
        ("at 0x7ffe12ab, commit 4f2c1e98a7d0, feedback", "at <hex>, commit <hex>, feedback"),
        ("job 0190f0c2-1111-7222-8333-444455556666 went", "job <hex> went"),
        ("  many   spaces ", "many spaces"),
    ],
)
def test_what_differs_by_accident_is_taken_out(line: str, same: str) -> None:
    assert normalised(line, {"sample": "NA12878", "lane": "3"}) == same


LOG = """\
[10:00] reading
Traceback (most recent call last):
  File "x.py", line 3, in <module>
ValueError: bad value in row 17
0 errors in the second pass
"""


@pytest.mark.parametrize(
    ("message", "tails", "line"),
    [
        ("exit 1", [LOG], "ValueError: bad value in row 17"),
        ("exit 1", ["all is well\n", LOG], "ValueError: bad value in row 17"),
        ("exit 1", ["one\nKilled\nbye\n"], "Killed"),
        ("exit 1", ["\x1b[31mFatal: \x1b[0mdisk\r\n"], "Fatal: disk"),
        ("exit 1", ["İ İ İ\nIOError: disk"], "IOError: disk"),
        ("exit 1", ["[E::idx_load] no index\n[main] could not stop\n"], "[E::idx_load] no index"),
        ("exit 1", ["fail to open the index\nbye\n"], "fail to open the index"),
        ("RuleException:\nexit 1", ["nothing to see in this room\n"], "exit 1"),
        (None, [], ""),
        (
            'ImproperOutputException in rule r in file "/w/Snakefile", line 22:\n'
            "Outputs of incorrect type. for rule r:\n    output: x\n    affected files:\n        x",
            [],
            "ImproperOutputException: Outputs of incorrect type. for rule r:",
        ),
        (
            "RuleException:\nNameError in file \"/w/Snakefile\", line 13:\nname 'a' is not defined\n"
            '  File "/w/Snakefile", line 13, in __rule_1',
            [],
            "NameError: name 'a' is not defined",
        ),
        (
            "RuleException:\nCalledProcessError in file \"/w/Snakefile\", line 1:\nCommand 'set -e; a\n b' failed.",
            [],
            "Command failed.",
        ),
        (
            "Error submitting jobscript (exit code 1):\nFor further error details see the cluster/cloud log and the log.",
            [],
            "Error submitting jobscript (exit code 1):",
        ),
    ],
)
def test_the_line_that_tells_why(message: str | None, tails: list[str], line: str) -> None:
    assert telling_line(message, tails) == line


def test_rule_and_class_belong_to_the_signature() -> None:
    made = [signature(rule, kind, "line 1", {}) for rule in ("a", "b") for kind in ("oom", "signal")]
    assert len(set(made)) == 4
    assert signature("a", "oom", "line 2", {}) == made[0]


def cohort(folder: str, **opened: Any) -> Tape:
    """Six samples: four fail alike, one otherwise, one is made good; and one of another rule."""
    tape = Tape().opened(directory=folder, **opened)
    for i in range(6):
        tape.info(i, "map", wildcards={"sample": f"NA{i}"}, outputs=[f"out/NA{i}.bam", f"out/NA{i}.bai"])
    tape.info(9, "call", outputs=["calls.vcf"])
    for i in range(4):
        if i % 2:  # the log comes before or after
            tape.add(snapshot(i))
        tape.failed(i, exit_code=1, message=f"Command 'map NA{i}' returned non-zero exit status 1.")
        if not i % 2:
            tape.add(snapshot(i))
    tape.failed(4, exit_code=1, message="Command 'map NA4' returned non-zero exit status 1.")
    tape.add(wire.LogSnapshot(job=4, attempt=1, path="logs/NA4.log", tail="1.2 GB read\nchunk 17 of 40\n", size=27))
    tape.failed(5).add(wire.JobRestarting(job=5)).info(5, "map", wildcards={"sample": "NA5"}).finished(5)
    return tape.failed(9, exit_code=2, message="boom")


def snapshot(job: int) -> wire.Event:
    tail = f"reading NA{job}\nValueError: NA{job}.bam has {job + 7} bad rows\n"
    return wire.LogSnapshot(job=job, attempt=1, path=f"logs/NA{job}.log", tail=tail, size=len(tail))


@pytest.mark.parametrize(
    ("line", "tails", "last"),
    [
        ("exit 1", ["nothing to see\n\x1b[1mgoodbye\x1b[0m\r\n\n"], "goodbye"),
        ("exit 1", ["first\n", "second\n", "\n"], "second"),
        ("ValueError: x", ["ValueError: x\nbye\n"], ""),
        ("", ["bye\n"], "bye"),
        ("exit 1", [], ""),
    ],
)
def test_what_a_log_says_last_where_nothing_in_it_tells_why(line: str, tails: list[str], last: str) -> None:
    assert last_line(line, tails) == last


@pytest.mark.parametrize("split", [1, 5, 100])
async def test_failures_of_one_cause_are_one(served: Served, split: int) -> None:
    tape = cohort(f"/data/alike-{split}").ended("failed")
    for first in range(1, len(tape.lines) + 1, split):
        await post(served, tape, first, min(first + split - 1, len(tape.lines)))
    path = f"{ROOT}/{tape.run_id}/failures"
    found = await pages(served, f"{path}/groups", limit=2)
    assert [(one["rule"], one["count"], one["line"]) for one in found] == [
        ("map", 4, "ValueError: NA0.bam has 7 bad rows"),
        ("map", 1, "Command 'map NA4' returned non-zero exit status 1."),
        ("call", 1, "boom"),
    ]
    assert [job["wildcards"]["sample"] for job in found[0]["jobs"]] == ["NA0", "NA1", "NA2", "NA3"]
    assert (found[0]["exit_code"], found[0]["class"]) == (1, "nonzero_exit")
    assert found[0]["first_at"] < found[0]["last_at"]
    assert [one["last_line"] for one in found] == [None, "chunk 17 of 40", None]
    alike = await pages(served, path, signature=found[0]["signature"], limit=3)
    assert [failure["number"] for failure in alike] == [0, 1, 2, 3]
    assert (await get(served, path, signature="0" * 16))["items"] == []


async def test_the_same_was_seen_in_earlier_runs_of_the_workflow(served: Served) -> None:
    first, second, other, third = (
        cohort("/data/seen", name="first"), cohort("/data/seen", name="second"), cohort("/data/seen-other"),
        cohort("/data/seen", name="third"),
    )  # fmt: skip
    for tape in (first, second, other, third):
        await post(served, tape.ended("failed"))
    groups = (await get(served, f"{ROOT}/{third.run_id}/failures/groups"))["items"]
    assert [(seen["name"], seen["count"]) for seen in groups[0]["seen"]] == [("second", 4), ("first", 4)]
    assert groups[0]["seen_total"] == 2
    for seen in groups[0]["seen"]:
        assert seen["clock_offset"] == (await get(served, f"/api/v1/runs/{seen['id']}"))["clock_offset"] != 0
    groups = (await get(served, f"{ROOT}/{first.run_id}/failures/groups"))["items"]
    assert [one["seen"] for one in groups] == [[], [], []]


async def test_a_lost_run_declared_ended_tells_its_failures_too(alone: Served) -> None:
    tape = Tape().opened().info(1, "map").failed(1, message="boom").add(wire.JobRestarting(job=1))
    await post(alone, tape)
    await age(alone, 61)
    await sweep(alone.database, 60)
    assert (await alone.client.post(f"{ROOT}/{tape.run_id}/end")).status_code == 200
    (one,) = (await get(alone, f"{ROOT}/{tape.run_id}/failures/groups"))["items"]
    assert (one["rule"], one["count"], one["line"]) == ("map", 1, "boom")
    assert one["signature"]


async def test_a_failure_beside_any_job(served: Served) -> None:
    tape = Tape().opened().ended("failed", message="MissingInputException in line 3:\nno a.txt")
    await post(served, tape)
    (one,) = (await get(served, f"{ROOT}/{tape.run_id}/failures/groups"))["items"]
    assert (one["count"], one["rule"], one["jobs"], one["line"]) == (1, None, [], "no a.txt")
    assert (await get(served, f"{ROOT}/{tape.run_id}/rerun"))["command"] is None


async def test_thousands_of_one_cause_are_one_group(served: Served) -> None:
    tape = Tape().opened(directory="/data/thousands", command=["snakemake", "-c8"])
    for i in range(800):
        tape.info(i, "map", wildcards={"sample": f"S{i}"}, outputs=[f"out/{i}.txt"]).failed(i, message=f"no S{i}.bam")
    for first in range(1, 1602, 900):
        await post(served, tape, first, min(first + 899, 1601))
    (one,) = (await get(served, f"{ROOT}/{tape.run_id}/failures/groups"))["items"]
    assert (one["count"], len(one["jobs"])) == (800, 12)
    again = await get(served, f"{ROOT}/{tape.run_id}/rerun")
    assert (again["whole_rules"], again["jobs"]) == (True, 800)
    assert again["command"] == "cd /data/thousands && snakemake -c8 --rerun-incomplete --until map"


async def test_nobody_elses_runs_are_told_of(served: Served) -> None:
    tape = cohort("/data/alike-foreign")
    await post(served, tape)
    async with served.database.session() as session:
        await session.execute(
            text("INSERT INTO workspace (id, slug, name) VALUES (:r, 'foreign-alike', 'Foreign')"), {"r": tape.run_id}
        )
        await session.execute(text("UPDATE run SET workspace_id = :r WHERE id = :r"), {"r": tape.run_id})
    for route in ("failures/groups", "rerun", "siblings"):
        assert (await served.client.get(f"{ROOT}/{tape.run_id}/{route}")).status_code == 404
    mine = cohort("/data/alike-foreign")
    await post(served, mine)
    groups = (await get(served, f"{ROOT}/{mine.run_id}/failures/groups"))["items"]
    assert groups[0]["seen"] == []
