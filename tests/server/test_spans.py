"""What is drawn of a run as a whole: its attempts in columns, the jobs that a filter leaves, the values of a wildcard."""

from __future__ import annotations

import datetime as dt
from typing import Any

from snakemake_logger_plugin_flowo import wire

from tests.factories import Tape
from tests.server.asked import get, post, several
from tests.server.servers import Served

NOTHING = {"queue": None, "run": None, "mem_mb": None, "max_rss_mb": None, "mean_load": None}


def told(spans: dict[str, Any]) -> dict[tuple[int, int], dict[str, Any]]:
    """By job and attempt, what each column says of it."""
    columns = {key: value for key, value in spans.items() if key not in ("base", "rules", "statuses", "again")}
    found = {}
    for i, key in enumerate(zip(spans["number"], spans["attempt"], strict=True)):
        one = {name: column[i] if column else None for name, column in columns.items()}
        one |= {"rule": spans["rules"][one["rule"]], "status": spans["statuses"][one["status"]]}
        found[key] = {name: one[name] for name in one if name not in ("number", "attempt")}
    return found


async def test_every_attempt_of_a_run(served: Served) -> None:
    tape = Tape().opened()
    tape.add(wire.RuleGraph(nodes=["all", "map"], links=[[1, 0]]))
    start = tape.at - 1  # `opened`
    tape.planned({"job": n, "rule": "map" if n else "all", "needs": []} for n in range(5))
    at = tape.at - start
    tape.info(1, resources={"mem_mb": 500}).failed(1).info(1, resources={"mem_mb": "<TBD>"}).finished(1)
    tape.info(2, local=False, threads=4, benchmark="b.tsv").add(wire.JobRunning(job=2))
    tape.at += 10
    tape.finished(2).add(wire.JobFigures(job=2, path="b.tsv", rows=[{"s": 4.5, "max_rss": 250.5, "mean_load": 180.0}]))
    tape.info(3).info(4, local=False)
    tape.info(5, local=False, benchmark="c.tsv").finished(5)
    tape.add(wire.JobFigures(job=5, path="c.tsv", rows=[{"s": 1e17}]))
    await post(served, tape)
    spans = await get(served, f"/api/v1/runs/{tape.run_id}/spans")
    assert dt.datetime.fromisoformat(spans["base"]).timestamp() == start
    assert spans["rules"] == ["map"]  # the target rule was never tried

    def moment(steps: float) -> int:
        return round((at + steps) * 1000)

    local = NOTHING | {"rule": "map", "threads": 1}
    assert told(spans) == {
        (1, 1): local | {"status": "failed", "queued": moment(1), "started": moment(1), "ended": moment(2), "mem_mb": 500},
        (1, 2): local | {"status": "succeeded", "queued": moment(3), "started": moment(3), "ended": moment(4)},
        (2, 1): local | {"status": "succeeded", "queued": moment(5), "started": moment(6), "ended": moment(17), "threads": 4,
                         "queue": 7500, "run": 4500, "max_rss_mb": 250.5, "mean_load": 180},
        (3, 1): local | {"status": "running", "queued": moment(19), "started": moment(19), "ended": None},
        (4, 1): local | {"status": "queued", "queued": moment(20), "started": None, "ended": None},
        # A century is no duration.
        (5, 1): local | {"status": "succeeded", "queued": moment(21), "started": None, "ended": moment(22)},
    }  # fmt: skip


async def test_a_job_that_waits_for_another_try(served: Served) -> None:
    tape = Tape().opened().info(1).failed(1).info(2).failed(2).add(wire.JobRestarting(job=2)).info(3).failed(3)
    tape.add(wire.JobRestarting(job=3)).info(3)
    await post(served, tape)
    spans = await get(served, f"/api/v1/runs/{tape.run_id}/spans")
    assert [spans["statuses"][status] for status in spans["status"]] == ["failed", "failed", "failed", "running"]
    assert spans["again"] == [2]


async def test_spans_that_the_browser_holds_are_not_sent_again(served: Served) -> None:
    tape = Tape().opened().info(1)
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/spans"
    tag = (await served.client.get(path)).headers["etag"]
    assert (await served.client.get(path, headers={"If-None-Match": tag})).status_code == 304
    tape.finished(1)
    await post(served, tape, len(tape.lines))
    changed = await served.client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert told(changed.json())[1, 1]["status"] == "succeeded"


