"""Passwords, session cookies and JWTs, by fastapi-users: the only module that imports it."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from typing import Any

import jwt
from fastapi import Request, Response
from fastapi.security import OAuth2PasswordRequestForm
from fastapi_users import BaseUserManager, InvalidPasswordException, UUIDIDMixin
from fastapi_users.authentication import AuthenticationBackend, CookieTransport, JWTStrategy
from fastapi_users.authentication.strategy.db import AccessTokenDatabase, DatabaseStrategy
from fastapi_users.db import BaseUserDatabase
from fastapi_users.jwt import decode_jwt, generate_jwt
from fastapi_users.password import PasswordHelper
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from flowo.accounts.models import Session, SignInLink, User
from flowo.accounts.tokens import keyed_text
from flowo.db.engine import Database
from flowo.errors import Invalid
from flowo.settings import Settings

COOKIE = "flowo_session"
USER_AUDIENCE = "flowo:user"
OWNER_AUDIENCE = "flowo:owner"
OWNER_SECONDS = 60
PASSWORD_MIN, PASSWORD_MAX = 10, 1024

# mypy does not take a Mapped[str] for the str that fastapi-users' protocols ask for: User and Session are meant.
AnyUser = Any
AnySession = Any

_helper = PasswordHelper()
# Argon2 takes 64 MiB and tens of milliseconds each time: two at once is what a small machine bears.
_hashing = asyncio.Semaphore(2)
_nobody: str | None = None


class Users(BaseUserDatabase[AnyUser, uuid.UUID]):
    """Users, each statement in a short transaction of its own: no connection is held while a password is hashed."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def get(self, id: uuid.UUID) -> User | None:
        async with self.database.session() as session:
            return await session.get(User, id)

    async def get_by_email(self, email: str) -> User | None:
        async with self.database.session() as session:
            found: User | None = await session.scalar(select(User).where(func.lower(User.email) == func.lower(email)))
        return found

    async def update(self, user: User, update_dict: dict[str, Any]) -> User:
        async with self.database.session() as session:
            changed = await session.execute(
                update(User).where(User.id == user.id).values(**update_dict).returning(User)
            )
            return changed.scalar_one()


class Sessions(AccessTokenDatabase[AnySession]):
    """Sessions by the keyed hash of what the cookie holds."""

    def __init__(self, database: Database, secret: str) -> None:
        self.database, self.secret = database, secret

    async def get_by_token(self, token: str, max_age: dt.datetime | None = None) -> Session | None:
        query = select(Session).where(Session.token == keyed_text(self.secret, "session", token))
        if max_age is not None:
            query = query.where(Session.created_at >= max_age)
        async with self.database.session() as session:
            found: Session | None = await session.scalar(query)
        return found

    async def create(self, create_dict: dict[str, Any]) -> Session:
        """The answer holds the plain token, since the strategy puts that into the cookie; the row does not."""
        plain = create_dict["token"]
        async with self.database.session() as session:
            session.add(Session(user_id=create_dict["user_id"], token=keyed_text(self.secret, "session", plain)))
        return Session(user_id=create_dict["user_id"], token=plain)

    async def update(self, access_token: Session, update_dict: dict[str, Any]) -> Session:
        raise NotImplementedError("a session does not change")

    async def delete(self, access_token: Session) -> None:
        async with self.database.session() as session:
            await session.execute(delete(Session).where(Session.token == access_token.token))


class UserManager(UUIDIDMixin, BaseUserManager[AnyUser, uuid.UUID]):
    """Nobody registers and nothing is sent by mail: accounts come from the local administrator and invitations."""

    async def authenticate(self, credentials: OAuth2PasswordRequestForm) -> User | None:
        return await self.identify(credentials.username, credentials.password)

    async def identify(self, email: str, password: str) -> User | None:
        """Off the event loop, unlike the base class, and as slow for an unknown or passwordless user as for others."""
        user: User | None = None
        if storable(email):
            user = await self.user_db.get_by_email(email)
        known = user is not None and user.password_set_at is not None
        hashed = user.hashed_password if user is not None and known else await _nobodys_hash()
        fits, better = await verify(password, hashed)
        if user is None or not known or not fits or not user.is_active:
            return None
        if better is not None:
            user = await self.user_db.update(user, {"hashed_password": better})
        return user

    async def validate_password(self, password: str, user: Any) -> None:
        if len(password) < PASSWORD_MIN:
            raise InvalidPasswordException(f"A password has at least {PASSWORD_MIN} characters.")
        if user.email.lower() in password.lower():
            raise InvalidPasswordException("A password does not contain the e-mail address.")


def storable(text: str) -> bool:
    """PostgreSQL takes no NUL, and UTF-8 no lone surrogate."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


async def verify(password: str, hashed: str) -> tuple[bool, str | None]:
    """Whether it fits, and a better hash where the old one is of yesterday's parameters."""
    async with _hashing:
        return await asyncio.to_thread(_helper.verify_and_update, password, hashed)


