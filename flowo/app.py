"""The application: its lifespan, its routers, its error handler, nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

import flowo.accounts.routes
import flowo.demo.routes
import flowo.ingest.routes
import flowo.live.routes
import flowo.runs.routes
from flowo import errors, health, presence, web
from flowo.accounts import gate
from flowo.accounts.workspaces import ensure_local_administrator
from flowo.db.engine import AWAY, Database, away
from flowo.db.notify import LOGS_CHANNEL, RIGHTS_CHANNEL, RUNS_CHANNEL, WANTED_CHANNEL, Notifier
from flowo.ingest.sweep import Sweeper
from flowo.ingest.tails import Wanted
from flowo.live.broker import Broker
from flowo.live.listener import Listener
from flowo.runs import schemas
from flowo.settings import Settings
from flowo.version import VERSION

log = logging.getLogger(__name__)


def create_app(settings: Settings, *, database_url: str) -> FastAPI:
    """The whole server for a database that is migrated."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        async with state.database.session() as session:
            await ensure_local_administrator(session)
        listener = Listener(
            state.database.url,
            {
                RUNS_CHANNEL: state.broker.runs_moved,
                RIGHTS_CHANNEL: state.broker.rights_moved,
                LOGS_CHANNEL: state.broker.logs_moved,
                WANTED_CHANNEL: state.wanted.hear,
            },
            (state.broker.missed, state.wanted.missed),
        )
        sweeper = Sweeper(state.database, state.notifier, settings.lost_after_s)
        for part in (state.notifier, listener, sweeper):
            part.start()
        try:
            yield
        finally:
            state.closing.set()
            if state.demo is not None:
                await state.demo.stop()
            for part in (sweeper, listener, state.notifier):
                await part.stop()
            await state.broker.close()
            await state.database.close()

    app = FastAPI(
        title="flowo",
        version=VERSION,
        description="Records and shows Snakemake runs as they happen.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # its page would fetch scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
    )
    database = Database(database_url, pool_size=settings.pool_size)
    notifier = Notifier(database)
    app.state.settings = settings
    app.state.database = database
    app.state.secret = presence.secret(settings)
    app.state.notifier = notifier
    app.state.broker = Broker(database, notifier)
    app.state.wanted = Wanted()
    app.state.closing = asyncio.Event()
    app.state.demo = None
    app.state.rights_changed = notifier.rights_changed
    app.add_middleware(gate.Gate)
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    for router in (
        health.router,
        flowo.accounts.routes.router,
        flowo.accounts.routes.opening,
        flowo.runs.routes.router,
        flowo.live.routes.router,
        flowo.ingest.routes.router,
        flowo.demo.routes.router,
    ):
        app.include_router(router)
    web.mount(app, settings)
    _describe_messages(app)
    return app


async def on_database_error(request: Request, error: Exception) -> Response:
    """A database that went away under a request is no fault of the request: it may be sent again."""
    if not away(error):
        raise error
    log.warning("the database went away under %s %s: %s", request.method, request.url.path, error)
    return await errors.on_flowo_error(request, errors.Unavailable(GONE, headers={"Retry-After": "2"}))


GONE = "The database does not answer now; try again."
HANDLERS: dict[type[Exception], Any] = {
    errors.FlowoError: errors.on_flowo_error,
    HTTPException: web.on_http_exception,
    RequestValidationError: errors.on_validation_error,
    Exception: errors.on_unexpected,
    **dict.fromkeys(AWAY, on_database_error),
}
MESSAGES = (
    schemas.Hello, schemas.RunMessage, schemas.RunsMessage, schemas.LogMessage, schemas.Resync, schemas.Bye,
)  # fmt: skip

ITSELF = {
    "tags": ["public"],
    "summary": "Get Openapi",
    "description": "This description of the API.",
    "operationId": "get_openapi",
    "responses": {
        "200": {"description": "Successful Response", "content": {"application/json": {"schema": {"type": "object"}}}}
    },
}


def _operation_id(route: APIRoute) -> str:
    return route.name


def _describe_messages(app: FastAPI) -> None:
    """The stream's messages stand in the OpenAPI too, so that the pages' types are made from them."""
    make = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            described = make()
            parts = described["components"]["schemas"]
            for message in MESSAGES:
                shape = message.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
                parts.update(shape.pop("$defs", {}))
                parts[message.__name__] = shape
            described["paths"][app.openapi_url] = {"get": ITSELF}
        assert app.openapi_schema is not None
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
