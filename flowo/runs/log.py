"""The run's own log, told from the journal: nothing is kept twice for it."""

from __future__ import annotations

import datetime as dt
import re
import uuid
import zlib
from collections.abc import Callable
from typing import Any, Literal

import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.runs import cursors, schemas
from flowo.runs.models import Journal
from flowo.runs.queries import Workspaces, check

Level = Literal["debug", "info", "warning", "error"]
Line = dict[str, Any]
BATCHES = 50  # read at a time, after the first ones: of a live run most hold a few events, of a fast one a thousand
FIRST_BATCHES = 4


def _of(line: Line) -> str:
    """“, sample=A1” where there are wildcards."""
    wildcards = line.get("wildcards")
    return "".join(f", {k}={v}" for k, v in wildcards.items()) if isinstance(wildcards, dict) else ""


def _info(line: Line) -> str:
    told = f"Job {line.get('job')}: {line.get('rule')}{_of(line)}"
    message, reason = line.get("message"), line.get("reason")
    return told + (f"\n{message}" if message else "") + (f"\nReason: {reason}" if reason else "")


def _error(line: Line) -> str:
    return f"Job {line.get('job')} failed: {line.get('rule') or ''}\n{line.get('message') or ''}".rstrip()


def _member(line: Line) -> str:
    """By what the log of its group's job tells; of the others it is said with who is to blame."""
    if line.get("outcome", "failed") != "failed":
        return f"Job {line.get('job')}: {line.get('message') or ''}"
    return f"Its group failed by job {line.get('job')}.\n{line.get('message') or ''}".rstrip()


def _ended(line: Line) -> str:
    return f"Snakemake ended: {line.get('outcome', 'succeeded')}."


def _counted(line: Line) -> str:
    stats = line.get("stats")
    if not isinstance(stats, dict):
        return "Jobs to do: unknown."
    return f"Jobs to do: {', '.join(f'{rule} {n}' for rule, n in stats.items())}."


TOLD: dict[str, tuple[Level, Callable[[Line], str]]] = {
    "log": ("info", lambda line: str(line.get("text", ""))),
    "run_info": ("info", _counted),
    "job_info": ("info", _info),
    "job_submitted": ("info", lambda line: f"Submitted as {line.get('external_id')}: job {line.get('jobs')}"),
    "job_finished": ("info", lambda line: f"Finished job {line.get('job')}."),
    "job_error": ("error", _error),
    "group_error": ("error", lambda line: f"Group {line.get('group')} failed."),
    "group_member": ("error", _member),
    "error": ("error", lambda line: str(line.get("message") or line.get("exception") or "")),
    "gap": ("warning", lambda line: f"{line.get('count')} events were lost: {line.get('reason')}."),
    "run_ended": ("info", _ended),
}
LEVELS: dict[str, Level] = {
    "DEBUG": "debug", "INFO": "info", "WARNING": "warning", "ERROR": "error", "CRITICAL": "error"
}  # fmt: skip


def told(line: Line) -> schemas.LogLine | None:
    """The line that the log shows for an event, or None where it has nothing to say to people."""
    level, tell = TOLD.get(str(line.get("kind")), ("info", None))
    if tell is None:
        return None
    try:
        said = tell(line)
    except RecursionError:  # nested without end where a text belongs
        return None
    text = said.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    if not text.strip():
        return None
    job = line.get("job")
    try:
        at = dt.datetime.fromtimestamp(line["at"], dt.UTC)
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        at = dt.datetime.fromtimestamp(0, dt.UTC)
    return schemas.LogLine(
        seq=line["seq"],
        at=at,
        level=LEVELS.get(str(line.get("level")), level) if line.get("kind") == "log" else level,
        text=text,
        job=job if type(job) is int else None,
    )


def _set_aside(line: schemas.LogLine) -> schemas.LogLine:
    """Of an event that could not be projected: what it says did not come to be so."""
    return line.model_copy(update={"level": "warning", "text": f"{line.text} (Set aside: it cannot be right.)"})


# As the plugin writes a line; one that says nothing to people need not be read: a plan's holds a thousand jobs.
_KIND = re.compile(rb'\{"seq":\d+,"at":[^,]+,"kind":"(\w+)"')


def _lines(body: bytes) -> list[Line]:
    lines: list[Line] = []
    for raw in zlib.decompress(body).split(b"\n"):
        head = _KIND.match(raw)
        if head and head[1].decode() not in TOLD:
            continue
        try:
            lines.append(orjson.loads(raw))
        except orjson.JSONDecodeError:
            lines.append(_tolerant(raw))
    return lines


def _tolerant(raw: bytes) -> Line:
    import json

    line: Line = json.loads(raw)  # lone surrogates, which orjson refuses
    return line


async def read(
    session: AsyncSession, workspaces: Workspaces, run_id: uuid.UUID, *,
    since: int = 0, limit: int = 50, cursor: str | None = None, backwards: bool = False,
) -> schemas.Page[schemas.LogLine]:  # fmt: skip
    """Lines after `since`, oldest first; with `backwards` the last `limit` lines before it (0: before the end)."""
    await check(session, workspaces, run_id)
    if cursor:
        (since,) = cursors.decode(cursor, cursors.whole(64))
    items: list[schemas.LogLine] = []
    at = since
    most = FIRST_BATCHES
    while len(items) <= limit:
        columns = (Journal.first_seq, Journal.last_seq, Journal.body, Journal.unread)
        query = select(*columns).where(Journal.run_id == run_id).limit(most)
        if backwards:
            query = query.order_by(Journal.first_seq.desc())
            if at:
                query = query.where(Journal.first_seq < at)
        else:
            query = query.where(Journal.last_seq > at).order_by(Journal.first_seq)
        batches = (await session.execute(query)).all()
        for batch in batches:
            lines = [line for raw in _lines(batch.body) if (line := told(raw))]
            if batch.unread:
                lines = [_set_aside(line) if line.seq in batch.unread else line for line in lines]
            if backwards:
                items += [line for line in reversed(lines) if not since or line.seq < since]
            else:
                items += [line for line in lines if line.seq > since]
            at = batch.first_seq if backwards else batch.last_seq
            if len(items) > limit:
                break
        if len(batches) < most:
            break
        most = BATCHES
    more = len(items) > limit
    items = items[:limit]
    after = cursors.encode(items[-1].seq) if more else None
    return schemas.Page(items=items[::-1] if backwards else items, next=after)
