"""What the ingest endpoint takes and what it refuses: nothing half-written, no answer of 500, no run of somebody else's."""

from __future__ import annotations

import gzip
import json
import uuid
import zlib
from typing import Any

import httpx
import pytest
from snakemake_logger_plugin_flowo import wire

from flowo.accounts.schemas import Scope
from tests import factories
from tests.factories import Tape
from tests.server import accounts_app
from tests.server.servers import Served

PROBLEM = "application/problem+json"


async def post(served: Served, tape: Tape, body: bytes, **headers: str) -> httpx.Response:
    return await served.client.post(tape.path, content=factories.packed(body), headers=factories.headers(**headers))


async def nothing_of(served: Served, tape: Tape) -> bool:
    return (await served.client.get(f"/api/v1/runs/{tape.run_id}")).status_code == 404


def run_of_two() -> Tape:
    return Tape().opened().info(1).finished(1).info(2).failed(2).ended("failed")


# Who may not.


async def test_nobody_may_send_without_a_token(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url) as stranger:
        answer = await stranger.post(run_of_two().path, content=b"garbage")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == PROBLEM


async def test_a_token_that_only_reads_may_not_send(served: Served) -> None:
    tape = run_of_two()
    token = await served.new_token(Scope.read)
    answer = await post(served, tape, tape.body(), Authorization=f"Bearer {token}")
    assert answer.status_code == 403
    assert await nothing_of(served, tape)


