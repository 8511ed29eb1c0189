"""Who may do what: every action, role and scope, those who may not first; pure, then over HTTP with real tokens."""

from __future__ import annotations

import itertools
import uuid

import pytest
from sqlalchemy import delete

from flowo.accounts.access import (
    Action,
    Caller,
    may,
    place,
    readable,
    require,
    require_full,
    require_narrower,
    require_person,
    require_superuser,
    within,
)
from flowo.accounts.models import Membership
from flowo.accounts.schemas import Role, Scope
from flowo.db.engine import Database
from flowo.errors import Forbidden, NotFound
from tests.server.accounts_app import bearer, client, cookie, make_app, membership, person, token

HERE, THERE, NOWHERE = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()

# Written out a second time by hand: who may, everything else may not.
MAY = {
    (Scope.full, Role.owner): {"read", "ingest", "edit", "delete", "administer"},
    (Scope.full, Role.member): {"read", "ingest", "edit", "delete"},
    (Scope.full, Role.viewer): {"read"},
    (Scope.read, Role.owner): {"read"},
    (Scope.read, Role.member): {"read"},
    (Scope.read, Role.viewer): {"read"},
    (Scope.ingest, Role.owner): {"ingest"},
    (Scope.ingest, Role.member): {"ingest"},
    (Scope.ingest, Role.viewer): set(),
}
ALL = list(itertools.product(Scope, Role, Action))


def made(scope: Scope = Scope.full, role: Role = Role.owner, **more: object) -> Caller:
    values: dict[str, object] = {
        "user_id": uuid.uuid4(),
        "name": "ada",
        "workspaces": {HERE: role},
        "scope": scope,
        "is_superuser": False,
        "kind": "token",
        "slugs": {HERE: "here"},
    }
    return Caller(**(values | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(("scope", "role", "action"), ALL)
def test_the_table(scope: Scope, role: Role, action: Action) -> None:
    caller = made(scope, role)
    assert not may(caller, action, THERE)
    assert not may(caller, action, None)
    assert may(caller, action, HERE) is (action.value in MAY[scope, role])
    assert within(caller, action) == ({HERE} if action.value in MAY[scope, role] else set())


@pytest.mark.parametrize("action", Action)
def test_a_superuser_opens_nobody_elses_workspace(action: Action) -> None:
    assert not may(made(is_superuser=True), action, THERE)


@pytest.mark.parametrize(("scope", "action"), list(itertools.product(Scope, Action)))
def test_another_workspace_looks_like_none(scope: Scope, action: Action) -> None:
    def answer(workspace: uuid.UUID | None) -> tuple[type[Exception], str]:
        with pytest.raises((NotFound, Forbidden)) as raised:
            require(made(scope), action, workspace)
        return type(raised.value), str(raised.value)

    assert answer(THERE) == answer(NOWHERE) == answer(None)
    within_scope = action.value in MAY[scope, Role.owner]
    assert answer(THERE)[0] is (NotFound if within_scope else Forbidden)


def test_an_ingest_token_lists_nothing_and_is_told_so() -> None:
    with pytest.raises(Forbidden, match="ingest"):
        readable(made(Scope.ingest))
    assert readable(made(Scope.read)) == {HERE}


def test_where_a_new_run_goes() -> None:
    both = made(workspaces={THERE: Role.member, HERE: Role.owner}, slugs={THERE: "there", HERE: "here"})
    with pytest.raises(NotFound):
        place(both, "elsewhere")
    with pytest.raises(Forbidden):
        place(made(Scope.read))
    with pytest.raises(Forbidden):
        place(made(role=Role.viewer))
    with pytest.raises(Forbidden):
        place(made(role=Role.viewer), "here")
    assert place(both) == HERE
    assert place(both, "there") == THERE


def test_a_token_is_no_person() -> None:
    for check in (require_person, require_superuser):
        with pytest.raises(Forbidden):
            check(made(is_superuser=True))
    with pytest.raises(Forbidden):
        require_superuser(made(kind="session"))
    require_superuser(made(kind="session", is_superuser=True))
    require_superuser(made(kind="owner", is_superuser=True))


def test_a_token_makes_nothing_wider() -> None:
    for scope in (Scope.ingest, Scope.read):
        with pytest.raises(Forbidden):
            require_full(made(scope))
        with pytest.raises(Forbidden):
            require_narrower(made(scope), HERE, HERE)
    for workspace in (None, THERE):
        with pytest.raises(Forbidden):
            require_narrower(made(), workspace, HERE)
    require_narrower(made(), HERE, HERE)
    require_narrower(made(), HERE, None)


async def test_every_role_and_scope_over_http(database: Database) -> None:
    ada, eve = await person(database, "ada"), await person(database, "eve")
    places = {role: await membership(database, ada.user, role) for role in Role}
    app = make_app(database)
    async with client(app) as http:
        for scope in Scope:
            headers = bearer(await token(database, ada.user, scope))
            for action in Action:
                for foreign in (eve.workspace, NOWHERE):
                    answer = await http.get(f"/api/probe/{action}/{foreign}", headers=headers)
                    expected = 404 if action.value in MAY[scope, Role.owner] else 403
                    assert answer.status_code == expected, (scope, action)
                for role, workspace in places.items():
                    answer = await http.get(f"/api/probe/{action}/{workspace}", headers=headers)
                    expected = 200 if action.value in MAY[scope, role] else 403
                    assert answer.status_code == expected, (scope, role, action)


async def test_a_token_for_one_workspace_sees_that_one(database: Database) -> None:
    ada = await person(database, "ada")
    other = await membership(database, ada.user, Role.owner)
    app = make_app(database)
    headers = bearer(await token(database, ada.user, workspace_id=other))
    async with client(app) as http:
        assert (await http.get(f"/api/probe/read/{ada.workspace}", headers=headers)).status_code == 404
        assert (await http.get("/api/readable", headers=headers)).json() == [str(other)]
        assert (await http.post("/api/place", headers=headers)).json() == str(other)
        assert (await http.post(f"/api/place?slug={ada.slug}", headers=headers)).status_code == 404
        assert [w["id"] for w in (await http.get("/api/v1/me", headers=headers)).json()["workspaces"]] == [str(other)]


async def test_a_membership_that_ends_ends_at_once(database: Database) -> None:
    ada = await person(database, "ada")
    other = await membership(database, ada.user, Role.member)
    app = make_app(database)
    async with client(app) as http:
        narrow = bearer(await token(database, ada.user, workspace_id=other))
        http.cookies.set("flowo_session", await cookie(database, ada.user))
        assert (await http.get(f"/api/probe/read/{other}")).status_code == 200
        async with database.session() as session:
            await session.execute(delete(Membership).where(Membership.workspace_id == other))
        assert (await http.get(f"/api/probe/read/{other}")).status_code == 404
        assert (await http.get("/api/readable", headers=narrow)).json() == []
        assert (await http.post("/api/place", headers=narrow)).status_code == 403
