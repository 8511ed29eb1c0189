"""The one place that decides who may do what: pure, no SQL, no HTTP."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from flowo.accounts.schemas import Role, Scope
from flowo.errors import Forbidden, NotFound

Kind = Literal["session", "jwt", "token", "owner"]


class Action(enum.StrEnum):
    read = "read"
    """See runs, their jobs, files and logs, and the stream of them."""
    ingest = "ingest"
    """Send events and heartbeats, hear what the server would like to have."""
    edit = "edit"
    """Name, tags, note; declare a lost run ended."""
    delete = "delete"
    """Remove runs for good."""
    administer = "administer"
    """Members and settings of the workspace."""


ROLES: Final[Mapping[Role, frozenset[Action]]] = {
    Role.viewer: frozenset({Action.read}),
    # A member deletes too: whoever may send a run must be able to take back a wrong one.
    Role.member: frozenset({Action.read, Action.ingest, Action.edit, Action.delete}),
    Role.owner: frozenset(Action),
}
SCOPES: Final[Mapping[Scope, frozenset[Action]]] = {
    # A token that lies beside a workflow can write runs and can read none, not even those it wrote.
    Scope.ingest: frozenset({Action.ingest}),
    Scope.read: frozenset({Action.read}),
    Scope.full: frozenset(Action),
}


@dataclass(frozen=True)
class Caller:
    """Who asks, as the gate found it. `workspaces` is narrowed already where a token is for one workspace only.

    A superuser administers the server (links, users later); it opens nobody else's workspace.
    """

    user_id: uuid.UUID
    name: str
    workspaces: Mapping[uuid.UUID, Role]
    scope: Scope
    is_superuser: bool
    kind: Kind
    token_id: uuid.UUID | None = None
    session_key: str | None = field(default=None, repr=False)
    slugs: Mapping[uuid.UUID, str] = field(default_factory=dict)


def may(caller: Caller, action: Action, workspace_id: uuid.UUID | None) -> bool:
    """The decision. A workspace that does not exist, or None, is one that nobody may do anything in."""
    if workspace_id is None or action not in SCOPES[caller.scope]:
        return False
    role = caller.workspaces.get(workspace_id)
    return role is not None and action in ROLES[role]


def require_scope(caller: Caller, action: Action) -> None:
    """What no workspace could allow to this credential is refused before any is looked at."""
    if action not in SCOPES[caller.scope]:
        raise Forbidden(f"This token has the scope “{caller.scope}”, which does not allow to {action}.")


def require(caller: Caller, action: Action, workspace_id: uuid.UUID | None, what: str = "It") -> None:
    """404 for what the caller may not see, whether it exists or not; 403 for what it may see and not do."""
    require_scope(caller, action)
    if workspace_id is None or workspace_id not in caller.workspaces:
        raise NotFound(f"{what} does not exist, or you may not see it.")
    if not may(caller, action, workspace_id):
        raise Forbidden(f"As {caller.workspaces[workspace_id]} of this workspace you may not {action} there.")


def within(caller: Caller, action: Action) -> frozenset[uuid.UUID]:
    """The workspaces in which the caller may do this."""
    return frozenset(workspace for workspace in caller.workspaces if may(caller, action, workspace))


def readable(caller: Caller) -> frozenset[uuid.UUID]:
    """The workspaces whose runs a query may return. 403 for a scope that reads nothing: an empty list would say
    that there are no runs."""
    require_scope(caller, Action.read)
    return within(caller, Action.read)


def place(caller: Caller, slug: str | None = None) -> uuid.UUID:
    """The workspace of a new run: the one asked for, else the caller's own (the first in which it is owner), else
    the first it may send to."""
    require_scope(caller, Action.ingest)
    if slug is not None:
        wanted = next((workspace for workspace, name in caller.slugs.items() if name == slug), None)
        require(caller, Action.ingest, wanted, f"The workspace “{slug}”")
        assert wanted is not None
        return wanted
    possible = [workspace for workspace in caller.workspaces if may(caller, Action.ingest, workspace)]
    if not possible:
        raise Forbidden("There is no workspace to which you may send runs.")
    return next((workspace for workspace in possible if caller.workspaces[workspace] is Role.owner), possible[0])


def require_person(caller: Caller) -> None:
    """Passwords and sign-ins belong to people: a token that could change them would make itself a session."""
    if caller.kind == "token":
        raise Forbidden("A token cannot do this: sign in.")


def require_full(caller: Caller) -> None:
    """Tokens are managed by people and by tokens of full scope."""
    if caller.scope is not Scope.full:
        raise Forbidden(f"This token has the scope “{caller.scope}”; managing tokens needs “full”.")


def require_superuser(caller: Caller) -> None:
    require_person(caller)
    if not caller.is_superuser:
        raise Forbidden("Only an administrator of this server may do this.")


def require_narrower(caller: Caller, workspace_id: uuid.UUID | None, restricted_to: uuid.UUID | None) -> None:
    """A token never makes one that reaches further than itself. `restricted_to` is the calling token's workspace;
    its scope is full here, so there is no wider one."""
    require_full(caller)
    if restricted_to is not None and workspace_id != restricted_to:
        raise Forbidden("This token is for one workspace; it can make tokens for that one only: name it.")
