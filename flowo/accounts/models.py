"""The tables of people and their rights: users, sign-ins, workspaces, memberships, tokens and links."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, false, func, text, true
from sqlalchemy import Text as SqlText
from sqlalchemy.orm import Mapped, mapped_column

from flowo.accounts.schemas import Role, Scope
from flowo.db.base import Base


def _one_of(column: str, values: type[Role] | type[Scope]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(repr(str(value)) for value in values)})", name=column)


class User(Base):
    """The columns that fastapi-users asks of a user, and ours.

    Not its base class: that one brings types of its own into the migrations, and only users.py imports the library.
    """

    __tablename__ = "app_user"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    email: Mapped[str] = mapped_column(SqlText)
    hashed_password: Mapped[str] = mapped_column(SqlText)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_superuser: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_verified: Mapped[bool] = mapped_column(default=False, server_default=false())
    name: Mapped[str] = mapped_column(SqlText, default="", server_default="")
    epoch: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Raised when rights change or the user signs out everywhere: every JWT carries it and dies with it."""
    password_set_at: Mapped[dt.datetime | None]
    """Null: nobody knows the password (a random one was hashed), the user comes in by links."""
    is_local: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The local administrator: whom the owner of the data directory is."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("uq_app_user_email", func.lower(email), unique=True),
        Index("uq_app_user_is_local", is_local, unique=True, postgresql_where=text("is_local")),
    )


class Session(Base):
    """A browser's sign-in. `token` is the keyed hash of what the cookie holds: a copy of the table signs nobody in."""

    __tablename__ = "session"

    token: Mapped[str] = mapped_column(String(43), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now(), index=True)


class Workspace(Base):
    __tablename__ = "workspace"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(SqlText)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())


class Membership(Base):
    __tablename__ = "membership"

    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(String(16))

    __table_args__ = (_one_of("role", Role),)


class Token(Base):
    """A personal access token. `workspace_id` cascades and is never set to null: that would widen the token."""

    __tablename__ = "token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(SqlText)
    scope: Mapped[str] = mapped_column(String(16))
    hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    last4: Mapped[str] = mapped_column(String(4))
    is_local: Mapped[bool] = mapped_column(default=False, server_default=false())
    """The one in server.json, made anew at each start; no list shows it."""
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[dt.datetime | None]
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]

    __table_args__ = (_one_of("scope", Scope),)


class SignInLink(Base):
    """A link that signs in once. `hash` is the keyed hash of the code in it."""

    __tablename__ = "sign_in_link"

    hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("app_user.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
