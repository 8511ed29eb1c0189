"""A small app with the real accounts in it, and people of every kind, for the tests of accounts."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from flowo.accounts import routes, tokens, users, workspaces
from flowo.accounts.access import Action, place, readable, require
from flowo.accounts.gate import CallerDep, Gate
from flowo.accounts.models import Membership, Session, User, Workspace
from flowo.accounts.schemas import Role, Scope
from flowo.db.engine import Database
from flowo.errors import FlowoError, on_flowo_error, on_http_exception, on_validation_error
from flowo.settings import Settings

SECRET = "a secret of the tests that is long enough for HS256"
HOST = "http://flowo.test"
ORIGIN = {"Origin": HOST}
PASSWORD = "correct horse battery"
_hashes: dict[str, str] = {}  # a hash takes tens of milliseconds by design


def make_app(database: Database | None, **settings: Any) -> FastAPI:
    app = FastAPI(title="flowo", version="3.0.0", openapi_url="/api/openapi.json")
    app.state.database = database
    app.state.secret = SECRET
    app.state.settings = Settings(**settings)
    app.state.changed = []

    async def rights_changed(user_id: uuid.UUID) -> None:
        app.state.changed.append(user_id)

    app.state.rights_changed = rights_changed
    app.include_router(routes.router)
    app.include_router(routes.opening)
    app.add_exception_handler(FlowoError, on_flowo_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_validation_error)

    async def probe(action: Action, workspace: uuid.UUID, caller: CallerDep) -> dict[str, str]:
        require(caller, action, workspace)
        return {"kind": caller.kind}

    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        app.add_api_route("/api/probe/{action}/{workspace}", probe, methods=[method], operation_id=f"probe_{method}")

    @app.get("/api/readable")
    async def list_readable(caller: CallerDep) -> list[uuid.UUID]:
        return sorted(readable(caller))

    @app.post("/api/place")
    async def where(caller: CallerDep, slug: str | None = None) -> uuid.UUID:
        return place(caller, slug)

    @app.post("/api/forgotten")
    async def without_a_caller(request: Request) -> dict[str, str]:
        """A route whose author forgot to ask who calls."""
        return {"body": (await request.body()).decode()}

    @app.get("/api/open-by-mistake", tags=["public"])
    async def public_with_a_caller(caller: CallerDep) -> str:
        return caller.name

    @app.get("/page")
    async def page() -> str:
        return "page"

    app.add_middleware(Gate)
    return app


def client(app: FastAPI, base_url: str = HOST, **more: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url, **more)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def owner_jwt() -> str:
    now = int(time.time())
    return jwt.encode({"aud": users.OWNER_AUDIENCE, "iat": now, "exp": now + 60}, SECRET, "HS256")


@dataclass(frozen=True)
class Person:
    user: User
    workspace: uuid.UUID
    slug: str


async def person(database: Database, name: str, *, password: str | None = None, **columns: Any) -> Person:
    """A user with a workspace of its own."""
    if password and password not in _hashes:
        _hashes[password] = await users.hash_password(password)
    hashed = _hashes[password] if password else workspaces.NO_PASSWORD
    async with database.session() as session:
        user = User(id=uuid.uuid4(), email=f"{name}@lab.org", name=name, hashed_password=hashed, **columns)
        if password:
            user.password_set_at = dt.datetime.now(dt.UTC)
        session.add(user)
        await session.flush()
        workspace = await workspaces.create_workspace_for(session, user, name)
        await session.refresh(user)
        return Person(user, workspace.id, workspace.slug)


async def membership(database: Database, user: User, role: Role) -> uuid.UUID:
    """Another workspace, in which the user has this role."""
    async with database.session() as session:
        workspace = Workspace(id=uuid.uuid4(), slug=f"w-{uuid.uuid4().hex[:8]}", name="W")
        session.add(workspace)
        await session.flush()
        session.add(Membership(user_id=user.id, workspace_id=workspace.id, role=role.value))
        return workspace.id


async def token(database: Database, user: User, scope: Scope = Scope.full, **more: Any) -> str:
    async with database.session() as session:
        _row, plain = await tokens.create(
            session, SECRET, user.id, name="t", scope=scope, expires_at=more.pop("expires_at", None), **more
        )
        return plain


async def cookie(database: Database, user: User) -> str:
    """What a browser holds after signing in."""
    plain = f"plain-{uuid.uuid4().hex}"
    async with database.session() as session:
        session.add(Session(user_id=user.id, token=tokens.keyed_text(SECRET, "session", plain)))
    return plain
