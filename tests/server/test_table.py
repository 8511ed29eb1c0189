"""The job table: filters that add up, pages from any place, what is offered while one types, and CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from flowo.runs import export, schemas, table
from flowo.runs.table import words
from tests.factories import Tape
from tests.server.asked import get, pages, post
from tests.server.servers import Served

SORTS = ("number", "rule", "status", "started_at", "ended_at", "duration", "waited", "attempt", "threads",
         "reason", "wildcard:sample", "wildcard:nothing")  # fmt: skip


def cohort() -> Tape:
    """Twelve jobs: three samples in two lanes, mapped and called; one failed, one with an odd name."""
    tape = Tape().opened(name="cohort")
    tape.planned(
        {"job": i, "rule": "map" if i < 6 else "call", "threads": i % 4 or None,
         "wildcards": {"sample": f"S{i % 3}", "lane": f"lane {i % 2}"}}
        for i in range(12)
    )  # fmt: skip
    tape.info(0, wildcards={"sample": "S0", "lane": "lane 0"}).info(1, wildcards={"sample": "S1", "lane": "lane 1"})
    tape.info(2, wildcards={"sample": "S2", "lane": "lane 0"}, local=False).finished(0).failed(1)
    tape.info(11, "call", wildcards={"sample": '=1+1" x'}, reason="-forced").failed(11)
    return tape


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ({"wildcard": "sample:S0"}, [0, 3, 6, 9]),
        ({"wildcard": ["sample:S0", "sample:S1"]}, [0, 1, 3, 4, 6, 7, 9, 10]),
        ({"wildcard": ["sample:S0", "lane:lane 1"]}, [3, 9]),
        ({"wildcard": "sample:S0", "rule": "call"}, [6, 9]),
        ({"wildcard": "sample:S0", "status": "succeeded"}, [0]),
        ({"wildcard": "nothing:S0"}, []),
        ({"wildcard": 'sample:=1+1" x'}, [11]),
        ({"id": "4"}, [4]),
        ({"id": ["4", "7", "x"]}, [4, 7]),
        ({"id": "99999999999999"}, []),
        ({"q": 'lane:"lane 1" call'}, [7, 9]),
        ({"q": '"lane 1" call'}, [7, 9]),
        ({"q": "s2"}, [2, 5, 8]),
        ({"q": "LANE 7"}, [7]),
        ({"q": '"ne 0" MAP'}, [0, 2, 4]),
        ({"q": "%"}, []),
        ({"q": "sample"}, []),
    ],
)
async def test_filters_narrow_and_alternatives_widen(served: Served, query: dict[str, Any], left: list[int]) -> None:
    tape = cohort()
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    jobs = await pages(served, path, limit=2, **query)
    assert [job["number"] for job in jobs] == left
    counted = await get(served, f"{path}/count", **query)
    by_rule = {rule: sum(job["rule"] == rule for job in jobs) for rule in ("map", "call")}
    assert counted == {"count": len(left), "rules": {rule: n for rule, n in by_rule.items() if n}}


async def test_a_page_is_what_its_shape_says(served: Served) -> None:
    """Also to the way in which a moment and a number are written: the stream tells the same jobs by models."""
    tape = cohort()
    await post(served, tape)
    answer = await served.client.get(f"/api/v1/runs/{tape.run_id}/jobs", params={"limit": 3, "sort": "-started_at"})
    shape = schemas.Page[schemas.Job].model_validate_json(answer.content)
    assert len(shape.items) == 3
    assert shape.next
    assert shape.model_dump_json().encode() == answer.content


@pytest.mark.parametrize("status", [[], ["failed"], ["failed", "failed"], ["planned", "succeeded"]])
@pytest.mark.parametrize("rule", [[], ["map"], ["nothing"]])
async def test_counters_say_what_counting_would(served: Served, status: list[str], rule: list[str]) -> None:
    tape = cohort()
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    jobs = await pages(served, path, status=status, rule=rule)
    assert (await get(served, f"{path}/count", status=status, rule=rule))["count"] == len(jobs)


@pytest.mark.parametrize("query", [{"wildcard": "sample"}, {"wildcard": ":x"}, {"sort": "wildcard:"}, {"sort": "size"},
                                   {"q": "a " * 30}])  # fmt: skip
async def test_filters_that_are_none_are_refused(served: Served, query: dict[str, str]) -> None:
    tape = cohort()
    await post(served, tape)
    for path in ("jobs", "jobs/marks", "jobs/count", "jobs.csv", "failures"):
        answer = await served.client.get(f"/api/v1/runs/{tape.run_id}/{path}", params=query)
        expected = 200 if "sort" in query and path in ("jobs/count", "jobs.csv", "failures") else 422
        assert answer.status_code == expected, (path, answer.text)


@pytest.mark.parametrize("values", [table.FEW_VALUES, table.FEW_VALUES + 1])
async def test_a_word_leaves_the_same_jobs_in_every_order(served: Served, values: int) -> None:
    """However many values of wildcards hold it, and where a rule holds it, too."""
    tape = Tape().opened()
    tape.planned(
        {"job": i, "rule": f"r{i % 7}", "threads": i % 3 or None,
         "wildcards": {"lane": f"word{i}"} if i < 3 else {"sample": f"word {i}"} if i < values else {"sample": f"S{i}"}}
        for i in range(values + 40)
    )  # fmt: skip
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    for sort in (*SORTS, *(f"-{sort}" for sort in SORTS)):
        every = await pages(served, path, sort=sort, limit=500)
        for q, left in {
            "WORD": range(values), "r3": range(3, values + 40, 7), "word r3": range(3, values, 7),
            f"sample:S{values}": [values], "r3 lane:word2": [], "lane:word2": [2],
        }.items():  # fmt: skip
            found = [job["number"] for job in await pages(served, path, sort=sort, q=q, limit=50)]
            assert found == [job["number"] for job in every if job["number"] in left], (sort, q)


async def test_failures_by_the_same_filters(served: Served) -> None:
    tape = cohort()
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/failures"
    found = {
        key: [f["number"] for f in await pages(served, path, limit=1, **query)]
        for key, query in {
            "all": {}, "rule": {"rule": "call"}, "sample": {"wildcard": "sample:S1"}, "text": {"q": "map"},
            "none": {"status": "running"},
        }.items()
    }  # fmt: skip
    assert found == {"all": [1, 11], "rule": [11], "sample": [1], "text": [1], "none": []}


async def test_marks_lead_to_the_same_pages(served: Served) -> None:
    tape = Tape().opened()
    tape.planned(
        {"job": i, "rule": f"r{i % 7}", "threads": i % 3, "wildcards": {"sample": f"S{i % 11}"} if i % 5 else {}}
        for i in range(170)
    )
    tape.info(3).info(4).finished(3).failed(4).info(5, local=False)
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    for sort in (*SORTS, *(f"-{sort}" for sort in SORTS)):
        whole = [job["number"] for job in await pages(served, path, sort=sort, limit=500)]
        assert sorted(whole) == list(range(170))
        assert whole == [job["number"] for job in await pages(served, path, sort=sort, limit=40)]
        marks = await get(served, f"{path}/marks", sort=sort, step=50)
        assert len(marks["cursors"]) == 3
        for i, cursor in enumerate(marks["cursors"], start=1):
            page = await get(served, path, sort=sort, limit=50, cursor=cursor)
            assert [job["number"] for job in page["items"]] == whole[50 * i : 50 * i + 50]
    narrowed = await get(served, f"{path}/marks", rule=["r1", "r2"], wildcard="sample:S1", step=50)
    assert narrowed["cursors"] == []


async def test_neighbours_are_those_of_the_list(served: Served) -> None:
    tape = Tape().opened()
    tape.planned(
        {"job": i, "rule": f"r{i % 3}", "wildcards": {"sample": f"S{i % 5}"} if i % 4 else {}} for i in range(24)
    )
    tape.info(3).info(4).finished(3).failed(4).info(5, local=False)
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    queries: list[dict[str, str]] = [{}, {"rule": "r1"}, {"q": "nothing"}]
    lefts = [{job["number"] for job in await pages(served, path, limit=500, **query)} for query in queries]
    for turn, sort in enumerate((*SORTS, *(f"-{sort}" for sort in SORTS))):
        whole = [job["number"] for job in await pages(served, path, sort=sort, limit=500)]
        for at in (0, 1, 4, 23):
            query, left = queries[(turn + at) % 3], lefts[(turn + at) % 3]
            found = await get(served, f"{path}/{whole[at]}/neighbours", sort=sort, **query)
            before = next((one for one in reversed(whole[:at]) if one in left), None)
            after = next((one for one in whole[at + 1 :] if one in left), None)
            assert found == {"before": before, "next": after}, (sort, query, whole[at])
    assert (await served.client.get(f"{path}/24/neighbours")).status_code == 404


async def test_why_a_job_runs_is_told_with_it_and_sorted_by(served: Served) -> None:
    tape = Tape().opened()
    tape.planned({"job": i, "rule": "map"} for i in range(5))
    tape.info(1, reason="Params have changed since last execution: x")
    tape.info(2, reason="Missing output files: a; Params have changed since last execution: x")
    tape.info(3, reason="Missing output files: b").info(4, reason="The moon is full")
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    told = [(job["number"], job["reasons"]) for job in await pages(served, path, sort="reason", limit=2)]
    missing, params = "missing_output", "params_changed"
    assert told == [(3, [missing]), (1, [params]), (2, [missing, params]), (4, ["other"]), (0, [])]
    assert (await get(served, f"{path}/2"))["reasons"] == [missing, params]


async def test_jobs_without_the_wildcard_come_last(served: Served) -> None:
    tape = Tape().opened()
    names = ["b", None, "a", "B"]
    tape.planned({"job": i, "rule": "map", "wildcards": {"x": x} if x else {}} for i, x in enumerate(names))
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    found = [job["wildcards"].get("x") for job in await pages(served, path, sort="wildcard:x", limit=1)]
    assert found[-1] is None
    assert found.index("a") < found.index("b")


async def test_what_is_not_known_comes_last_whichever_way(served: Served) -> None:
    """Whoever wants to see what started last does not want to see ten thousand jobs that have not started."""
    tape = Tape().opened()
    tape.planned({"job": i, "rule": "map"} for i in range(8))
    for job in (3, 4):
        tape.info(job, wildcards={"x": f"x{job}"}, reason="Missing output files: a", threads=2).finished(job)
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/jobs"
    for sort in ("started_at", "ended_at", "duration", "waited", "attempt", "threads", "reason", "wildcard:x"):
        for way in (sort, f"-{sort}"):
            found = [job["number"] for job in await pages(served, path, sort=way, limit=3)]
            assert sorted(found[:2]) == [3, 4], way
            assert sorted(found[2:]) == [0, 1, 2, 5, 6, 7], way
    assert [job["number"] for job in await pages(served, path, sort="-wildcard:x", limit=1)][:2] == [4, 3]


# What is offered while one types.


async def test_values_that_begin_so_come_first(served: Served) -> None:
    tape = Tape().opened()
    samples = ["A1", "A10", "a2", "xA1", "B1", "A%", "A_"]
    tape.planned({"job": i, "rule": "map", "wildcards": {"sample": s, "lane": "A"}} for i, s in enumerate(samples))
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/wildcards"

    async def values(**query: Any) -> list[str]:
        return [f"{one['name']}:{one['value']}" for one in (await get(served, path, **query))["items"]]

    assert await values(name="sample", q="A1") == ["sample:A1", "sample:A10", "sample:xA1"]
    assert await values(q="A", limit=3) == ["lane:A", "sample:A%", "sample:A1"]
    assert await values(name="sample", q="A%") == ["sample:A%"]
    assert await values(name="sample", q="a", limit=500) == [
        "sample:a2", "sample:A%", "sample:A1", "sample:A10", "sample:A_", "sample:xA1",
    ]  # fmt: skip
    assert await values(name="nothing") == []
    assert len(await values()) == 8
    assert len(await values(limit=2)) == 2


async def test_values_of_jobs_that_went_away_are_not_offered(served: Served) -> None:
    tape = Tape().opened()
    tape.planned({"job": i, "rule": "map", "wildcards": {"sample": f"S{i}"}} for i in range(3))
    tape.planned(({"job": i, "rule": "map", "wildcards": {"sample": f"S{i}"}} for i in (0, 7)), generation=2)
    await post(served, tape, 1, 2)
    await post(served, tape, 3)
    found = await get(served, f"/api/v1/runs/{tape.run_id}/wildcards")
    assert [one["value"] for one in found["items"]] == ["S0", "S7"]


async def test_a_wildcard_of_any_length_is_taken(served: Served) -> None:
    tape = Tape().opened()
    tape.planned([{"job": 0, "rule": "map", "wildcards": {"n" * 5000: "v" * 5000, "sample": "é" * 3000}}])
    await post(served, tape)
    found = await get(served, f"/api/v1/runs/{tape.run_id}/wildcards", name="sample", q="é")
    assert len(found["items"]) == 1
    assert (await get(served, f"/api/v1/runs/{tape.run_id}/jobs/count", q="éé"))["count"] == 1


def test_words() -> None:
    assert words('a  b:c "d e" f:"g h" i:"j') == [("", "a"), ("b", "c"), ("", "d e"), ("f", "g h"), ("i", "j")]
    assert words('a:b:c x"y "" :z') == [("a", "b:c"), ("", 'x"y'), ("", ":z")]


# CSV.


async def rows(served: Served, tape: Tape, **query: Any) -> list[dict[str, str]]:
    answer = await served.client.get(f"/api/v1/runs/{tape.run_id}/jobs.csv", params=query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert f"jobs-{tape.run_id}.csv" in answer.headers["content-disposition"]
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_csv_tells_what_the_filters_leave(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "ROWS", 5)  # several pieces
    tape = cohort()
    await post(served, tape)
    found = await rows(served, tape)
    assert [int(row["job"]) for row in found] == list(range(12))
    assert (found[0]["rule"], found[0]["status"], found[0]["sample"], found[0]["lane"]) == (
        "map", "succeeded", "S0", "lane 0",
    )  # fmt: skip
    assert float(found[0]["took_s"]) > 0
    assert [int(row["job"]) for row in await rows(served, tape, wildcard="sample:S0")] == [0, 3, 6, 9]
    assert [int(row["job"]) for row in await rows(served, tape, numbers="2,4-6", rule="map")] == [2, 4, 5]
    assert await rows(served, tape, q="nothing") == []


async def test_csv_gives_a_spreadsheet_nothing_to_calculate(served: Served) -> None:
    tape = cohort()
    await post(served, tape)
    last = (await rows(served, tape))[-1]
    assert last["sample"] == "'=1+1\" x"
    assert last["reason"] == "'-forced"
    assert {export.defused(text)[0] for text in ("=a", "+a", "-a", "@a", "\ta", "\ra")} == {"'"}
    assert export.defused("a=b") == "a=b"


@pytest.mark.parametrize("given", ["x", "1-", "-1", "1,,2", "9" * 30, ",".join("1" * 5000)])
async def test_numbers_that_are_none_are_refused(served: Served, given: str) -> None:
    tape = cohort()
    await post(served, tape)
    answer = await served.client.get(f"/api/v1/runs/{tape.run_id}/jobs.csv", params={"numbers": given})
    assert answer.status_code == 422, answer.text