async def test_a_run_in_which_nothing_was_tried_has_no_spans(served: Served) -> None:
    tape = Tape().opened().planned([{"job": 0, "rule": "all", "needs": []}])
    await post(served, tape)
    spans = await get(served, f"/api/v1/runs/{tape.run_id}/spans")
    assert (spans["rules"], spans["number"], spans["ended"]) == ([], [], [])


async def test_large_answers_are_compressed_for_those_who_take_it(served: Served) -> None:
    tape = Tape().opened().planned({"job": n, "rule": "map", "needs": []} for n in range(5000))
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/graph"
    packed = await served.client.get(path)  # the client takes gzip
    plain = await served.client.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.json() == plain.json()
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


async def test_which_jobs_match(served: Served) -> None:
    tape = several()
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}"

    async def ranges(**query: Any) -> list[int]:
        found = await get(served, f"{path}/matches", **query)
        numbers = [n for a, b in zip(found["ranges"][::2], found["ranges"][1::2], strict=True) for n in range(a, b + 1)]
        assert found["count"] == len(numbers)
        page = await get(served, f"{path}/jobs", limit=500, **query)
        assert numbers == [job["number"] for job in page["items"]]
        return list(found["ranges"])

    assert await ranges() == [0, 9]
    assert await ranges(rule="call") == [6, 9]
    assert await ranges(status=["running", "succeeded"]) == [0, 1, 3, 3]
    assert await ranges(wildcard="sample:S1") == [1, 1, 4, 4, 7, 7]
    assert await ranges(q="call sample:S0") == [6, 6, 9, 9]
    assert await ranges(id="7") == [7, 7]
    assert await ranges(q="nowhere") == []
    assert (await served.client.get(f"{path}/matches", params={"wildcard": "sample"})).status_code == 422


async def test_whose_value_a_job_has(served: Served) -> None:
    tape = Tape().opened().info(0, "all", wildcards={})
    tape.info(1, wildcards={"sample": "B"}).info(2, wildcards={"sample": "A"}).info(3, wildcards={"sample": "B"})
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}/wildcards"
    found = await get(served, f"{path}/sample/jobs")
    assert found["values"] == ["A", "B"]
    assert dict(zip(found["number"], found["value"], strict=True)) == {2: 0, 1: 1, 3: 1}
    assert (await get(served, f"{path}/nothing/jobs"))["number"] == []


async def test_an_attempt_of_which_only_facts_are_known_failed_only_where_they_tell_it(served: Served) -> None:
    """What told that it began was lost: an id of the cluster is no failure, the end of a log copied after one is."""
    tape = Tape().opened().planned({"job": n, "rule": "map"} for n in range(1, 5))
    tape.add(wire.JobSubmitted(jobs=[1], external_id="77", log="slurm-77.out"))
    tape.add(wire.RemoteState(job=2, phase="queued", executor="aws"))
    tape.add(wire.LogSnapshot(job=3, path="l/3.log", tail="boom\n", size=5))
    tape.info(4).add(wire.JobSubmitted(jobs=[4], external_id="78"), wire.LogSnapshot(job=4, attempt=2, tail="x"))
    await post(served, tape)
    path = f"/api/v1/runs/{tape.run_id}"
    assert {key: one["status"] for key, one in told(await get(served, f"{path}/spans")).items()} == {
        (3, 1): "failed", (4, 1): "running", (4, 2): "failed"
    }  # fmt: skip
    jobs = [await get(served, f"{path}/jobs/{number}") for number in range(1, 5)]
    assert [[one["attempt"] for one in job["attempts"]] for job in jobs] == [[], [], [1], [1, 2]]
    assert (jobs[0]["external_id"], jobs[0]["status"], jobs[3]["external_id"]) == ("77", "planned", "78")
    await post(served, tape.info(1, local=False), first=len(tape.lines))
    job = await get(served, f"{path}/jobs/1")
    assert [(one["status"], one["external_id"]) for one in job["attempts"]] == [("queued", "77")]