async def test_a_token_that_sends_may_not_read(served: Served) -> None:
    tape = run_of_two()
    token = await served.new_token(Scope.ingest)
    assert (await post(served, tape, tape.body(), Authorization=f"Bearer {token}")).status_code == 200
    answer = await served.client.get("/api/v1/runs", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403


async def test_another_users_run_is_not_there_and_cannot_be_written(served: Served) -> None:
    tape = run_of_two()
    assert (await post(served, tape, tape.body(1, 2))).status_code == 200
    eve = await accounts_app.person(served.database, f"eve-{uuid.uuid4().hex[:6]}")
    token = await served.new_token(Scope.full, eve.user)
    mine = {"Authorization": f"Bearer {token}"}
    assert (await post(served, tape, tape.body(3), **mine)).status_code == 404
    assert (await post(served, tape, tape.body(1), **mine)).status_code == 404
    assert (await served.client.post(f"{tape.path[:-7]}/heartbeat", headers=mine)).status_code == 404
    for method, path in (
        ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/end"), ("GET", "/jobs"), ("GET", "/jobs/1"),
        ("GET", "/jobs/count"), ("GET", "/jobs/marks"), ("GET", "/jobs/1/neighbours"), ("GET", "/jobs.csv"), ("GET", "/wildcards"), ("GET", "/rulegraph"),
        ("GET", "/rules"), ("GET", "/graph"), ("GET", "/usage"), ("GET", "/spans"), ("GET", "/matches"), ("GET", "/wildcards/sample/jobs"),
        ("GET", "/log"), ("GET", "/failures"),
    ):  # fmt: skip
        body: dict[str, Any] = {"json": {"name": "stolen"}} if method == "PATCH" else {}
        answer = await served.client.request(method, f"/api/v1/runs/{tape.run_id}{path}", headers=mine, **body)
        assert answer.status_code == 404, (method, path, answer.text)
    assert (await served.client.get("/api/v1/runs", headers=mine)).json()["items"] == []
    stream = await served.client.get(f"/api/v1/stream?topics=run:{tape.run_id}", headers=mine)
    assert stream.status_code == 404
    run = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert (run["events"], run["name"]) == (2, "rna")


async def test_a_workspace_of_others_is_refused(served: Served) -> None:
    tape = Tape().opened(workspace="eves")
    answer = await post(served, tape, tape.body())
    assert answer.status_code in (403, 404)
    assert "eves" in answer.json()["detail"]
    assert await nothing_of(served, tape)


# What is sent twice, in parts, or with gaps.


async def test_what_is_held_already_is_passed_over(served: Served) -> None:
    tape = run_of_two()
    assert (await post(served, tape, tape.body(1, 3))).json() == {"acked": 3}
    assert (await post(served, tape, tape.body(1, 3))).json() == {"acked": 3}
    before = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert (await post(served, tape, tape.body(2, 3))).json() == {"acked": 3}
    assert (await post(served, tape, tape.body(2))).json() == {"acked": len(tape.lines)}
    after = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert (before["revision"], after["revision"]) == (1, 2)
    assert after["jobs"] == {
        "total": 2, "succeeded": 1, "failed": 1, "planned": 0, "queued": 0, "running": 0, "aborted": 0, "skipped": 0
    }  # fmt: skip
    assert after["status"] == "failed"
    assert after["first_failure"]["number"] == 2


async def test_a_gap_is_answered_with_the_number_expected(served: Served) -> None:
    tape = run_of_two()
    answer = await post(served, tape, tape.body(2))
    assert (answer.status_code, answer.json()["expected"]) == (409, 1)
    assert await nothing_of(served, tape)
    await post(served, tape, tape.body(1, 2))
    answer = await post(served, tape, tape.body(5))
    assert (answer.status_code, answer.json()["expected"]) == (409, 3)


@pytest.mark.parametrize("sent", [(3, 5), (4, 3), (1, 3, 4, 6), (2, 5, 3, 4)], ids=str)
async def test_a_gap_within_a_batch_is_one_too_and_nothing_of_the_batch_is_kept(
    served: Served, sent: tuple[int, ...]
) -> None:
    tape = run_of_two()
    await post(served, tape, tape.body(1, 2))
    before = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    answer = await post(served, tape, b"".join(tape.lines[n - 1] for n in sent))
    assert (answer.status_code, answer.json()["expected"]) == (409, 3)
    assert answer.headers["content-type"] == PROBLEM
    after = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert (before["revision"], before["events"]) == (after["revision"], after["events"])
    assert (await post(served, tape, tape.body(3))).json() == {"acked": len(tape.lines)}


async def test_what_comes_twice_within_a_batch_counts_once(served: Served) -> None:
    """However a batch was put together: what is above the number held, in its order, is taken."""
    once, tape = run_of_two(), run_of_two()
    assert (await post(served, once, once.body())).status_code == 200
    numbers = [n for k in range(1, len(tape.lines) + 1) for n in (k, max(1, k - 1), k)]
    answer = await post(served, tape, b"".join(tape.lines[n - 1] for n in numbers))
    assert answer.json() == {"acked": len(tape.lines)}
    runs = [(await served.client.get(f"/api/v1/runs/{t.run_id}")).json() for t in (once, tape)]
    assert runs[0]["jobs"] == runs[1]["jobs"]
    assert runs[0]["events"] == runs[1]["events"] == len(tape.lines)


@pytest.mark.parametrize("step", [1, 2, 100])
async def test_what_is_told_after_the_end_leaves_no_job_open(served: Served, step: int) -> None:
    tape = Tape().opened().planned([{"job": n, "rule": "map"} for n in range(4)])
    tape.info(0).finished(0).info(1).ended("interrupted")
    tape.info(2).info(3, local=False).finished(3).failed(2).add(wire.JobRestarting(job=2), wire.GroupInfo(jobs=[5]))
    tape.info(4, local=False).add(wire.JobRunning(job=4)).info(1)
    for first in range(1, len(tape.lines) + 1, step):
        assert (await post(served, tape, tape.body(first, first + step - 1))).status_code == 200
    run = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert run["status"] == "interrupted"
    assert run["jobs"] == {
        "total": 6, "succeeded": 2, "failed": 1, "aborted": 2, "skipped": 1, "planned": 0, "queued": 0, "running": 0
    }  # fmt: skip
    jobs = (await served.client.get(f"/api/v1/runs/{tape.run_id}/jobs")).json()["items"]
    assert [job["status"] for job in jobs] == ["succeeded", "aborted", "failed", "succeeded", "aborted", "skipped"]
    assert all(job["ended_at"] >= job["queued_at"] for job in jobs if job["status"] == "aborted")
    assert [job["attempt"] for job in jobs] == [1, 2, 1, 1, 1, 0]


@pytest.mark.parametrize("step", [1, 100])
async def test_a_failure_tells_of_its_job_what_is_learnt_later(served: Served, step: int) -> None:
    """Also where nothing moves: in the record of a dry run a job is never handed out."""
    tape = Tape().opened(dry_run=True).failed(2, rule="map").info(2)
    for first in range(1, len(tape.lines) + 1, step):
        assert (await post(served, tape, tape.body(first, first + step - 1))).status_code == 200
    run = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert run["first_failure"]["wildcards"] == {"sample": "S2"}


async def test_jobs_without_a_plan_have_their_order_in_the_graph(served: Served) -> None:
    tape = Tape().opened().info(3).info(1, rule="all").info(2).finished(3, 1)
    for first in range(1, len(tape.lines) + 1):
        await post(served, tape, tape.body(first, first))
    graph = (await served.client.get(f"/api/v1/runs/{tape.run_id}/graph")).json()
    assert (graph["number"], graph["rules"], graph["rule"]) == ([1, 2, 3], ["all", "map"], [0, 1, 1])
    assert graph["status"] == ["succeeded", "running", "succeeded"]
    empty = Tape().opened()
    await post(served, empty, empty.body())
    assert (await served.client.get(f"/api/v1/runs/{empty.run_id}/graph")).json()["number"] == []


async def test_a_deleted_run_is_gone_for_its_sender(served: Served) -> None:
    tape = run_of_two()
    await post(served, tape, tape.body(1, 2))
    assert (await served.client.delete(f"/api/v1/runs/{tape.run_id}")).status_code == 204
    assert (await post(served, tape, tape.body(3))).status_code == 410


# What is no batch.


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"\n\n", 422),
        (b"not json\n", 422),
        (b'{"seq": 1, "kind": "log"}\n{"seq"', 422),
        (b"[1]\n", 422),
        (b'{"kind": "log"}\n', 422),
        (b'{"seq": "1"}\n', 422),
        (b'{"seq": true}\n', 422),
        (b'{"seq": 0}\n', 422),
        (b'{"seq": -5}\n', 422),
        (b'{"seq": 1.5}\n', 422),
        (b'{"seq": 1e400}\n', 422),
        (b'{"seq": 99999999999999999999999}\n', 422),
        (b"\xff\xfe\x00", 422),
        (b'{"seq": 1, "kind": "log", "text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", 422),
    ],
)
async def test_what_is_no_batch_is_refused_as_a_whole(served: Served, body: bytes, status: int) -> None:
    tape = Tape()
    for sent in (body, factories.lines({"seq": 1, "at": 1.0, "kind": "run_opened"}) + body):
        answer = await post(served, tape, sent)
        if sent is body or answer.status_code != 200:
            assert answer.status_code == status, answer.text
            assert answer.headers["content-type"] == PROBLEM
            assert answer.json()["detail"]
            assert answer.json()["errors"]
            assert await nothing_of(served, tape)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_is_not_what_its_encoding_says(served: Served, encoding: str) -> None:
    tape = run_of_two()
    whole = gzip.compress(tape.body(1, 2))
    for body in (b"", b"plain", gzip.compress(tape.body())[:-20], whole + b"more", whole + whole[:-9]):
        answer = await served.client.post(
            tape.path, content=body, headers=factories.headers(**{"Content-Encoding": encoding})
        )
        assert answer.status_code == 400
    answer = await served.client.post(tape.path, content=b"x", headers=factories.headers(**{"Content-Encoding": "br"}))
    assert answer.status_code == 415
    assert await nothing_of(served, tape)


