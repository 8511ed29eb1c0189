"""Links that sign in once."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.accounts.models import SignInLink, User
from flowo.accounts.tokens import keyed

CODE_BYTES = 32


async def make_link(
    session: AsyncSession, secret: str, base_url: str, minutes: int, user_id: uuid.UUID | None = None
) -> str:
    """`{base_url}/open/{code}` for this user, or for the local administrator. Only the code's keyed hash is kept."""
    url, _expires_at = await dated_link(session, secret, base_url, minutes, user_id)
    return url


async def dated_link(
    session: AsyncSession, secret: str, base_url: str, minutes: int, user_id: uuid.UUID | None = None
) -> tuple[str, dt.datetime]:
    """The link, and until when it signs in, by the database's clock."""
    if user_id is None:
        user_id = await session.scalar(select(User.id).where(User.is_local))
        if user_id is None:
            raise LookupError("there is no local administrator")
    await session.execute(delete(SignInLink).where(SignInLink.expires_at < func.now() - dt.timedelta(days=1)))
    code = secrets.token_urlsafe(CODE_BYTES)
    link = SignInLink(
        hash=keyed(secret, "link", code),
        user_id=user_id,
        expires_at=func.now() + dt.timedelta(minutes=minutes),
    )
    session.add(link)
    await session.flush()
    await session.refresh(link, ["expires_at"])
    return f"{base_url.rstrip('/')}/open/{code}", link.expires_at


async def consume(session: AsyncSession, secret: str, code: str) -> User | None:
    """Whom the link signs in, once: of two who come at once the row's lock lets one through. Else None."""
    used = (
        update(SignInLink)
        .where(
            SignInLink.hash == keyed(secret, "link", code),
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(SignInLink.user_id)
    )
    user_id = (await session.execute(used)).scalar_one_or_none()
    if user_id is None:
        return None
    user: User | None = await session.scalar(select(User).where(User.id == user_id, User.is_active))
    return user
