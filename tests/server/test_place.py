"""A job's place: what is near it in the graph, who makes its inputs and who uses what it makes."""

from __future__ import annotations

from typing import Any

from flowo.runs import place
from tests.factories import Tape
from tests.server.asked import get, post
from tests.server.servers import Served


def plan(tape: Tape) -> Tape:
    """split (1) → map (2), map (3) → merge (4) → report (5) → all (0); merge needs split too."""
    return tape.opened().planned(
        [
            {"job": 0, "rule": "all", "needs": [5]},
            {"job": 1, "rule": "split"},
            {"job": 2, "rule": "map", "needs": [1]},
            {"job": 3, "rule": "map", "needs": [1]},
            {"job": 4, "rule": "merge", "needs": [2, 3, 1]},
            {"job": 5, "rule": "report", "needs": [4]},
        ]
    )


def recorded() -> Tape:
    """All but report and all have begun."""
    tape = plan(Tape()).info(1, "split", inputs=["reads.fq"], outputs=["1.fq", "2.fq"], logs=["split.log"])
    tape.finished(1).info(2, inputs=["1.fq", "genome.fa"], outputs=["1.bam"], benchmark="1.tsv")
    tape.info(3, inputs=["2.fq", "genome.fa"], outputs=["2.bam"]).finished(2).failed(3)
    return tape.info(3, inputs=["2.fq", "genome.fa"], outputs=["2.bam"]).finished(3).info(
        4, "merge", wildcards={}, inputs=["1.bam", "genome.fa", "2.bam", "split.log", "1.tsv"], outputs=["all.bam"]
    )  # fmt: skip


async def job(served: Served, tape: Tape, number: int) -> dict[str, Any]:
    found = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/{number}")
    assert isinstance(found, dict)
    return found


def shared(side: dict[str, Any]) -> dict[int, list[int]]:
    return {one["job"]["number"]: one["files"] for one in side["jobs"]}


async def test_each_file_names_the_jobs_on_its_other_side(served: Served) -> None:
    tape = recorded()
    await post(served, tape)
    merge = await job(served, tape, 4)
    assert shared(merge["made_by"]) == {1: [3], 2: [0, 4], 3: [2]}  # the genome is no job's
    assert merge["made_by"]["open"] == 0
    assert merge["made_by"]["jobs"][0]["job"] == {
        "number": 1, "rule": "split", "status": "succeeded", "wildcards": {"sample": "S1"}
    }  # fmt: skip
    assert merge["used_by"] == {"open": 1, "jobs": [], "users": {}}  # report has not told of its inputs yet
    split = await job(served, tape, 1)
    assert shared(split["used_by"]) == {2: [0], 3: [1], 4: [2]}
    assert (split["used_by"]["open"], split["used_by"]["users"]) == (0, {"0": 1, "1": 1, "2": 1})
    assert split["made_by"] == {"open": 0, "jobs": [], "users": {}}


async def test_what_is_near_is_counted_by_rule_and_distance(served: Served) -> None:
    tape = recorded()
    await post(served, tape)
    near = (await job(served, tape, 4))["near"]
    assert [(one["step"], one["rule"], [link["number"] for link in one["links"]]) for one in near] == [
        (-1, "map", [2, 3]), (-1, "split", [1]), (1, "report", [5]), (2, "all", [0]),
    ]  # fmt: skip
    assert near[0]["jobs"]["succeeded"] == near[0]["jobs"]["total"] == 2
    assert near[2]["jobs"]["planned"] == 1


async def test_the_place_can_be_left_out(served: Served) -> None:
    tape = recorded()
    await post(served, tape)
    whole = await job(served, tape, 4)
    without = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/4", place=False)
    told = [key for key in ("near", "made_by", "used_by", "depends_on", "dependents") if whole[key]]
    assert len(told) == 5
    assert not any(without[key] for key in told)
    assert without["attempts"] == whole["attempts"] != []
    assert without["inputs"] == whole["inputs"] != []


async def test_without_a_graph_nothing_is_said_of_it(served: Served) -> None:
    tape = Tape().opened().info(1, inputs=["a"], outputs=["b"], message="mapping S1")
    await post(served, tape)
    found = await job(served, tape, 1)
    assert (found["near"], found["made_by"], found["used_by"]) == (None, None, None)
    assert found["message"] == "mapping S1"


async def test_a_job_that_needs_thousands_is_answered_in_few(served: Served) -> None:
    many = place.LOOKED_AT + 500
    tape = Tape().opened().planned([
        {"job": 0, "rule": "all", "needs": list(range(1, many + 1))}, *({"job": n, "rule": "map"} for n in range(1, many + 1)),
    ])  # fmt: skip
    for number in range(1, many + 1):
        tape.info(number, outputs=[f"{number}.bam"])
    tape.finished(*range(1, many)).failed(many).info(0, "all", inputs=[f"{n}.bam" for n in range(1, many + 1)])
    for first in range(1, len(tape.lines) + 1, 1000):
        await post(served, tape, first, first + 999)
    found = await job(served, tape, 0)
    assert found["made_by"]["open"] == 500
    assert len(found["made_by"]["jobs"]) == place.LOOKED_AT
    (near,) = found["near"]
    assert (near["jobs"]["total"], near["jobs"]["failed"], len(near["links"])) == (many, 1, place.LISTED)
    assert near["links"][0]["number"] == many  # what went wrong comes first
    one = await job(served, tape, many)
    assert one["used_by"]["users"] == {"0": 1}
