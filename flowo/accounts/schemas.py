"""What the API says of users, tokens and workspaces, in JSON: shapes only."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Line = Annotated[
    # PostgreSQL takes no NUL, and a name with line breaks or escapes would write into terminals and logs.
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class Role(enum.StrEnum):
    owner = "owner"
    member = "member"
    viewer = "viewer"


class Scope(enum.StrEnum):
    ingest = "ingest"
    read = "read"
    full = "full"


class WorkspaceRead(BaseModel):
    id: uuid.UUID
    slug: str
    name: str
    role: Role


class Me(BaseModel):
    """Who is signed in. `first_run` asks the page for what it shows while there is no run yet."""

    id: uuid.UUID
    name: str
    email: str
    is_superuser: bool
    workspaces: list[WorkspaceRead]
    now: dt.datetime


class SignInConfig(BaseModel):
    """What the sign-in page needs before anyone is known."""

    version: str
    password: bool = Field(description="Whether anyone has a password to sign in with.")
    local: bool = Field(description="Whether the local administrator signs in by a link (`flowo open`).")


class FirstRun(BaseModel):
    """What the first-run page shows with real values."""

    url: str
    host: str
    runs: int
    demo: bool = Field(description="Whether this server can run the demo workflow (Snakemake is installed beside it).")
    demo_running: bool
    socket: str | None = Field(description="The unix socket for the same user's clients; null where there is none.")
    data_dir: str
    plugin: str = Field(description="What to install beside Snakemake (a requirement for pip).")


class TokenCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: Line
    scope: Scope = Scope.ingest
    expires_in_days: int | None = Field(90, ge=1, le=3650, description="null: never.")
    workspace: str | None = Field(None, description="A workspace's slug; null: all of the user's.")


class TokenRead(BaseModel):
    id: uuid.UUID
    name: str
    scope: Scope
    workspace: str | None
    last4: str
    created_at: dt.datetime
    expires_at: dt.datetime | None
    last_used_at: dt.datetime | None


class TokenCreated(TokenRead):
    token: str = Field(description="Shown once; only its keyed hash is kept.")


class TokenList(BaseModel):
    items: list[TokenRead]
    next: None = Field(None, description="All of a user's tokens are one page.")


class Credentials(BaseModel):
    """The form of a sign-in, as OAuth 2.0 has it. Nothing else can be said in it."""

    model_config = ConfigDict(extra="forbid")
    username: str = Field(max_length=320, description="The e-mail address.")
    password: str = Field(max_length=1024)
    grant_type: Literal["password"] | None = None


class AccessToken(BaseModel):
    """A short-lived JWT for programs, in the form of OAuth 2.0."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="Seconds.")


class LinkCreate(BaseModel):
    model_config = ConfigDict(extra="forbid")
    minutes: int | None = Field(None, ge=1, le=24 * 60, description="null: the server's setting.")


class Link(BaseModel):
    """A link that signs in once."""

    url: str
    expires_at: dt.datetime


class PasswordChange(BaseModel):
    model_config = ConfigDict(extra="forbid")
    current: str | None = Field(None, max_length=1024, description="Not asked for while there is no password.")
    new: str = Field(max_length=1024)
