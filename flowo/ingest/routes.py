"""The plugin's side of the API: batches of events, heartbeats, and what the server would like to have."""

from __future__ import annotations

import asyncio
import datetime as dt
import functools
import uuid
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, ValidationError
from snakemake_logger_plugin_flowo import wire
from starlette.requests import ClientDisconnect

from flowo.accounts import access
from flowo.accounts.gate import CallerDep
from flowo.db.notify import LOGS_CHANNEL
from flowo.errors import Invalid, Malformed, NotFound, Problem, TooLarge, Unavailable
from flowo.ingest import journal, store, tails
from flowo.runs import state
from flowo.settings import Settings

router = APIRouter(
    prefix="/api/ingest/v1/runs/{run_id}",
    tags=["ingest"],
    responses={status: {"model": Problem} for status in (400, 401, 403, 404, 409, 410, 413, 415, 422)},
)

INLINE_BYTES = 1024 * 1024  # of a batch after decompression; decoding more leaves the event loop for a thread


class Acked(BaseModel):
    acked: int


class Requests(BaseModel):
    """What the server would like to have of a run; empty when the wait is over. Kinds that are not known are passed
    over."""

    items: list[tails.Wish]


def _sender(caller: access.Caller) -> store.Sender:
    access.require_scope(caller, access.Action.ingest)
    return store.Sender(
        caller.user_id, access.within(caller, access.Action.ingest), functools.partial(access.place, caller)
    )


def _sent_at(value: str | None) -> dt.datetime | None:
    try:
        return dt.datetime.fromtimestamp(float(value), dt.UTC) if value else None
    except (ValueError, OverflowError, OSError):
        return None


async def _body(request: Request, most: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise TooLarge(f"The body is larger than {most} bytes; send smaller batches.", limit="max_body")
            chunks.append(chunk)
    except ClientDisconnect as error:
        raise Malformed("The connection ended before the body did.") from error
    return b"".join(chunks)


def _read(body: bytes, encoding: str | None, settings: Settings) -> journal.Batch:
    return journal.read_batch(journal.decompressed(body, encoding, settings.max_batch), settings)


@router.post(
    "/events",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/x-ndjson": {"schema": {"type": "string", "description": "One event a line."}}},
        }
    },
)
async def post_events(
    run_id: uuid.UUID,
    request: Request,
    caller: CallerDep,
    content_encoding: Annotated[str | None, Header()] = None,
    flowo_sent_at: Annotated[str | None, Header(alias=wire.SENT_AT_HEADER)] = None,
    flowo_writer: Annotated[str | None, Header(alias=wire.WRITER_HEADER)] = None,
) -> Acked:
    """Take a batch. What is held already is passed over; a gap is answered with 409 and the number `expected`.

    A run that has no end when its writer is `gone` is lost at once."""
    sender = _sender(caller)
    settings: Settings = request.app.state.settings
    body = await _body(request, settings.max_body)
    try:
        data = journal.decompressed(body, content_encoding, min(INLINE_BYTES, settings.max_batch))
    except TooLarge:
        batch = await asyncio.to_thread(_read, body, content_encoding, settings)
    else:
        batch = journal.read_batch(data, settings)
    async with request.app.state.database.driver() as pg, pg.transaction():
        acked, new = await store.take(
            pg,
            run_id,
            sender,
            batch,
            sent_at=_sent_at(flowo_sent_at),
            max_text=settings.max_text,
            gone=flowo_writer == "gone",
        )
    if new:
        request.app.state.notifier.moved(run_id)
    return Acked(acked=acked)


@router.post("/heartbeat", status_code=204)
async def post_heartbeat(run_id: uuid.UUID, request: Request, caller: CallerDep) -> Response:
    """Say that Snakemake still lives. A run that was lost runs again."""
    sender = _sender(caller)
    async with request.app.state.database.driver() as pg, pg.transaction():
        was = await pg.fetchrow(
            f"""UPDATE run SET heard_at = clock_timestamp(),
                 revision = run.revision + (run.status = '{state.LOST}')::int,
                 changed_at = CASE WHEN run.status = '{state.LOST}' THEN clock_timestamp() ELSE run.changed_at END,
                 lost_since = NULL,
                 status = CASE WHEN run.status = '{state.LOST}' THEN '{state.heard(state.LOST)}' ELSE run.status END
               FROM (SELECT id, status, fold ? 'declared' AS declared FROM run WHERE id = $1 FOR UPDATE) AS old
               WHERE run.id = old.id AND run.owner_id = $2 AND run.workspace_id = ANY($3::uuid[])
               RETURNING old.status = '{state.LOST}' AS lost, old.declared""",
            run_id, sender.user_id, list(sender.workspaces),
        )  # fmt: skip
        if was is None:
            raise NotFound("There is no such run, or it is not yours.")
        reopened = was["declared"] and await store.reopen(pg, run_id)
    if was["lost"] or reopened:
        request.app.state.notifier.moved(run_id)
    return Response(status_code=204)


@router.get("/requests")
async def get_requests(
    run_id: uuid.UUID, request: Request, caller: CallerDep, wait: Annotated[float, Query(ge=0, le=60)] = 25
) -> Requests:
    """Wait for what the server would like to have of this run: the ends of logs that somebody watches. What is asked
    for stays asked for until nobody watches; send it to `…/logs` as it grows."""
    sender = _sender(caller)
    state = request.app.state
    until = asyncio.get_running_loop().time() + wait
    with state.wanted.waiting(run_id) as hint:
        closed = asyncio.create_task(state.closing.wait())
        try:
            while True:
                hint.clear()
                async with state.database.driver() as pg:
                    found = await tails.wanted(pg, run_id, sender)
                left = until - asyncio.get_running_loop().time()
                if found or left <= 0:
                    return Requests(items=found)
                heard = asyncio.create_task(hint.wait())
                await asyncio.wait((heard, closed), timeout=left, return_when=asyncio.FIRST_COMPLETED)
                heard.cancel()
                if closed.done():
                    raise Unavailable("The server stops now; ask again.", headers={"Retry-After": "1"})
        finally:
            closed.cancel()


@router.post(
    "/logs",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "parts": {
                                "type": "array",
                                "maxItems": tails.MOST_PARTS,
                                "items": tails.Part.model_json_schema(),
                            }
                        },
                    }
                }
            },
        }
    },
)
async def post_logs(run_id: uuid.UUID, request: Request, caller: CallerDep) -> Requests:
    """Bring what was read of logs that were asked for; answers what is asked for now. It is passed on to who watches,
    and is no event: it has no number and is not kept."""
    sender = _sender(caller)
    body = await _body(request, tails.MOST_BODY)
    try:
        parts = tails.Parts.model_validate_json(body).parts
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", "body", *first["loc"]) from error
    async with request.app.state.database.driver() as pg:
        async with pg.transaction():
            news = await tails.take(pg, run_id, sender, parts) if parts else []
        found = await tails.wanted(pg, run_id, sender)
    for log in news:
        request.app.state.notifier.hint(LOGS_CHANNEL, log.name)
    return Requests(items=found)
