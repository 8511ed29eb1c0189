"""Signing in and out, links, the signed-in user and the user's tokens, over HTTP."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import func, select, update

from flowo.accounts import links, tokens, users
from flowo.accounts.access import Caller, require_full, require_narrower, require_person, require_superuser
from flowo.accounts.gate import CHALLENGE, PUBLIC, CallerDep, DatabaseDep, signed_in
from flowo.accounts.models import Token, User, Workspace
from flowo.accounts.schemas import (
    AccessToken,
    Credentials,
    Link,
    LinkCreate,
    Me,
    PasswordChange,
    SignInConfig,
    TokenCreate,
    TokenCreated,
    TokenList,
    WorkspaceRead,
)
from flowo.accounts.throttle import Throttle
from flowo.db.engine import Database
from flowo.errors import Forbidden, Gone, Malformed, NotFound, Problem, Unauthorized


def _operation(route: APIRoute) -> str:
    return route.name


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Problem} for status in statuses}


router = APIRouter(
    prefix="/api/v1",
    tags=["accounts"],
    responses=_problems(400, 401, 403, 422, 503),
    generate_unique_id_function=_operation,
)
opening = APIRouter(responses=_problems(410, 503), generate_unique_id_function=_operation)

_NO_STORE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


def _throttle(request: Request) -> Throttle:
    state = request.app.state
    if not hasattr(state, "throttle"):
        state.throttle = Throttle()
    found: Throttle = state.throttle
    return found


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


async def _user(database: Database, user_id: uuid.UUID) -> User:
    async with database.session() as session:
        return await session.get_one(User, user_id)


async def _rights_changed(request: Request, user_id: uuid.UUID) -> None:
    """After the commit: streams of this user ask again who is there."""
    changed = getattr(request.app.state, "rights_changed", None)
    if changed is not None:
        await changed(user_id)


async def _identified(request: Request, database: Database, form: Credentials) -> User:
    throttle, key = _throttle(request), (_address(request), form.username.lower())
    throttle.attempt(*key)
    user = await users.manager(database).identify(form.username, form.password)
    if user is None:
        raise Unauthorized("The e-mail address or the password is wrong.", headers=CHALLENGE)
    throttle.success(*key)
    return user


@router.post("/auth/login", status_code=204, tags=[PUBLIC], responses=_problems(429))
async def sign_in(request: Request, form: Annotated[Credentials, Form()], database: DatabaseDep) -> Response:
    """Starts a browser's session: the answer sets its cookie."""
    return await users.sign_in(request, await _identified(request, database, form))


@router.post("/auth/token", tags=[PUBLIC], responses=_problems(429))
async def create_access_token(
    request: Request, response: Response, form: Annotated[Credentials, Form()], database: DatabaseDep
) -> AccessToken:
    """A JWT for programs, good for some minutes."""
    user = await _identified(request, database, form)
    response.headers.update(_NO_STORE)
    state = request.app.state
    written = await users.jwt_strategy(state.secret, state.settings).write_token(user)
    return AccessToken(access_token=written, expires_in=state.settings.jwt_minutes * 60)


@router.post("/auth/logout", status_code=204)
async def sign_out(request: Request, caller: CallerDep) -> Response:
    """Ends this browser's session."""
    if caller.kind != "session":
        raise Malformed("There is no session here to end: a token is revoked, a JWT runs out.")
    return await users.sign_out(request, caller.session_key)


@router.post("/auth/logout-everywhere", status_code=204)
async def sign_out_everywhere(request: Request, caller: CallerDep, database: DatabaseDep) -> Response:
    """Ends all of the user's sessions, JWTs and unused links. Tokens stay: they are revoked one by one."""
    require_person(caller)
    async with database.session() as session:
        await users.end_all(session, caller.user_id)
    await _rights_changed(request, caller.user_id)
    return await users.sign_out(request, None)


@router.post("/auth/password", status_code=204, responses=_problems(429))
async def change_password(request: Request, body: PasswordChange, caller: CallerDep, database: DatabaseDep) -> Response:
    """Sets the caller's password, and ends all of its sessions but this one."""
    require_person(caller)
    user = await _user(database, caller.user_id)
    if user.password_set_at is not None and caller.kind != "owner":
        throttle, key = _throttle(request), ("password", str(user.id))
        throttle.attempt(*key)
        fits, _ = await users.verify(body.current or "", user.hashed_password)
        if not fits:
            raise Forbidden("The current password is wrong.")
        throttle.success(*key)
    hashed = await users.new_hash(user, body.new, database)
    async with database.session() as session:
        await session.execute(
            update(User).where(User.id == user.id).values(hashed_password=hashed, password_set_at=func.now())
        )
        await users.end_all(session, user.id, keep=caller.session_key)
    await _rights_changed(request, user.id)
    return Response(status_code=204)


@router.post("/auth/links")
async def create_link(
    request: Request, response: Response, caller: CallerDep, database: DatabaseDep, body: LinkCreate | None = None
) -> Link:
    """A link that signs the caller in once, in any browser."""
    require_superuser(caller)
    state = request.app.state
    minutes = (body.minutes if body is not None else None) or state.settings.link_minutes
    async with database.session() as session:
        url, expires_at = await links.dated_link(
            session, state.secret, _reached_at(request, caller), minutes, caller.user_id
        )
    response.headers.update(_NO_STORE)
    return Link(url=url, expires_at=expires_at)


