"""What is too much for ingest: refused with the limit that it exceeds, or it costs itself only."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import uuid
from pathlib import Path

import httpx
import pytest

from flowo.errors import TooLarge
from flowo.ingest import journal
from flowo.settings import Settings
from tests import factories
from tests.factories import Line, Tape
from tests.server.asked import get, numbered, post, send
from tests.server.servers import Served, serving


async def answer_to(served: Served, tape: Tape) -> httpx.Response:
    return await served.client.post(tape.path, content=factories.packed(tape.body()), headers=factories.headers())


async def test_limits_are_named_when_they_are_exceeded(database_url: str, tmp_path: Path) -> None:
    limits = {"max_body": 20_000, "max_batch": 100_000, "max_events": 50, "max_event": 5_000}
    async with serving(database_url, tmp_path / "data", **limits) as served:
        noise = "".join(str(uuid.uuid4()) for _ in range(1_000))
        cases: dict[str, Tape] = {
            "max_body": Tape().opened(directory=noise),
            "max_batch": Tape().opened(directory="x" * 200_000),
            "max_event": Tape().opened(directory="x" * 6_000),
            "max_events": Tape().opened().finished(*range(60)),
        }
        for limit, tape in cases.items():
            answer = await answer_to(served, tape)
            assert (answer.status_code, answer.json()["limit"]) == (413, limit)
            assert (await served.client.get(f"/api/v1/runs/{tape.run_id}")).status_code == 404


async def test_a_bomb_is_not_unpacked(served: Served) -> None:
    tape = Tape()
    bomb = gzip.compress(b" " * (200 * 1024 * 1024), 9)
    assert len(bomb) < 300_000
    answer = await served.client.post(tape.path, content=bomb, headers=factories.headers())
    assert (answer.status_code, answer.json()["limit"]) == (413, "max_batch")


async def test_a_job_with_ten_thousand_inputs_and_a_command_of_a_megabyte(served: Served) -> None:
    tape = Tape().opened().info(1, inputs=[f"reads/{i}.fq" for i in range(10_000)], command="x" * 1_000_000).finished(1)
    await post(served, tape)
    job = (await served.client.get(f"/api/v1/runs/{tape.run_id}/jobs/1")).json()
    assert len(job["inputs"]) == 10_000
    assert len(job["command"]) < 70_000


def foreign(n: int) -> str:
    """Text of three bytes a character that does not compress."""
    return "".join(chr(random.Random(n + i).randrange(0x4E00, 0x9FA5)) for i in range(n))


MOST = 2**31 - 1


@pytest.mark.parametrize(
    "odd",
    [
        [{"kind": "gap", "count": MOST}, {"kind": "gap", "count": MOST}],
        [{"kind": "run_info", "stats": {"a": MOST, "b": MOST}}],
        [{"kind": "job_info", "job": 1, "rule": foreign(1000)}],
        [{"kind": "workflow_started", "snakefile": "/" + foreign(999)}],
        [{"kind": "plan", "jobs": [{"job": 1, "rule": "a", "conda": 5, "container": ["x"]}]}],
    ],
    ids=["gaps", "expected", "rule", "workflow", "environment"],
)
async def test_figures_and_names_beyond_measure_cost_themselves_only(served: Served, odd: list[Line]) -> None:
    run_id = uuid.uuid4()
    await send(served, run_id, numbered([*odd, {"kind": "job_info", "job": 1}]))
    for path in ("", "/jobs", "/jobs/1", "/rulegraph", "/graph", "/failures", "/log"):
        await get(served, f"/api/v1/runs/{run_id}{path}")


@pytest.mark.parametrize(
    "said",
    [
        b'"x\xed\xa0\x80y"',
        b"[" * 950 + b'"\\u0041"' + b"]" * 950,
        b"[" * 1000 + b"]" * 1000,
    ],
    ids=["half a character", "deep and escaped", "deep"],
)
@pytest.mark.parametrize("event", [b'"job_info", "job": 1, "rule": ', b'"log", "text": '])
async def test_texts_beyond_measure_are_refused_or_cost_themselves_only(
    served: Served, event: bytes, said: bytes
) -> None:
    tape = Tape().opened()
    body = tape.body() + b'{"seq": 2, "at": 1.7e9, "kind": ' + event + said + b"}\n"
    answer = await served.client.post(tape.path, content=factories.packed(body), headers=factories.headers())
    assert answer.status_code in (200, 422), answer.text
    if answer.status_code == 200:
        for path in ("", "/jobs", "/rulegraph", "/log"):
            await get(served, f"/api/v1/runs/{tape.run_id}{path}")


def test_lines_without_number_are_not_parted() -> None:
    data = b"00\n" * 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            journal.read_batch(data, Settings())
        assert tracemalloc.get_traced_memory()[1] < len(data)
    finally:
        tracemalloc.stop()


async def test_a_plan_bomb_is_refused(served: Served) -> None:
    tape = Tape().opened().planned([{"job": 1, "rule": "a", "needs": [1] * 1_000_001}])
    answer = await answer_to(served, tape)
    assert answer.status_code == 413, answer.text
