"""Any split, duplication and resending of a run's batches ends in the rows of the undisturbed run."""

from __future__ import annotations

import dataclasses
import gzip
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests import factories
from tests.plugin import replay
from tests.server.servers import Served
from tests.server.test_ingest_recordings import spool_of

CASES = ["retries", "cluster_group", "sigterm", "quiet_rules", "missinginput"]

# All columns that come from the plugin; the server's own (revisions, heard times) aside.
QUERIES = {
    "run": """SELECT status, reported_name, reported_tags, workflow, host, username, directory, started_at, ended_at, dry_run,
                     facts, rulegraph, first_failure, planned, queued, running, succeeded, failed, aborted, skipped,
                     last_seq, gaps, skipped_events FROM run WHERE id = :r""",
    "job_state": """SELECT number, rule, status, attempt, queued_at, started_at, ended_at, "group", external_id, threads, wildcards
                    FROM job_state WHERE run_id = :r ORDER BY number""",
    "job": "SELECT number, command_hash, facts FROM job WHERE run_id = :r ORDER BY number",
    "attempt": """SELECT number, attempt, queued_at, started_at, ended_at, status, facts FROM attempt WHERE run_id = :r
                  ORDER BY number, attempt""",
    "rule_count": """SELECT rule, expected, planned, queued, running, succeeded, failed, aborted, skipped, timed,
                            round(seconds::numeric, 6) FROM rule_count WHERE run_id = :r ORDER BY rule""",
    "failure": "SELECT number, at FROM failure WHERE run_id = :r ORDER BY number",
    "plan": "SELECT generation, part, parts, body FROM plan WHERE run_id = :r ORDER BY generation, part",
}


async def rows(served: Served, run_id: uuid.UUID) -> dict[str, list[Any]]:
    async with served.database.session() as session:
        return {
            table: [tuple(row) for row in await session.execute(text(query), {"r": run_id})]
            for table, query in QUERIES.items()
        }


@dataclasses.dataclass
class Recorded:
    lines: list[bytes]
    undisturbed: dict[str, list[Any]]


async def send(served: Served, run_id: uuid.UUID, lines: list[bytes]) -> tuple[int, dict[str, Any]]:
    answer = await served.client.post(
        f"/api/ingest/v1/runs/{run_id}/events", content=gzip.compress(b"".join(lines), 1), headers=factories.headers()
    )
    assert answer.status_code in (200, 409), answer.text
    return answer.status_code, answer.json()


@pytest.fixture(scope="session")
async def recorded(served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Recorded]:
    """The spools of some recordings, and the rows that each ends in when it is sent in one batch."""
    found: dict[str, Recorded] = {}
    for name in CASES:
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path_factory.mktemp(name))
            patch.setenv("FLOWO_DATA_DIR", str(Path.cwd() / "nowhere"))
            patch.setattr(sys, "argv", replay.argv(name))
            spool = spool_of(name, patch)
        assert spool is not None
        lines = spool.splitlines(keepends=True)
        run_id = uuid.uuid4()
        assert (await send(served, run_id, lines))[0] == 200
        found[name] = Recorded(lines, await rows(served, run_id))
    return found


@pytest.mark.parametrize("name", CASES)
async def test_any_order_ends_in_the_same_rows(served: Served, recorded: dict[str, Recorded], name: str) -> None:
    case = recorded[name]
    size = len(case.lines)
    piece = st.tuples(st.integers(0, size), st.integers(1, size))

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(pieces=st.lists(piece, max_size=12), step=st.integers(1, size))
    def plans(pieces: list[tuple[int, int]], step: int) -> None:
        chosen.append((pieces, step))

    chosen: list[tuple[list[tuple[int, int]], int]] = []
    plans()
    for pieces, step in chosen:
        run_id = uuid.uuid4()
        held = 0
        # Pieces from anywhere, early, late and again; then, like a sender, on from what is acknowledged.
        for first, length in [*pieces, *((at, step) for at in range(0, size, step))]:
            lines = case.lines[first : first + length]
            if not lines:
                continue
            status, answer = await send(served, run_id, lines)
            if status == 409:
                assert answer["expected"] == held + 1
                continue
            assert answer["acked"] == max(held, first + len(lines))
            held = answer["acked"]
        assert held == size
        assert await rows(served, run_id) == case.undisturbed, (pieces, step)
