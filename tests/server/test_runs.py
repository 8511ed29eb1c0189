"""The API of runs: lists by cursor, filters and sorts, details, edits, deletion."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
import json
import uuid
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import wire
from sqlalchemy import text

from flowo.runs import schemas
from tests.factories import Tape
from tests.server.asked import get, pages, post, several
from tests.server.servers import Served

# Lists.


async def test_runs_come_newest_first_and_by_cursor(alone: Served) -> None:
    tapes = [Tape().opened(name=f"run {i}") for i in range(7)]
    for tape in tapes:
        await post(alone, tape)
    found = await pages(alone, "/api/v1/runs", limit=3)
    assert [run["name"] for run in found] == [f"run {i}" for i in reversed(range(7))]
    assert found[0]["id"] == str(tapes[6].run_id)


async def test_filters_of_the_run_list(alone: Served) -> None:
    await post(alone, Tape().opened(name="Alpha 100%", tags=["qc"], host="node1").ended())
    await post(alone, Tape().opened(name="Beta", tags=["qc", "lab7"], host="node2").ended("failed"))
    await post(alone, Tape().opened(name="Gamma", directory="/data/gam_ma"))
    names = [
        [run["name"] for run in await get_items(alone, **query)]
        for query in (
            {"status": "failed"}, {"status": ["failed", "running"]}, {"q": "alp"}, {"q": "0%"}, {"q": "%"},
            {"q": "gam_ma"}, {"q": "a_p"}, {"q": "node2 beta"}, {"tag": "qc"}, {"tag": ["qc", "lab7"]}, {"q": "nothing"},
            {"workflow": "/data/gam_ma"}, {"status": "failed,running"}, {"status": "", "tag": "", "q": "", "workflow": ""},
        )
    ]  # fmt: skip
    assert names == [
        ["Beta"], ["Gamma", "Beta"], ["Alpha 100%"], ["Alpha 100%"], ["Alpha 100%"], ["Gamma"], [], ["Beta"],
        ["Beta", "Alpha 100%"], ["Beta"], [], ["Gamma"], ["Gamma", "Beta"], ["Gamma", "Beta", "Alpha 100%"],
    ]  # fmt: skip
    facets = await get(alone, "/api/v1/runs/facets")
    assert facets["total"] == 3
    assert facets["status"] == {"succeeded": 1, "failed": 1, "running": 1}
    assert facets["tags"] == [{"tag": "qc", "runs": 2}, {"tag": "lab7", "runs": 1}]


async def get_items(served: Served, **query: Any) -> Any:
    return (await get(served, "/api/v1/runs", **query))["items"]


async def test_jobs_by_every_sort_both_ways(served: Served) -> None:
    tape = several()
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    for sort in ("number", "rule", "status", "started_at", "duration", "attempt"):
        up = await pages(served, path, sort=sort, limit=3)
        down = await pages(served, path, sort=f"-{sort}", limit=4)
        assert sorted(job["number"] for job in up) == list(range(10))
        key = {"duration": "run_seconds"}.get(sort, sort)
        alike = [(of, [job["number"] for job in jobs]) for of, jobs in itertools.groupby(up, key=lambda job: job[key])]
        assert all(numbers == sorted(numbers) for _, numbers in alike)
        # Turned round, but for jobs that are equal, by rising number either way, and those not known, which come last.
        unknown = (None, 0) if sort == "attempt" else (None,)  # never tried
        known = [numbers for of, numbers in alike[::-1] if of not in unknown]
        last = [numbers for of, numbers in alike if of in unknown]
        assert [job["number"] for job in down] == [number for numbers in known + last for number in numbers], sort
    by_status = [job["status"] for job in await pages(served, path, sort="status", limit=2)]
    assert by_status == ["running"] * 2 + ["queued"] + ["succeeded"] + ["planned"] * 6


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"status": "running"}, [1, 3]),
        ({"status": ["queued", "succeeded"]}, [0, 2]),
        ({"status": "queued,succeeded"}, [0, 2]),
        ({"status": "", "rule": "", "wildcard": "", "id": "", "q": ""}, list(range(10))),
        ({"rule": "call"}, [6, 7, 8, 9]),
        ({"rule": "call", "q": "sample:S0"}, [6, 9]),
        ({"q": "S1 map"}, [1, 4]),
        ({"q": "id:4"}, [4]),
        ({"q": "sample:nobody"}, []),
        ({"q": "100%"}, []),
    ],
)
async def test_filters_of_the_job_table(served: Served, query: dict[str, Any], left: list[int]) -> None:
    tape = several()
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    assert [job["number"] for job in await pages(served, path, limit=2, **query)] == left
    assert (await get(served, f"{path}/count", **query))["count"] == len(left)


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "WyJ4Il0", "WzEsMiwzXQ", "é", "W10", "W251bGwsbnVsbF0"])
async def test_cursors_that_are_none_are_refused(served: Served, cursor: str) -> None:
    tape = several()
    await post(served, tape)
    for path in ("", f"/{tape.run_id}/jobs", f"/{tape.run_id}/jobs?sort=duration", f"/{tape.run_id}/failures"):
        answer = await served.client.get(f"/api/v1/runs{path}", params={"cursor": cursor})
        assert answer.status_code == 422, (path, answer.text)
        assert answer.json()["errors"][0]["where"] == ["query", "cursor"]


def cursor(*key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/jobs", [10**12]),
        ("/jobs", [10**30]),
        ("/jobs", [True]),
        ("/jobs", [-1]),
        ("/jobs?sort=attempt", [40_000, 1]),
        ("/jobs?sort=status", [2**40, 1]),
        ("/jobs?sort=rule", ["\0", 1]),
        ("/jobs?sort=started_at", ["2024-01-01", 1]),
        ("/jobs?sort=started_at", ["0001-01-01T00:00:00+14:00", 1]),
        ("/jobs?sort=duration", ["nan", 1]),
        ("/failures", ["2024-01-01T00:00:00", 1]),
        ("/log", [2**70]),
        (None, ["2024-01-01", str(uuid.uuid4())]),
        (None, ["2024-01-01T00:00:00+00:00", 5]),
    ],
)
async def test_cursors_that_no_row_has(served: Served, path: str | None, key: list[Any]) -> None:
    tape = Tape().opened().info(1).failed(1)
    await post(served, tape)
    url = "/api/v1/runs" if path is None else f"/api/v1/runs/{tape.run_id}{path}"
    answer = await served.client.get(f"{url}{'&' if '?' in url else '?'}cursor={cursor(*key)}")
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


# One run.


async def test_a_run_with_its_rules_and_estimate(served: Served) -> None:
    now = dt.datetime.now(dt.UTC).timestamp()
    tape = Tape(start=now - 20).opened(directory="/data/eta")
    tape.planned({"job": i, "rule": "map"} for i in range(10))
    for i in range(4):
        tape.info(i).finished(i)
    await post(served, tape)
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert run["progress"] == 0.4
    assert run["rules"] == [
        {"rule": "map", "mean_seconds": 1.0, "jobs": {"total": 10, "planned": 6, "queued": 0, "running": 0,
         "succeeded": 4, "failed": 0, "aborted": 0, "skipped": 0}}
    ]  # fmt: skip
    assert 0 < run["eta"]["low"] < 6 < run["eta"]["high"] < 60
    assert run["wildcards"] == ["sample"]


async def test_totals_without_a_plan_come_from_run_info(served: Served) -> None:
    tape = Tape().opened().add(wire.RunInfo(stats={"map": 3, "all": 1})).info(1).finished(1)
    await post(served, tape)
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["jobs"]["total"], run["jobs"]["planned"], run["progress"]) == (4, 3, 0.25)
    await post(served, tape.ended("interrupted"), len(tape.lines))
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["jobs"]["total"], run["jobs"]["skipped"], run["status"]) == (4, 3, "interrupted")


async def test_a_new_plan_after_a_checkpoint_replaces_what_was_not_started(served: Served) -> None:
    tape = Tape().opened()
    tape.planned([{"job": 0, "rule": "all"}, {"job": 1, "rule": "split"}, {"job": 2, "rule": "agg"}])
    tape.info(1, "split").finished(1)
    jobs: list[dict[str, Any]] = [{"job": 0, "rule": "all", "needs": [9]}, {"job": 9, "rule": "agg", "needs": [3, 4]}]
    jobs += [{"job": i, "rule": "proc", "needs": [1]} for i in (3, 4)] + [{"job": 1, "rule": "split"}]
    tape.planned(jobs[:2], generation=2, part=1, parts=2)
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}"
    assert (await get(served, path))["jobs"]["total"] == 4
    tape.planned(jobs[2:], generation=2, part=2, parts=2)
    await post(served, tape, len(tape.lines))
    run = await get(served, path)
    assert run["jobs"]["total"] == 5
    assert {rule["rule"]: rule["jobs"]["total"] for rule in run["rules"]} == {"all": 1, "split": 1, "agg": 1, "proc": 2}
    graph = await get(served, f"{path}/graph")
    schemas.Graph.model_validate(graph)
    edges = {
        (graph["number"][a], graph["number"][b]) for a, b in zip(graph["edges"][::2], graph["edges"][1::2], strict=True)
    }
    assert edges == {(9, 0), (3, 9), (4, 9), (1, 3), (1, 4)}
    job = await get(served, f"{path}/jobs/9")
    assert [link["number"] for link in job["depends_on"]] == [3, 4]
    assert [link["number"] for link in job["dependents"]] == [0]


async def test_attempts_are_kept_each_with_its_own(served: Served) -> None:
    tape = Tape().opened().info(1, resources={"mem_mb": 100}).failed(1, exit_code=1, message="first")
    tape.add(wire.LogSnapshot(job=1, attempt=1, path="logs/1.log", tail="boom", size=4))
    tape.add(wire.JobRestarting(job=1)).info(1, resources={"mem_mb": 200})
    await post(served, tape)
    job = await get(served, f"/api/v1/runs/{tape.run_id}/jobs/1")
    assert (job["status"], job["attempt"]) == ("running", 2)
    one, two = job["attempts"]
    assert (one["status"], one["exit_code"], one["message"], one["class"]) == ("failed", 1, "first", "nonzero_exit")
    assert one["log"] == {"path": "logs/1.log", "tail": "boom", "size": 4, "note": None, "cluster": False}
    assert (one["resources"], two["resources"]) == ({"mem_mb": 100}, {"mem_mb": 200})
    assert (await get(served, f"/api/v1/runs/{tape.run_id}"))["first_failure"] is None
    await post(served, tape.finished(1), len(tape.lines))
    run = await get(served, f"/api/v1/runs/{tape.run_id}")
    assert (run["jobs"]["succeeded"], run["jobs"]["failed"], run["first_failure"]) == (1, 0, None)


async def test_the_first_failure_is_the_earliest_that_stands(served: Served) -> None:
    tape = Tape().opened().info(1).info(2).info(3).failed(3, exit_code=None, signal=9).failed(1)
    tape.add(wire.JobError(job=2, missing_outputs=True, exception="MissingOutputException", message="no x.txt"))
    await post(served, tape.ended("failed"))
    path = f"/api/v1/runs/{tape.run_id}"
    first = (await get(served, path))["first_failure"]
    assert (first["number"], first["signal"], first["class"], first["wildcards"]) == (3, 9, "signal", {"sample": "S3"})
    found = await pages(served, f"{path}/failures", limit=1)
    assert [(item["number"], item["class"]) for item in found] == [
        (3, "signal"),
        (1, "nonzero_exit"),
        (2, "missing_output"),
    ]


async def test_the_log_forwards_backwards_and_onwards(served: Served) -> None:
    tape = Tape().opened()
    for i in range(60):
        tape.add(wire.Log(text=f"line {i}"))
    for first in range(1, 62, 7):
        await post(served, tape, first, min(first + 6, 61))
    path = f"/api/v1/runs/{tape.run_id}/log"
    assert [line["text"] for line in await pages(served, path, limit=13)] == [f"line {i}" for i in range(60)]
    last = (await get(served, path, backwards=True, limit=5))["items"]
    assert [line["text"] for line in last] == [f"line {i}" for i in range(55, 60)]
    earlier = (await get(served, path, backwards=True, limit=5, since=last[0]["seq"]))["items"]
    assert [line["text"] for line in earlier] == [f"line {i}" for i in range(50, 55)]
    assert (await get(served, path, since=last[-1]["seq"]))["items"] == []


# What people change.


async def test_names_tags_and_notes_are_peoples(served: Served) -> None:
    tape = Tape().opened(name="reported", tags=["auto"])
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}"
    answer = await served.client.patch(path, json={"name": "mine", "tags": ["b", "a", "a", " "], "note": "seen"})
    assert (answer.json()["name"], answer.json()["tags"], answer.json()["note"]) == ("mine", ["a", "b"], "seen")
    await post(served, tape.add(wire.WorkflowStarted(snakefile="/data/other/Snakefile")), 2)
    run = await get(served, path)
    assert (run["name"], run["tags"]) == ("mine", ["a", "b"])
    assert run["workflow"] == "/data/other/Snakefile"
    for bad in ({"status": "succeeded"}, {"name": ""}, {"tags": "x"}, {"workspace": "other"}):
        assert (await served.client.patch(path, json=bad)).status_code == 422


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
async def test_texts_that_a_database_does_not_take(served: Served, text: str) -> None:
    tape = Tape().opened()
    await post(served, tape)
    for body in ('{"name": "a%s"}', '{"note": "a%s"}', '{"tags": ["%s"]}'):
        answer = await served.client.patch(
            f"/api/v1/runs/{tape.run_id}", content=body % text, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("outcome", ["running", "succeeded", "failed", "interrupted"])
async def test_runs_are_deleted_in_every_status(served: Served, outcome: str) -> None:
    tape = several()
    if outcome != "running":
        tape.ended(outcome)
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}"
    assert (await served.client.delete(path)).status_code == 204
    assert (await served.client.get(path)).status_code == 404
    assert (await served.client.delete(path)).status_code == 404
    async with served.database.session() as session:
        for table in ("job", "job_state", "attempt", "journal", "rule", "rule_count", "plan", "blob", "wildcard"):
            rows = await session.execute(text(f"SELECT count(*) FROM {table} WHERE run_id = :r"), {"r": tape.run_id})
            assert rows.scalar_one() == 0


async def test_without_a_plan_the_graph_holds_the_jobs_that_are_known(served: Served) -> None:
    tape = Tape().opened().info(1).info(2, "call").finished(1)
    await post(served, tape)
    graph = schemas.Graph.model_validate(await get(served, f"/api/v1/runs/{tape.run_id}/graph"))
    columns = zip(graph.number, graph.rule, graph.status, strict=True)
    told = {number: (graph.rules[rule], status.value) for number, rule, status in columns}
    assert told == {1: ("map", "succeeded"), 2: ("call", "running")}
    assert (graph.generation, graph.edges) == (0, [])