async def test_plain_and_deflated_bodies_are_taken(served: Served) -> None:
    tape = run_of_two()
    plain = {"Content-Encoding": "identity"}
    assert (await served.client.post(tape.path, content=tape.body(1, 2), headers=plain)).json() == {"acked": 2}
    parts = gzip.compress(tape.body(3, 3)) + gzip.compress(tape.body(4, 4)) + bytes(100)
    gzipped = factories.headers(**{"Content-Encoding": "gzip"})
    assert (await served.client.post(tape.path, content=parts, headers=gzipped)).json() == {"acked": 4}
    deflated = {"Content-Encoding": "deflate"}
    answer = await served.client.post(tape.path, content=zlib.compress(tape.body(5, 6)), headers=deflated)
    assert answer.json() == {"acked": 6}


# What is odd, and must cost itself only.


async def test_texts_that_postgresql_cannot_keep(served: Served) -> None:
    tape = Tape()
    odd = "a\x00b\ud800c\U0001f9ec é"
    body = factories.lines(
        {"seq": 1, "at": 1.7e9, "kind": "run_opened", "name": odd, "host": odd, "tags": [odd], "command": [odd]},
        {"seq": 2, "at": 1.7e9, "kind": "job_info", "job": 1, "rule": odd, "wildcards": {odd: odd}, "inputs": [odd],
         "command": odd, "resources": {odd: odd}},
        {"seq": 3, "at": 1.7e9, "kind": "job_error", "job": 1, "message": odd},
        {"seq": 4, "at": 1.7e9, "kind": "log", "text": odd},
        {"seq": 5, "at": 1.7e9, "kind": "log_snapshot", "job": 1, "attempt": 1, "path": odd, "tail": odd},
        {"seq": 6, "at": 1.7e9, "kind": "run_ended", "outcome": "failed", "message": odd},
    )  # fmt: skip
    assert b"\\u0000" in body
    assert b"\\ud800" in body
    answer = await post(served, tape, body)
    assert answer.json() == {"acked": 6}
    run = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert run["name"] == "a\ufffdb\ufffdc\U0001f9ec é"
    assert run["skipped_events"] == 0
    job = (await served.client.get(f"/api/v1/runs/{tape.run_id}/jobs/1")).json()
    assert job["inputs"] == ["a\ufffdb\ufffdc\U0001f9ec é"]
    assert job["attempts"][0]["log"]["tail"] == "a\ufffdb\ufffdc\U0001f9ec é"
    assert (await served.client.get(f"/api/v1/runs/{tape.run_id}/log")).status_code == 200


