"""All that the server holds of a run, table by table, but for what depends on when and how often it heard of it."""

from __future__ import annotations

import json
import uuid
import zlib
from typing import Any

import asyncpg

from flowo.accounts import models as _accounts  # noqa: F401 - the tables that those of runs refer to
from flowo.db.base import Base
from flowo.runs import models

# The server's own columns and people's: revisions, heard times, whose the run is, and the ids themselves.
OWN = [
    "id", "run_id", "workspace_id", "owner_id", "revision", "reset_revision", "created_at", "heard_at", "changed_at",
    "lost_since", "clock_offset_s", "name", "tags", "note", "search",
]  # fmt: skip
TABLES = sorted(
    table.name
    for table in Base.metadata.tables.values()
    if table.name not in (models.Journal.__tablename__, models.Deleted.__tablename__)
    and any(key.column.table.name == models.Run.__tablename__ for key in table.foreign_keys)
)


async def rows(pg: asyncpg.Connection[Any], run_id: uuid.UUID) -> dict[str, list[Any]]:
    """By table, its rows in their order; and `journal`: the lines as heard, in theirs, and which could not be read."""
    found: dict[str, list[Any]] = {}
    for table, key in [("run", "id"), *((table, "run_id") for table in TABLES)]:
        texts = await pg.fetch(f"SELECT (to_jsonb(t) - $2::text[])::text FROM {table} t WHERE {key} = $1", run_id, OWN)
        found[table] = sorted((json.loads(row[0]) for row in texts), key=lambda row: json.dumps(row, sort_keys=True))
    heard = await pg.fetch("SELECT unread, body FROM journal WHERE run_id = $1 ORDER BY first_seq", run_id)
    found["journal"] = [line for _, body in heard for line in zlib.decompress(body).split(b"\n")]
    found["unread"] = [seq for unread, _ in heard for seq in unread or ()]
    return found


def differing(ours: dict[str, list[Any]], theirs: dict[str, list[Any]]) -> list[str]:
    """What differs, a line for each table."""
    told = []
    for table in theirs:
        if ours[table] != theirs[table]:
            more = [row for row in ours[table] if row not in theirs[table]][:2]
            less = [row for row in theirs[table] if row not in ours[table]][:2]
            told.append(f"{table}: {len(ours[table])} rows instead of {len(theirs[table])}; has {more} and not {less}")
    return told
