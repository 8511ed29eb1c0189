"""One batch, one transaction: the run's row locked, what the batch touches read, folded, and written set by set."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import uuid
import zlib
from collections.abc import Callable
from typing import Any

import asyncpg
import orjson

from flowo.db.engine import Driver
from flowo.errors import Conflict, Forbidden, Gone, NotFound
from flowo.ingest.attempts import told_of
from flowo.ingest.fields import Unreadable, moment, name
from flowo.ingest.journal import Batch
from flowo.ingest.projector import Fold, Held, touched
from flowo.ingest.rows import Attempt, Rule, Run
from flowo.runs import edits, state

RUN_COLUMNS = (
    "status", "reported_name", "reported_tags", "workflow", "host", "username", "directory", "started_at", "ended_at",
    "lost_since", "dry_run", "imported", "gaps", "skipped_events",
)  # fmt: skip
JSON_COLUMNS = ("facts", "fold")
PLAN_ONLY = ("params", "conda", "container")
MOST_ATTEMPTS = 2**15 - 1  # a smallint


@dataclasses.dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, the workspaces that they may report into, and where a new run goes, given the slug asked for."""

    user_id: uuid.UUID
    workspaces: frozenset[uuid.UUID]
    place: Callable[[str | None], uuid.UUID]


def _dumps(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


async def _locked(pg: Driver, run_id: uuid.UUID, sender: Sender, batch: Batch) -> asyncpg.Record:
    """The run's row, locked; made by its first batch."""
    select = f"""SELECT workspace_id, owner_id, last_seq, revision, rulegraph IS NOT NULL AS has_rulegraph,
                        {", ".join(RUN_COLUMNS + JSON_COLUMNS)} FROM run WHERE id = $1 FOR UPDATE"""
    row = await pg.fetchrow(select, run_id)
    if row is None:
        if await pg.fetchval("SELECT 1 FROM deleted_run WHERE run_id = $1", run_id):
            raise Gone("This run was deleted on the server; nothing more of it is taken.")
        if batch.first_seq != 1:
            raise Conflict("Nothing of this run is here; begin with its first event.", expected=1)
        asked = batch.lines[0].get("workspace")
        workspace = sender.place(asked if isinstance(asked, str) and asked else None)
        await pg.execute(
            "INSERT INTO run (id, workspace_id, owner_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
            run_id, workspace, sender.user_id,
        )  # fmt: skip
        row = await pg.fetchrow(select, run_id)
    if row is None or row["workspace_id"] not in sender.workspaces:
        raise NotFound("There is no such run, or it is not yours.")
    if row["owner_id"] != sender.user_id:
        raise Forbidden("Somebody else reports this run.")
    return row


async def _jobs(pg: Driver, run_id: uuid.UUID, numbers: set[int], everything: bool) -> dict[int, state.Job]:
    select = """SELECT number, rule, status, attempt, queued_at, started_at, ended_at, "group", external_id, threads,
                  wildcards, queue_s, run_s, reasons FROM job_state WHERE run_id = $1"""
    if everything:
        rows = await pg.fetch(select, run_id)
    elif numbers:
        rows = await pg.fetch(select + " AND number = ANY($2::int[])", run_id, list(numbers))
    else:
        rows = []
    return {row[0]: state.Job(*row) for row in rows}


async def _rules(pg: Driver, run_id: uuid.UUID) -> dict[str, Rule]:
    rows = await pg.fetch(
        f"SELECT rule, expected, timed, seconds, {', '.join(state.JOB_STATUSES)} FROM rule_count WHERE run_id = $1",
        run_id,
    )
    return {
        row["rule"]: Rule(
            state.Counts(*(row[status] for status in state.JOB_STATUSES)), row["expected"], row["timed"], row["seconds"]
        )
        for row in rows
    }


async def _held(pg: Driver, run_id: uuid.UUID, batch: Batch) -> Held:
    """The parts of generations that are not whole yet, where the batch brings more of the plan."""
    held: Held = {}
    if any(line.get("kind") == "plan" for line in batch.lines):
        rows = await pg.fetch("SELECT generation, part, parts, body FROM plan WHERE run_id = $1 AND part > 0", run_id)
        for generation, part, parts, body in rows:
            held.setdefault(generation, {})[part] = parts, orjson.loads(zlib.decompress(body))["number"]
    return held


async def _kept(pg: Driver, run_id: uuid.UUID, batch: Batch) -> dict[tuple[int, int], dict[str, Any]]:
    """The facts of the attempts that the batch tells more of."""
    numbers = told_of(batch.lines)
    if not numbers:
        return {}
    rows = await pg.fetch(
        """SELECT number, attempt, facts FROM attempt
           WHERE run_id = $1 AND number = ANY($2::int[]) AND facts IS NOT NULL""",
        run_id, list(numbers),
    )  # fmt: skip
    return {(number, attempt): facts for number, attempt, facts in rows}


async def take(
    pg: Driver,
    run_id: uuid.UUID,
    sender: Sender,
    batch: Batch,
    *,
    sent_at: dt.datetime | None,
    max_text: int,
    gone: bool = False,
) -> tuple[int, bool]:
    """Takes a batch within the caller's transaction: (the last number held, whether anything was new). `gone`: the
    record's writer.

    Raises Conflict with `expected` where numbers are missing, NotFound, Forbidden, Gone.
    """
    row = await _locked(pg, run_id, sender, batch)
    held: int = row["last_seq"]
    batch = batch.after(held)
    if not batch.lines:
        return held, False
    run = Run(**{c: row[c] for c in RUN_COLUMNS}, **{c: copy.deepcopy(row[c]) for c in JSON_COLUMNS})
    run.status = state.heard(run.status)
    run.lost_since = None
    numbers, everything = touched(batch.lines)
    jobs = await _jobs(pg, run_id, numbers, everything or bool(run.fold.get("declared")))
    rules, parts, kept = await _rules(pg, run_id), await _held(pg, run_id, batch), await _kept(pg, run_id, batch)
    fold = Fold(run, jobs, rules, parts, max_text=max_text, kept=kept)
    fold.apply(batch.lines)
    if gone and run.status != (status := state.abandoned(run.status)):
        run.status, run.lost_since = status, await _last_word(pg, batch, sent_at)
    revision: int = row["revision"] + 1
    before = {column: row[column] for column in JSON_COLUMNS}
    await pg.execute(
        """INSERT INTO journal (run_id, first_seq, last_seq, revision, moved, sent_at, unread, body)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        run_id, batch.first_seq, batch.last_seq, revision, sorted(fold.moved), sent_at,
        fold.unread or None, batch.body(),
    )  # fmt: skip
    # The run's row comes last: between its `changed_at` and the commit there is nothing to wait for.
    await write(pg, run_id, fold, before, revision=revision, last_seq=batch.last_seq, sent_at=sent_at)
    return batch.last_seq, True


async def _last_word(pg: Driver, batch: Batch, sent_at: dt.datetime | None) -> dt.datetime:
    """When the last event of a batch happened, by the server's clock."""
    now: dt.datetime = await pg.fetchval("SELECT clock_timestamp()")
    try:
        silent = sent_at - moment(batch.lines[-1].get("at")) if sent_at is not None else dt.timedelta()
    except Unreadable:
        silent = dt.timedelta()
    return now - max(silent, dt.timedelta())


async def reopen(pg: Driver, run_id: uuid.UUID) -> bool:
    """Takes back what was assumed when somebody declared the run ended; False where nobody did."""
    row = await pg.fetchrow(
        f"SELECT last_seq, revision, {', '.join(RUN_COLUMNS + JSON_COLUMNS)} FROM run WHERE id = $1 FOR UPDATE", run_id
    )
    if row is None or not row["fold"].get("declared"):
        return False
    run = Run(**{c: row[c] for c in RUN_COLUMNS}, **{c: copy.deepcopy(row[c]) for c in JSON_COLUMNS})
    fold = Fold(run, await _jobs(pg, run_id, set(), True), await _rules(pg, run_id), {}, max_text=0)
    fold.apply([])
    fold.reset = True  # no batch tells the stream which jobs moved
    before = {column: row[column] for column in JSON_COLUMNS}
    await write(pg, run_id, fold, before, revision=row["revision"] + 1, last_seq=row["last_seq"], sent_at=None)
    return True


async def write(
    pg: Driver,
    run_id: uuid.UUID,
    fold: Fold,
    before: dict[str, Any],
    *,
    revision: int,
    last_seq: int,
    sent_at: dt.datetime | None,
) -> None:
    """What the fold made, a statement for each table. `before`: the run's JSON columns as they stand in the table."""
    await _write_plans(pg, run_id, fold)
    if fold.removed:
        for table in ("job_state", "job", "attempt"):
            await pg.execute(
                f"DELETE FROM {table} WHERE run_id = $1 AND number = ANY($2::int[])", run_id, list(fold.removed)
            )
    if fold.moved:
        await _write_states(pg, run_id, [fold.jobs[n] for n in sorted(fold.moved) if n in fold.jobs])
    if fold.wildcards:
        await _write_wildcards(pg, run_id, fold.wildcards)
    if fold.removed:
        await pg.execute(edits.WILDCARDS_LEFT, run_id)
    if fold.attempts:
        await _write_attempts(pg, run_id, fold.attempts)
    if fold.blobs:
        await _write_blobs(pg, run_id, fold.blobs)
    if fold.facts:
        await _write_facts(pg, run_id, fold)
    if fold.defined:
        await _write_definitions(pg, run_id, fold.defined)
    if fold.moved_rules:
        await _write_rules(pg, run_id, {rule: fold.rules[rule] for rule in fold.moved_rules})
    if fold.failed or fold.signed:
        await _write_failures(pg, run_id, fold)
    if fold.failures_moved:
        await pg.execute(edits.FIRST_FAILURE, run_id, _run_failure(fold))
    await _write_run(pg, run_id, fold, before, revision=revision, last_seq=last_seq, sent_at=sent_at)


def _run_failure(fold: Fold) -> str | None:
    """A failure beside any job, for a run that failed without a failed job."""
    if fold.run.status != "failed" or fold.run.ended_at is None:
        return None
    return _dumps({"message": fold.run.facts.get("message"), "at": fold.run.ended_at})


# Rows travel as one JSON text: encoding an array for each column costs the driver a Python call for each value, and
# took half of the time of a batch.


async def _write_states(pg: Driver, run_id: uuid.UUID, jobs: list[state.Job]) -> None:
    rows = [
        {"n": j.number, "r": j.rule, "s": j.status, "a": min(j.attempt, MOST_ATTEMPTS), "q": j.queued_at,
         "b": j.started_at,
         "e": j.ended_at, "g": j.group, "x": j.external_id, "t": j.threads, "w": j.wildcards,
         "qs": j.queue_seconds, "rs": j.run_seconds, "y": j.reasons}
        for j in jobs
    ]  # fmt: skip
    await pg.execute(
        """INSERT INTO job_state
             (run_id, number, rule, status, attempt, queued_at, started_at, ended_at, "group", external_id, threads,
              wildcards, queue_s, run_s, reasons)
           SELECT $1, n, r, s, a, q, b, e, g, x, t, w, qs, rs, y FROM json_to_recordset($2::text::json) AS u(
             n int, r text, s text, a int2, q timestamptz, b timestamptz, e timestamptz, g text, x text, t int, w jsonb,
             qs float8, rs float8, y int2)
           ON CONFLICT (run_id, number) DO UPDATE SET
             rule = excluded.rule, status = excluded.status, attempt = excluded.attempt,
             queued_at = excluded.queued_at, started_at = excluded.started_at, ended_at = excluded.ended_at,
             "group" = excluded."group", external_id = excluded.external_id,
             threads = excluded.threads, wildcards = excluded.wildcards,
             queue_s = excluded.queue_s, run_s = excluded.run_s, reasons = excluded.reasons""",
        run_id, _dumps(rows),
    )  # fmt: skip


async def _write_wildcards(pg: Driver, run_id: uuid.UUID, values: set[tuple[str, str]]) -> None:
    await pg.execute(
        """INSERT INTO wildcard (run_id, name, value)
           SELECT $1, n, v FROM json_to_recordset($2::text::json) AS u(n text, v text) ON CONFLICT DO NOTHING""",
        run_id, _dumps([{"n": name, "v": value} for name, value in sorted(values)]),
    )  # fmt: skip


async def _write_attempts(pg: Driver, run_id: uuid.UUID, attempts: dict[tuple[int, int], Attempt]) -> None:
    """An empty status stands for an attempt of which only facts are news."""
    rows = [
        {
            "n": key[0],
            "a": key[1],
            "q": r.queued_at,
            "b": r.started_at,
            "e": r.ended_at,
            "s": r.status,
            "f": r.facts or None,
        }
        for key, r in sorted(attempts.items())
        if key[1] <= MOST_ATTEMPTS
    ]
    await pg.execute(
        """INSERT INTO attempt (run_id, number, attempt, queued_at, started_at, ended_at, status, facts)
           SELECT $1, n, a, q, b, e, s, f FROM json_to_recordset($2::text::json) AS u(
             n int, a int2, q timestamptz, b timestamptz, e timestamptz, s text, f jsonb)
           ON CONFLICT (run_id, number, attempt) DO UPDATE SET
             queued_at = coalesce(excluded.queued_at, attempt.queued_at),
             started_at = coalesce(excluded.started_at, attempt.started_at),
             ended_at = CASE WHEN excluded.status = '' THEN attempt.ended_at ELSE excluded.ended_at END,
             status = CASE WHEN excluded.status = '' THEN attempt.status ELSE excluded.status END,
             facts = CASE WHEN excluded.facts IS NULL THEN attempt.facts
                          ELSE coalesce(attempt.facts, '{}') || excluded.facts END""",
        run_id, _dumps(rows),
    )  # fmt: skip


async def _write_facts(pg: Driver, run_id: uuid.UUID, fold: Fold) -> None:
    long = {f.command_hash: f.command for f in fold.facts.values() if f.command_hash and f.command}
    if long:
        await _write_blobs(pg, run_id, long)
    rows = [{"n": n, "h": f.command_hash, "f": f.more} for n, f in sorted(fold.facts.items())]
    await pg.execute(
        """INSERT INTO job (run_id, number, command_hash, facts)
           SELECT $1, n, decode(h, 'hex'), f FROM json_to_recordset($2::text::json) AS u(n int, h text, f jsonb)
           ON CONFLICT (run_id, number) DO UPDATE SET
             command_hash = excluded.command_hash, facts = excluded.facts""",
        run_id, _dumps(rows),
    )  # fmt: skip


async def _write_blobs(pg: Driver, run_id: uuid.UUID, texts: dict[str, str]) -> None:
    await pg.execute(
        """INSERT INTO blob (run_id, hash, body) SELECT $1, decode(key, 'hex'), value
           FROM json_each_text($2::text::json) ON CONFLICT DO NOTHING""",
        run_id, _dumps(texts),
    )  # fmt: skip


async def _write_definitions(pg: Driver, run_id: uuid.UUID, defined: dict[str, dict[str, Any]]) -> None:
    rows = [{"r": rule, "f": facts} for rule, facts in defined.items()]
    await pg.execute(
        """INSERT INTO rule (run_id, rule, facts)
           SELECT $1, r, f FROM json_to_recordset($2::text::json) AS u(r text, f jsonb)
           ON CONFLICT (run_id, rule) DO UPDATE SET facts = excluded.facts""",
        run_id, _dumps(rows),
    )  # fmt: skip


async def _write_rules(pg: Driver, run_id: uuid.UUID, rules: dict[str, Rule]) -> None:
    columns = ("expected", "timed", "seconds", *state.JOB_STATUSES)
    rows = [
        {"rule": name, "expected": r.expected, "timed": r.timed, "seconds": r.seconds, **dataclasses.asdict(r.counts)}
        for name, r in rules.items()
    ]
    await pg.execute(
        f"""INSERT INTO rule_count (run_id, rule, {", ".join(columns)})
            SELECT $1, rule, {", ".join(columns)} FROM json_to_recordset($2::text::json) AS u(
              rule text, {", ".join(f"{c} {'float8' if c == 'seconds' else 'int'}" for c in columns)})
            ON CONFLICT (run_id, rule) DO UPDATE SET {", ".join(f"{c} = excluded.{c}" for c in columns)}""",
        run_id, _dumps(rows),
    )  # fmt: skip


async def _write_failures(pg: Driver, run_id: uuid.UUID, fold: Fold) -> None:
    good = [number for number, at in fold.failed.items() if at is None]
    if good:
        await pg.execute("DELETE FROM failure WHERE run_id = $1 AND number = ANY($2::int[])", run_id, good)
    bad = [{"n": number, "at": at} for number, at in fold.failed.items() if at is not None]
    if bad:
        await pg.execute(
            """INSERT INTO failure (run_id, number, at)
               SELECT $1, n, at FROM json_to_recordset($2::text::json) AS u(n int, at timestamptz)
               ON CONFLICT (run_id, number) DO UPDATE SET at = excluded.at""",
            run_id, _dumps(bad),
        )  # fmt: skip
    # A failure is like others by its job's latest attempt, whose facts are written by now.
    await pg.execute(edits.SIGNATURES, run_id, [*fold.failed, *fold.signed])


async def _write_plans(pg: Driver, run_id: uuid.UUID, fold: Fold) -> None:
    """Parts of the plan; a generation with all its parts becomes one row, and what it replaces goes."""
    for part in fold.plan_parts:
        rules = sorted({name(entry.get("rule")) for entry in part.jobs})
        index = {rule: i for i, rule in enumerate(rules)}
        body = {
            "rules": rules,
            "number": [entry["job"] for entry in part.jobs],
            "rule": [index[name(entry.get("rule"))] for entry in part.jobs],
            "needs": [[n for n in needs if type(n) is int] if isinstance(needs := entry.get("needs"), list) else []
                      for entry in part.jobs],
            "more": {str(entry["job"]): more for entry in part.jobs if (more := {
                key: value if key == "params" else name(value)
                for key in PLAN_ONLY if (value := entry.get(key)) not in (None, {}, [])})},
        }  # fmt: skip
        await pg.execute(
            """INSERT INTO plan (run_id, generation, part, parts, body) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT DO NOTHING""",
            run_id, part.generation, part.part, part.parts, zlib.compress(orjson.dumps(body), 3),
        )  # fmt: skip
    if fold.plan_whole:
        generation = fold.run.generation
        rows = await pg.fetch(
            "SELECT body FROM plan WHERE run_id = $1 AND generation = $2 ORDER BY part", run_id, generation
        )
        whole = merged([orjson.loads(zlib.decompress(row["body"])) for row in rows])
        await pg.execute("DELETE FROM plan WHERE run_id = $1 AND generation <= $2", run_id, generation)
        await pg.execute(
            "INSERT INTO plan (run_id, generation, part, parts, body) VALUES ($1, $2, 0, 0, $3)",
            run_id, generation, zlib.compress(orjson.dumps(whole), 6),
        )  # fmt: skip


def merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The parts of a plan as one graph: `edges` are pairs of positions (needed, needs it), flat."""
    rules: dict[str, int] = {}
    number: list[int] = []
    rule: list[int] = []
    needs: list[list[int]] = []
    more: dict[str, Any] = {}
    for part in parts:
        own = [rules.setdefault(r, len(rules)) for r in part["rules"]]
        number += part["number"]
        rule += [own[i] for i in part["rule"]]
        needs += part["needs"]
        more |= part["more"]
    place = {n: i for i, n in enumerate(number)}
    edges: list[int] = []
    for i, needed in enumerate(needs):
        for n in needed:
            j = place.get(n)
            if j is not None and j != i:
                edges += (j, i)
    return {"rules": list(rules), "number": number, "rule": rule, "edges": edges, "more": more}


async def _write_run(
    pg: Driver,
    run_id: uuid.UUID,
    fold: Fold,
    before: dict[str, Any],
    *,
    revision: int,
    last_seq: int,
    sent_at: dt.datetime | None,
) -> None:
    run = fold.run
    totals = state.Counts()
    for rule in fold.rules.values():
        totals.plus(state.unseen(rule.counts, rule.expected, plan=run.generation > 0, ended=run.status in state.ENDED))
    values: dict[str, Any] = {column: getattr(run, column) for column in RUN_COLUMNS}
    values |= {c: _dumps(getattr(run, c)) for c in JSON_COLUMNS if getattr(run, c) != before[c]}
    values |= {status: getattr(totals, status) for status in state.JOB_STATUSES}
    values |= {"last_seq": last_seq, "revision": revision}
    if run.rulegraph is not None:
        values["rulegraph"] = _dumps(run.rulegraph)
    if fold.reset:
        values["reset_revision"] = revision
    assignments = ", ".join(f"{column} = ${i}" for i, column in enumerate(values, start=3))
    await pg.execute(
        f"""UPDATE run SET {assignments}, heard_at = clock_timestamp(), changed_at = clock_timestamp(),
              clock_offset_s = coalesce(extract(epoch FROM clock_timestamp() - $2::timestamptz), clock_offset_s)
            WHERE id = $1""",
        run_id, sent_at, *values.values(),
    )  # fmt: skip
