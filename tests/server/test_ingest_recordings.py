"""Every recording through the real handler, the real endpoint and the real database, against an independent reading."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from tests import factories
from tests.plugin import replay
from tests.server import expectation
from tests.server.servers import Served

CUT = {"big3000_dry"}  # these recordings hold the head, the biggest record and the tail only


@pytest.mark.parametrize("name", [name for name in replay.NAMES if name not in CUT | replay.NO_RUN])
async def test_a_recording_ends_in_the_rows_that_it_tells(name: str, served: Served, tmp_path: Path) -> None:
    spool = replay.spool_of(name, tmp_path)
    assert spool is not None
    run_id = uuid.uuid4()
    lines = spool.splitlines(keepends=True)
    for first in range(0, len(lines), 17):
        answer = await served.client.post(
            f"/api/ingest/v1/runs/{run_id}/events",
            content=factories.packed(b"".join(lines[first : first + 17])),
            headers=factories.headers(),
        )
        assert answer.status_code == 200, answer.text
    assert answer.json() == {"acked": len(lines)}

    told = expectation.expected(replay.read(name))
    run = (await served.client.get(f"/api/v1/runs/{run_id}")).json()
    assert run["status"] == told.status
    assert run["skipped_events"] == run["gaps"] == 0
    assert (run["message"] is not None) == told.message
    if told.message and told.status == "failed":
        assert run["first_failure"]["message"]
    jobs: dict[int, tuple[str, str, int]] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = (await served.client.get(f"/api/v1/runs/{run_id}/jobs?limit=500{cursor}")).json()
        jobs |= {job["number"]: (job["rule"], job["status"], job["attempt"]) for job in page["items"]}
        cursor = f"&cursor={page['next']}" if page["next"] else None
    assert jobs == told.jobs
    counts = run["jobs"]
    assert counts["total"] == sum(counts[status] for status in counts if status != "total")
    if told.total is not None:
        assert counts["total"] == max(told.total, len(jobs))
    assert sum(rule["jobs"]["total"] for rule in run["rules"]) == counts["total"]
    assert 0 <= run["progress"] <= 1
    if told.status == "succeeded" and not run["dry_run"]:
        assert run["progress"] == 1