ODD: list[dict[str, Any]] = [
    {"kind": "nobody_knows"},
    {"kind": 5},
    {"kind": None},
    {"kind": ["job_info"]},
    {"kind": "job_info"},
    {"kind": "job_info", "job": "3", "rule": "x"},
    {"kind": "job_info", "job": -1},
    {"kind": "job_info", "job": 2**40},
    {"kind": "job_info", "job": 7, "rule": None, "wildcards": ["a"], "inputs": "a", "resources": [1], "threads": "4"},
    {
        "kind": "job_info",
        "job": 8,
        "rule": {"a": 1},
        "priority": "highest",
        "threads": 10**30,
        "resources": {"x": 10**30},
    },
    {"kind": "job_info", "job": 9, "rule": "r" * 5000, "wildcards": {"a": {"b": 1}}, "command": 7, "reason": ["x"]},
    {"kind": "job_finished", "job": None},
    {"kind": "job_started", "jobs": "abc"},
    {"kind": "job_submitted", "jobs": [1, "a", None]},
    {"kind": "run_info", "stats": {"a": "many"}},
    {"kind": "run_info", "stats": [1]},
    {"kind": "plan", "generation": "x", "jobs": [{"job": 1}]},
    {"kind": "plan", "generation": 1, "part": 5, "parts": 2, "jobs": []},
    {"kind": "plan", "generation": 1, "jobs": [{"rule": "no number"}]},
    {"kind": "plan", "generation": 1, "jobs": [{"job": 20, "rule": "p", "needs": "all", "wildcards": 5}]},
    {"kind": "rulegraph", "nodes": ["a"], "links": [[0, 7], [0]]},
    {"kind": "log_snapshot", "job": 1, "attempt": -4},
    {"kind": "log_snapshot", "job": 1, "attempt": 2_000_000},
    {"kind": "log", "text": {"a": 1}, "level": 7},
    {"kind": "gap", "count": -5},
    {"kind": "run_opened", "command": "snakemake", "tags": "a,b", "name": 5},
    {"kind": "run_ended", "outcome": "exploded"},
]


@pytest.mark.parametrize("at", [1.7e9, -1, 1e18, "now", None, True, float("nan")])
async def test_odd_events_cost_themselves_only(served: Served, at: Any) -> None:
    tape = Tape().opened().info(1)
    begin = [json.loads(line) for line in tape.lines]
    odd = [{"seq": 3 + i, "at": at, **event} for i, event in enumerate(ODD)]
    end = {"seq": 3 + len(ODD), "at": 1.7e9 + 99, "kind": "job_finished", "job": 1}
    answer = await post(served, tape, factories.lines(*begin, *odd, end))
    assert answer.status_code == 200, answer.text
    job = (await served.client.get(f"/api/v1/runs/{tape.run_id}/jobs/1")).json()
    assert job["status"] == "succeeded"
    run = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert run["events"] == 3 + len(ODD)
    assert run["skipped_events"] >= 10
    log = (await served.client.get(f"/api/v1/runs/{tape.run_id}/log?limit=500")).json()["items"]
    (ended,) = [line for line in log if line["seq"] == 2 + len(ODD)]
    assert ended["text"].endswith("(Set aside: it cannot be right.)") == (run["status"] == "running")
    for path in ("/log?limit=500", "/jobs", "/rulegraph", "/graph", "/failures"):
        assert (await served.client.get(f"/api/v1/runs/{tape.run_id}{path}")).status_code == 200


async def test_clocks_that_are_wrong(served: Served) -> None:
    tape = Tape(start=4e9).opened().info(1)
    tape.at = 1.0
    tape.finished(1).ended()
    assert (await post(served, tape, tape.body(), **{"Flowo-Sent-At": "yesterday"})).status_code == 200
    run = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert run["status"] == "succeeded"
    assert run["rules"][0]["mean_seconds"] is None


async def test_a_heartbeat_has_no_number_and_no_revision(served: Served) -> None:
    tape = run_of_two()
    beat = f"{tape.path[:-7]}/heartbeat"
    assert (await served.client.post(beat)).status_code == 404
    await post(served, tape, tape.body(1, 2))
    before = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert (await served.client.post(beat)).status_code == 204
    after = (await served.client.get(f"/api/v1/runs/{tape.run_id}")).json()
    assert after["revision"] == before["revision"]
    assert after["last_heard_at"] > before["last_heard_at"]


async def test_requests_wait_no_longer_than_asked(served: Served) -> None:
    tape = run_of_two()
    await post(served, tape, tape.body(1, 2))
    answer = await served.client.get(f"{tape.path[:-7]}/requests?wait=0.05")
    assert answer.json() == {"items": []}
