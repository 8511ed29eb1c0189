"""Who is behind a credential: one query for each kind, memberships included."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Interval, Row, Select, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from flowo.accounts.access import Caller, Kind
from flowo.accounts.models import Membership, Session, Token, User, Workspace
from flowo.accounts.schemas import Role, Scope
from flowo.accounts.tokens import keyed, keyed_text

USED_EVERY = dt.timedelta(minutes=5)
"""`last_used_at` is written this often at most: a plugin that sends four batches a second is not four writes."""


def _people(*more: Any) -> Select[Any]:
    """Active users with a row for each membership, the oldest workspace first."""
    return (
        select(
            User.id,
            User.name,
            User.is_superuser,
            Membership.workspace_id.label("workspace"),
            Membership.role,
            Workspace.slug,
            *more,
        )
        .select_from(User)
        .outerjoin(Membership, Membership.user_id == User.id)
        .outerjoin(Workspace, Workspace.id == Membership.workspace_id)
        .where(User.is_active)
        .order_by(Workspace.created_at, Workspace.id)
    )


def _caller(
    rows: list[Row[Any]],
    kind: Kind,
    *,
    scope: Scope = Scope.full,
    only: uuid.UUID | None = None,
    token_id: uuid.UUID | None = None,
    session_key: str | None = None,
) -> Caller | None:
    if not rows:
        return None
    mine = [row for row in rows if row.workspace is not None and only in (None, row.workspace)]
    return Caller(
        user_id=rows[0].id,
        name=rows[0].name,
        workspaces={row.workspace: Role(row.role) for row in mine},
        scope=scope,
        is_superuser=rows[0].is_superuser,
        kind=kind,
        token_id=token_id,
        session_key=session_key,
        slugs={row.workspace: row.slug for row in mine},
    )


# Made once: to put one together costs as much as to ask it.
_STALE = or_(Token.last_used_at.is_(None), Token.last_used_at < func.now() - USED_EVERY)
_BY_SESSION = (
    _people()
    .join(Session, Session.user_id == User.id)
    .where(Session.token == bindparam("key"), Session.created_at > func.now() - bindparam("lasts", type_=Interval))
)
_BY_JWT = _people().where(User.id == bindparam("person"), User.epoch == bindparam("epoch"))
_BY_OWNER = _people().where(User.is_local)
_BY_TOKEN = (
    _people(Token.id.label("token"), Token.scope, Token.workspace_id.label("only"), _STALE.label("stale"))
    .join(Token, Token.user_id == User.id)
    .where(
        Token.hash == bindparam("hash"),
        Token.revoked_at.is_(None),
        or_(Token.expires_at.is_(None), Token.expires_at > func.now()),
    )
)


async def by_session(connection: AsyncConnection, secret: str, cookie: str, days: int) -> Caller | None:
    key = keyed_text(secret, "session", cookie)
    rows = await connection.execute(_BY_SESSION, {"key": key, "lasts": dt.timedelta(days=days)})
    return _caller(list(rows), "session", session_key=key)


async def by_jwt(connection: AsyncConnection, user_id: uuid.UUID, epoch: int) -> Caller | None:
    """The epoch is compared in the query: a JWT from before the last change of rights finds nobody."""
    return _caller(list(await connection.execute(_BY_JWT, {"person": user_id, "epoch": epoch})), "jwt")


async def by_owner(connection: AsyncConnection) -> Caller | None:
    return _caller(list(await connection.execute(_BY_OWNER)), "owner")


async def by_token(connection: AsyncConnection, secret: str, token: str) -> Caller | None:
    rows = list(await connection.execute(_BY_TOKEN, {"hash": keyed(secret, "token", token)}))
    if not rows:
        return None
    first = rows[0]
    if first.stale:
        await connection.execute(
            update(Token).where(and_(Token.id == first.token, _STALE)).values(last_used_at=func.now())
        )
    return _caller(rows, "token", scope=Scope(first.scope), only=first.only, token_id=first.token)
