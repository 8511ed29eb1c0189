"""Personal access tokens: their form, their keyed hash, and what happens to them."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import secrets
import string
import uuid
from typing import Literal

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.accounts.models import Token, User, Workspace
from flowo.accounts.schemas import Scope, TokenRead

PREFIX = "flowo_"
RANDOM = 37
"""Characters of base62: 220 bits."""
CHECK = 6
"""Base62 characters that hold any CRC32: 62**6 > 2**32."""
ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
LOCAL_NAME = "local clients"
REPLACED_LASTS = dt.timedelta(hours=1)


def keyed(secret: str, purpose: Literal["token", "session", "link"], text: str) -> bytes:
    """HMAC-SHA256 under the server's secret: the table alone tells nobody a token, nor lets anyone make one.

    The purpose is part of what is signed, so that a hash of one table means nothing in another.
    """
    message = purpose.encode() + b"\0" + text.encode("utf-8", "surrogatepass")
    return hmac.digest(secret.encode(), message, hashlib.sha256)


def keyed_text(secret: str, purpose: Literal["token", "session", "link"], text: str) -> str:
    """The same in 43 characters of base64url."""
    return base64.urlsafe_b64encode(keyed(secret, purpose, text)).rstrip(b"=").decode()


def _checksum(body: str) -> str:
    number, digits = binascii.crc32(body.encode()), ""
    for _ in range(CHECK):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits


def new_token() -> str:
    body = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return body + _checksum(body)


def well_formed(token: str) -> bool:
    """Whether it can be one of ours: a typing error or a stranger's secret is refused without asking the database."""
    if len(token) != len(PREFIX) + RANDOM + CHECK or not token.startswith(PREFIX) or not token.isascii():
        return False
    if not token.removeprefix(PREFIX).isalnum():
        return False
    return _checksum(token[:-CHECK]) == token[-CHECK:]


async def create(
    session: AsyncSession,
    secret: str,
    user_id: uuid.UUID,
    *,
    name: str,
    scope: Scope,
    expires_at: dt.datetime | None,
    workspace_id: uuid.UUID | None = None,
    is_local: bool = False,
) -> tuple[Token, str]:
    """The row, and the token itself: the only time that anyone sees it."""
    plain = new_token()
    token = Token(
        id=uuid.uuid4(),
        user_id=user_id,
        workspace_id=workspace_id,
        name=name,
        scope=scope.value,
        hash=keyed(secret, "token", plain),
        last4=plain[-4:],
        expires_at=expires_at,
        is_local=is_local,
    )
    session.add(token)
    await session.flush()
    await session.refresh(token, ["created_at", "last_used_at"])
    return token, plain


async def listed(session: AsyncSession, user_id: uuid.UUID, workspace_id: uuid.UUID | None = None) -> list[TokenRead]:
    """The user's tokens that were not revoked, newest first. Expired ones too: they say why a program stopped."""
    query = (
        select(Token, Workspace.slug)
        .outerjoin(Workspace, Workspace.id == Token.workspace_id)
        .where(Token.user_id == user_id, Token.revoked_at.is_(None), Token.is_local.is_(False))
        .order_by(Token.created_at.desc(), Token.id)
    )
    if workspace_id is not None:
        query = query.where(Token.workspace_id == workspace_id)
    return [shown(token, slug) for token, slug in (await session.execute(query)).tuples()]


def shown(token: Token, slug: str | None) -> TokenRead:
    return TokenRead(
        id=token.id,
        name=token.name,
        scope=Scope(token.scope),
        workspace=slug,
        last4=token.last4,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
    )


async def revoke(
    session: AsyncSession, user_id: uuid.UUID, token_id: uuid.UUID, workspace_id: uuid.UUID | None = None
) -> bool:
    """False where the user has no such token that still lives."""
    statement = update(Token).where(
        Token.id == token_id, Token.user_id == user_id, Token.revoked_at.is_(None), Token.is_local.is_(False)
    )
    if workspace_id is not None:
        statement = statement.where(Token.workspace_id == workspace_id)
    revoked = await session.execute(statement.values(revoked_at=func.now()).returning(Token.id))
    return revoked.scalar_one_or_none() is not None


async def local_ingest_token(session: AsyncSession, secret: str, place: str = "") -> str:
    """The token for server.json: the local administrator's, ingest only, made anew at each start.

    `place` names the server (host and data directory): several may share a database, and each replaces its own only.
    The one before lasts a while longer: a plugin that reports at this moment has it from the old server.json.
    """
    # The lock on the user keeps two starts of one server from leaving two tokens.
    administrator = await session.scalar(select(User).where(User.is_local).with_for_update())
    if administrator is None:
        raise LookupError("there is no local administrator")
    name = f"{LOCAL_NAME} {place}".rstrip()
    mine = (Token.user_id == administrator.id, Token.is_local, Token.name == name)
    await session.execute(delete(Token).where(*mine, Token.expires_at < func.now()))
    await session.execute(
        update(Token).where(*mine, Token.expires_at.is_(None)).values(expires_at=func.now() + REPLACED_LASTS)
    )
    _token, plain = await create(
        session, secret, administrator.id, name=name, scope=Scope.ingest, expires_at=None, is_local=True
    )
    return plain
