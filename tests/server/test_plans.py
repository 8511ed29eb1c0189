"""PostgreSQL's plans of all list queries on a large database: none reads a large table from end to end."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from sqlalchemy import event, text

from flowo.db.engine import Database
from flowo.runs import table
from tests.factories import Tape
from tests.server.asked import post
from tests.server.servers import Served

LARGE = "run|job_state|job|attempt|journal|failure|rule_count|rule|blob|wildcard"

FILL = [
    """INSERT INTO run (id, workspace_id, owner_id, reported_name, reported_tags, workflow, status, created_at, changed_at,
                        heard_at)
       SELECT gen_random_uuid(), w.id, :owner, 'run ' || i, ARRAY['t' || i % 50], '/data/' || i % 100 || '/Snakefile',
              (ARRAY['succeeded', 'succeeded', 'succeeded', 'failed', 'interrupted'])[i % 5 + 1],
              now() - make_interval(mins => i), now() - make_interval(mins => i), now() - make_interval(mins => i)
       FROM generate_series(1, 30000) AS i, (SELECT id FROM workspace LIMIT 1) AS w""",
    """INSERT INTO rule_count (run_id, rule, succeeded, timed, seconds)
       SELECT id, 'map', 1, 1, 1 FROM run WHERE id <> :run""",
    """INSERT INTO job_state (run_id, number, attempt, status, rule, wildcards, started_at)
       SELECT :run, i, 1, (ARRAY['succeeded', 'running', 'planned'])[i % 3 + 1], 'rule' || i % 20,
              jsonb_build_object('sample', 'S' || i), now() FROM generate_series(1000, 16000) AS i""",
    "INSERT INTO job (run_id, number, facts) SELECT run_id, number, '{}' FROM job_state ON CONFLICT DO NOTHING",
    """INSERT INTO job (run_id, number) SELECT r.id, i
       FROM (SELECT id FROM run WHERE id <> :run LIMIT 2000) AS r, generate_series(1, 30) AS i""",
    "INSERT INTO attempt (run_id, number, attempt, status) SELECT run_id, number, 2, 'failed' FROM job_state",
    """INSERT INTO attempt (run_id, number, attempt, status) SELECT r.id, i, 1, 'succeeded'
       FROM (SELECT id FROM run WHERE id <> :run LIMIT 2000) AS r, generate_series(1, 60) AS i""",
    """INSERT INTO failure (run_id, number, at, signature) SELECT run_id, number, now(), 's' || number % 7 FROM job_state
       WHERE number % 3 = 0 ON CONFLICT DO NOTHING""",
    "INSERT INTO blob (run_id, hash, body) SELECT run_id, int8send(number::bigint), 'x' FROM job_state",
    """INSERT INTO job_state (run_id, number, attempt, status, rule) SELECT r.id, i, 1, 'succeeded', 'map'
       FROM (SELECT id FROM run WHERE id <> :run LIMIT 2000) AS r, generate_series(1, 150) AS i""",
    """INSERT INTO wildcard (run_id, name, value) SELECT :run, 'sample', 'S' || i FROM generate_series(1000, 16000) AS i
       UNION ALL SELECT r.id, 'sample', 'S' || i FROM (SELECT id FROM run WHERE id <> :run LIMIT 2000) AS r,
         generate_series(1, 100) AS i""",
    """INSERT INTO failure (run_id, number, at) SELECT r.id, i, now()
       FROM (SELECT id FROM run WHERE id <> :run LIMIT 2000) AS r, generate_series(1, 30) AS i""",
    "INSERT INTO journal (run_id, first_seq, last_seq, revision, body) SELECT id, 1, 1, 1, '' FROM run WHERE id <> :run",
]  # fmt: skip

RUNS = [
    "", "?status=failed", "?status=failed&status=lost", "?q=run%20299", "?tag=t7", "?workflow=/data/7/Snakefile", "?limit=500",
    "?status=interrupted&q=data",
]  # fmt: skip
JOBS = [
    *(f"/jobs?sort={down}{key}" for down in ("", "-") for key in
      ("number", *table.SORTS, "wildcard:sample")),
    "/jobs?status=running", "/jobs?rule=rule7", "/jobs?q=sample:S2000", "/jobs?q=S2000", "/jobs?wildcard=sample:S2000",
    "/jobs?wildcard=sample:S2000&wildcard=sample:S2001&rule=rule7&sort=-status", "/jobs?id=2000", "/jobs?id=none",
    "/jobs/count", "/jobs/count?rule=rule7", "/jobs/count?wildcard=sample:S2000", "/jobs/count?q=S20",
    "/jobs/marks", "/jobs/marks?sort=-status", "/jobs/marks?sort=wildcard:sample&status=running", "/jobs.csv",
    "/jobs.csv?status=running", "/wildcards", "/wildcards?q=S20", "/wildcards?name=sample&q=s20", "/wildcards?q=9999x",
    *(f"/jobs/2000/neighbours?sort={down}{key}" for down in ("", "-") for key in
      ("number", *table.SORTS, "wildcard:sample")),
    "/jobs/2000/neighbours?q=S300&rule=rule7", "/jobs/2000", "/failures", "/failures?wildcard=sample:S3000", "/failures?rule=rule7&q=S30", "/failures/groups",
    "/failures/groups?rule=rule7", "/failures?signature=abc", "/rerun", "/rulegraph", "/rules", "/log", "/graph", "/siblings",
    "/usage", "/spans", "/matches", "/matches?wildcard=sample:S2000&status=running", "/wildcards/sample/jobs",
    "",
]  # fmt: skip


class Heard:
    """The statements that a server sends, with their parameters."""

    def __init__(self, database: Database) -> None:
        self.statements: list[tuple[str, Any]] = []
        event.listen(database.engine.sync_engine, "before_cursor_execute", self._hear)

    def _hear(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            self.statements.append((statement, parameters))


@pytest.mark.timeout(240)
async def test_no_list_reads_a_large_table_from_end_to_end(alone: Served) -> None:
    tape = Tape(uuid.uuid4()).opened().info(1).failed(1)
    await post(alone, tape)
    async with alone.database.session() as session:
        owner = (await session.execute(text("SELECT id FROM app_user LIMIT 1"))).scalar_one()
        for statement in FILL:
            named = {name: value for name, value in (("run", tape.run_id), ("owner", owner)) if f":{name}" in statement}
            await session.execute(text(statement), named)
    async with alone.database.driver() as pg:
        await pg.execute("ANALYZE")
    heard = Heard(alone.database)
    found: list[str] = []
    paths = [f"/api/v1/runs{query}" for query in RUNS] + [f"/api/v1/runs/{tape.run_id}{path}" for path in JOBS]
    for path in paths:
        heard.statements.clear()
        first = await alone.client.get(path)
        assert first.status_code == 200, (path, first.text)
        cursor = None if path.startswith(f"/api/v1/runs/{tape.run_id}/jobs.csv") else first.json().get("next")
        if cursor:
            joined = "&" if "?" in path else "?"
            assert (await alone.client.get(f"{path}{joined}cursor={cursor}")).status_code == 200
        assert heard.statements
        for statement, parameters in list(heard.statements):
            async with alone.database.driver() as pg:
                plan = "\n".join(row[0] for row in await pg.fetch(f"EXPLAIN {statement}", *parameters))
            if re.search(rf"Seq Scan on ({LARGE})\b", plan):
                found.append(f"{path}\n{statement}\n{plan}")
    assert not found, "\n\n".join(found)