async def hash_password(password: str) -> str:
    async with _hashing:
        return await asyncio.to_thread(_helper.hash, password)


async def _nobodys_hash() -> str:
    """A hash that nobody has the password of, so that a wrong name costs the time of a wrong password."""
    global _nobody
    if _nobody is None:
        _nobody = await hash_password(_helper.generate())
    return _nobody


class EpochJWTStrategy(JWTStrategy[AnyUser, uuid.UUID]):
    """A JWT that carries its user's epoch and dies when that is raised."""

    async def write_token(self, user: User) -> str:
        claims = {"sub": str(user.id), "epoch": user.epoch, "aud": self.token_audience}
        return generate_jwt(claims, self.encode_key, self.lifetime_seconds, algorithm=self.algorithm)

    async def read_token(self, token: str | None, user_manager: BaseUserManager[AnyUser, uuid.UUID]) -> User | None:
        known = read_jwt(str(self.decode_key), token) if token is not None else None
        if known is None:
            return None
        user = await user_manager.user_db.get(known[0])
        return user if user is not None and user.epoch == known[1] else None


def read_jwt(secret: str, token: str) -> tuple[uuid.UUID, int] | None:
    """Whose JWT it is and of which epoch; whether that epoch still holds, the query of the gate asks."""
    try:
        claims = decode_jwt(token, secret, [USER_AUDIENCE])
        epoch = claims["epoch"]
        if "exp" not in claims or type(epoch) is not int or not 0 <= epoch < 2**31:
            return None
        return uuid.UUID(claims["sub"]), epoch
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, AttributeError):
        return None


def is_owner_jwt(secret: str, token: str) -> bool:
    """What whoever can read the secret shows through the unix socket. Only of at most a minute: such a JWT is made for
    one call and never kept."""
    try:
        claims = decode_jwt(token, secret, [OWNER_AUDIENCE])
        return 0 < int(claims["exp"]) - int(claims["iat"]) <= OWNER_SECONDS
    except (jwt.PyJWTError, KeyError, ValueError, TypeError):
        return False


def manager(database: Database) -> UserManager:
    return UserManager(Users(database), _helper)


def jwt_strategy(secret: str, settings: Settings) -> EpochJWTStrategy:
    return EpochJWTStrategy(secret, settings.jwt_minutes * 60, [USER_AUDIENCE])


def session_strategy(
    database: Database, secret: str, settings: Settings
) -> DatabaseStrategy[AnyUser, uuid.UUID, AnySession]:
    return DatabaseStrategy(Sessions(database, secret), settings.session_days * 86_400)


def _backend(request: Request, settings: Settings) -> AuthenticationBackend[AnyUser, uuid.UUID]:
    """Made for each request, since Secure follows from how the browser reached us."""
    secure = request.url.scheme == "https" or (settings.public_url or "").startswith("https:")
    transport = CookieTransport(
        cookie_name=COOKIE,
        cookie_max_age=settings.session_days * 86_400,
        cookie_path=settings.base_path or "/",
        cookie_secure=secure,
        cookie_httponly=True,
        cookie_samesite="lax",
    )
    state = request.app.state
    return AuthenticationBackend("session", transport, lambda: session_strategy(state.database, state.secret, settings))


async def sign_in(request: Request, user: User) -> Response:
    """204 with the cookie of a new session. The user's sessions that ran out are swept on the way."""
    state = request.app.state
    settings: Settings = state.settings
    database: Database = state.database
    oldest = func.now() - dt.timedelta(days=settings.session_days)
    async with database.session() as session:
        await session.execute(delete(Session).where(Session.user_id == user.id, Session.created_at < oldest))
    return await _backend(request, settings).login(session_strategy(database, state.secret, settings), user)


async def sign_out(request: Request, session_key: str | None) -> Response:
    """204 that takes the cookie away; the session itself is deleted by its key."""
    state = request.app.state
    settings: Settings = state.settings
    database: Database = state.database
    if session_key is not None:
        async with database.session() as session:
            await session.execute(delete(Session).where(Session.token == session_key))
    return await _backend(request, settings).transport.get_logout_response()


async def new_hash(user: User, password: str, database: Database) -> str:
    """The hash of a password that is good enough, else what is wrong with it."""
    try:
        await manager(database).validate_password(password, user)
    except InvalidPasswordException as error:
        raise Invalid(str(error.reason), "body", "new") from error
    if "\0" in password:
        raise Invalid("A password holds no NUL character.", "body", "new")
    return await hash_password(password)


async def end_all(session: AsyncSession, user_id: uuid.UUID, keep: str | None = None) -> None:
    """Ends what signs the user in: JWTs by the epoch, sessions but the one to keep, links not yet used."""
    await session.execute(update(User).where(User.id == user_id).values(epoch=User.epoch + 1))
    ended = delete(Session).where(Session.user_id == user_id)
    await session.execute(ended if keep is None else ended.where(Session.token != keep))
    await session.execute(delete(SignInLink).where(SignInLink.user_id == user_id))