def _reached_at(request: Request, caller: Caller) -> str:
    """The owner comes through the socket, whose name no browser can use: `app.state.address` says what one can."""
    settings = request.app.state.settings
    url = settings.public_url
    if url is None and caller.kind == "owner":
        url = getattr(request.app.state, "address", None)
    url = (url or str(request.base_url)).rstrip("/")
    return url if url.endswith(settings.base_path) else url + settings.base_path


@opening.get("/open/{code}", status_code=303, tags=[PUBLIC])
async def open_link(request: Request, code: str, database: DatabaseDep) -> Response:
    """Signs in by a link, once, and goes on to the first page."""
    state = request.app.state
    async with database.session() as session:
        user = await links.consume(session, state.secret, code)
    base = state.settings.base_path
    if user is not None:
        response = await users.sign_in(request, user)
        response.headers["Location"] = f"{base}/"
    elif "text/html" in request.headers.get("accept", ""):
        # Who opens the terminal's link a second time is signed in already, and wants the page.
        target = f"{base}/" if await signed_in(request) else f"{base}/sign-in?link=used"
        response = Response(headers={"Location": target})
    else:
        raise Gone("This link was used, or has expired. On the server: `flowo open` makes another.")
    response.status_code = 303
    response.headers.update(_NO_STORE)
    return response


@opening.head("/open/{code}", status_code=204, include_in_schema=False)
async def look_at_link(code: str) -> Response:
    """Whoever only looks (a preview in a chat) uses nothing up and learns nothing."""
    return Response(status_code=204, headers=_NO_STORE)


@router.get("/auth/config", tags=[PUBLIC])
async def sign_in_config(request: Request, database: DatabaseDep) -> SignInConfig:
    """What the sign-in page offers."""
    async with database.session() as session:
        query = select(
            select(User.id).where(User.password_set_at.is_not(None), User.is_active).exists(),
            select(User.id).where(User.is_local, User.is_active).exists(),
        )
        password, local = (await session.execute(query)).one()
    return SignInConfig(version=request.app.version, password=password, local=local)


@router.get("/me")
async def me(caller: CallerDep, database: DatabaseDep) -> Me:
    """Who is calling, by whatever credential; with a token for one workspace, that one only."""
    async with database.session() as session:
        user, now = (await session.execute(select(User, func.now()).where(User.id == caller.user_id))).one()
        found = await session.scalars(
            select(Workspace).where(Workspace.id.in_(caller.workspaces)).order_by(Workspace.created_at, Workspace.id)
        )
        workspaces = [
            WorkspaceRead(id=one.id, slug=one.slug, name=one.name, role=caller.workspaces[one.id]) for one in found
        ]
    return Me(
        id=user.id, name=user.name, email=user.email, is_superuser=user.is_superuser, workspaces=workspaces, now=now
    )


async def _calling_token(database: Database, caller: Caller) -> Token | None:
    if caller.token_id is None:
        return None
    async with database.session() as session:
        return await session.get_one(Token, caller.token_id)


@router.get("/tokens")
async def list_tokens(caller: CallerDep, database: DatabaseDep) -> TokenList:
    """The caller's tokens that were not revoked, newest first."""
    require_full(caller)
    by = await _calling_token(database, caller)
    async with database.session() as session:
        return TokenList(items=await tokens.listed(session, caller.user_id, by.workspace_id if by else None))


@router.post("/tokens", status_code=201, responses=_problems(404))
async def create_token(
    request: Request, response: Response, body: TokenCreate, caller: CallerDep, database: DatabaseDep
) -> TokenCreated:
    """Makes a token and shows it, this once. One made with a token ends with that at the latest."""
    require_full(caller)
    workspace_id = next((id for id, slug in caller.slugs.items() if slug == body.workspace), None)
    if body.workspace is not None and workspace_id is None:
        raise NotFound("There is no such workspace, or you are not in it.")
    by = await _calling_token(database, caller)
    require_narrower(caller, workspace_id, by.workspace_id if by else None)
    async with database.session() as session:
        expires_at: dt.datetime | None = None
        if body.expires_in_days is not None:
            now = (await session.execute(select(func.now()))).scalar_one()
            expires_at = now + dt.timedelta(days=body.expires_in_days)
        if by is not None and by.expires_at is not None:
            expires_at = by.expires_at if expires_at is None else min(expires_at, by.expires_at)
        token, plain = await tokens.create(
            session,
            request.app.state.secret,
            caller.user_id,
            name=body.name,
            scope=body.scope,
            expires_at=expires_at,
            workspace_id=workspace_id,
        )
        shown = tokens.shown(token, body.workspace)
    response.headers.update(_NO_STORE)
    return TokenCreated(**shown.model_dump(), token=plain)


@router.delete("/tokens/{token_id}", status_code=204, responses=_problems(404))
async def revoke_token(request: Request, token_id: uuid.UUID, caller: CallerDep, database: DatabaseDep) -> Response:
    """Revokes a token; what uses it is refused from its next request on."""
    require_full(caller)
    by = await _calling_token(database, caller)
    async with database.session() as session:
        revoked = await tokens.revoke(session, caller.user_id, token_id, by.workspace_id if by else None)
    if not revoked:
        raise NotFound("You have no such token.")
    await _rights_changed(request, caller.user_id)
    return Response(status_code=204)
