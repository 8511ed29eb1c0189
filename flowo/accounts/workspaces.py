"""Workspaces, one for each user now, and the local administrator of a first start."""

from __future__ import annotations

import getpass
import re
import secrets
import uuid

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.accounts.models import Membership, User, Workspace
from flowo.accounts.schemas import Role

NO_PASSWORD = "!"
"""No hash of any scheme looks like this, so no password fits."""
FIRST_START = 0x666C6F776F01
"""Key of the advisory lock: two servers that start at once on one new database make one administrator."""


def slugged(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:48] or "home"


async def create_workspace_for(session: AsyncSession, user: User, name: str) -> Workspace:
    """A workspace of which the user is owner; its slug is the name's, with a few more letters where that is taken."""
    slug = slugged(name)
    for _ in range(5):
        added = await session.execute(
            insert(Workspace)
            .values(id=uuid.uuid4(), slug=slug, name=name)
            .on_conflict_do_nothing(index_elements=[Workspace.slug])
            .returning(Workspace)
        )
        workspace = added.scalar_one_or_none()
        if workspace is not None:
            session.add(Membership(user_id=user.id, workspace_id=workspace.id, role=Role.owner.value))
            await session.flush()
            return workspace
        slug = f"{slugged(name)}-{secrets.token_hex(3)}"
    raise RuntimeError(f"no slug is free for the workspace {name!r}")


def system_user() -> str:
    try:
        return slugged(getpass.getuser())
    except (KeyError, OSError, ImportError):  # a user id without a name, as containers have
        return "home"


async def ensure_local_administrator(session: AsyncSession) -> User:
    """The superuser who owns the data directory, with a workspace. Made at the first start, found at every other."""
    await session.execute(select(func.pg_advisory_xact_lock(FIRST_START)))
    found = await session.scalar(select(User).where(User.is_local))
    if found is not None:
        return found
    name = system_user()
    email = f"{name}@localhost"
    if await session.scalar(select(User.id).where(func.lower(User.email) == email)) is not None:
        # Somebody else holds the address: to take that account over would hand it a superuser's rights.
        email = f"{name}-{secrets.token_hex(3)}@localhost"
    administrator = User(
        id=uuid.uuid4(),
        email=email,
        hashed_password=NO_PASSWORD,
        name="admin",
        is_superuser=True,
        is_verified=True,
        is_local=True,
    )
    session.add(administrator)
    await session.flush()
    await create_workspace_for(session, administrator, name)
    await session.refresh(administrator)
    return administrator
