"""Personal access tokens: what is refused first, then their life from making to revoking."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from sqlalchemy import event, func, select, update

from flowo.accounts import tokens
from flowo.accounts.models import Token
from flowo.accounts.schemas import Role, Scope
from flowo.db.engine import Database
from tests.server.accounts_app import SECRET, bearer, client, cookie, make_app, membership, person, token


def test_the_form_of_a_token() -> None:
    made = {tokens.new_token() for _ in range(200)}
    assert len(made) == 200
    for one in made:
        assert len(one) == 6 + 37 + 6
        assert tokens.well_formed(one)
    good = made.pop()
    assert not tokens.well_formed(good[:-1])
    assert not tokens.well_formed(good + "0")
    assert not tokens.well_formed(good.replace("flowo_", "flowa_"))
    for place in range(6, len(good)):
        other = "0" if good[place] != "0" else "1"
        assert not tokens.well_formed(good[:place] + other + good[place + 1 :]), place
    for strange in ("", "flowo_", "flowo_" + "é" * 43, "flowo_" + "\0" * 43, "flowo_" + "_" * 43):
        assert not tokens.well_formed(strange)


def test_a_hash_belongs_to_one_secret_and_one_purpose() -> None:
    one = tokens.new_token()
    assert tokens.keyed(SECRET, "token", one) != tokens.keyed(SECRET + "x", "token", one)
    assert tokens.keyed(SECRET, "token", one) != tokens.keyed(SECRET, "link", one)
    assert len(tokens.keyed_text(SECRET, "session", one)) == 43


async def test_tokens_that_are_none(database: Database) -> None:
    ada = await person(database, "ada")
    live = await token(database, ada.user)
    late = await token(database, ada.user, expires_at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1))
    soon = await token(database, ada.user, expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1))
    gone = await token(database, ada.user)
    async with database.session() as session:
        await session.execute(
            update(Token).where(Token.hash == tokens.keyed(SECRET, "token", gone)).values(revoked_at=func.now())
        )
    async with client(make_app(database)) as http:
        for bad in (late, gone, tokens.new_token(), live[:-1], live + "x", live.upper()):
            answer = await http.get("/api/v1/me", headers=bearer(bad))
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
            assert bad not in answer.text
        for good in (live, soon):
            assert (await http.get("/api/v1/me", headers=bearer(good))).status_code == 200
        assert (await http.get(f"/api/v1/me?token={live}")).status_code == 401  # never in a URL


@pytest.mark.parametrize("scope", [Scope.ingest, Scope.read])
async def test_a_lesser_token_manages_none(database: Database, scope: Scope) -> None:
    ada = await person(database, "ada")
    async with client(make_app(database), headers=bearer(await token(database, ada.user, scope))) as http:
        assert (await http.get("/api/v1/tokens")).status_code == 403
        assert (await http.post("/api/v1/tokens", json={"name": "t", "scope": "ingest"})).status_code == 403
        async with database.session() as session:
            known = (await session.scalars(select(Token.id))).one()
        assert (await http.delete(f"/api/v1/tokens/{known}")).status_code == 403


async def test_a_token_never_makes_a_wider_one(database: Database) -> None:
    ada, eve = await person(database, "ada"), await person(database, "eve")
    other = await membership(database, ada.user, Role.owner)
    ends = dt.datetime.now(dt.UTC) + dt.timedelta(days=7)
    narrow = bearer(await token(database, ada.user, workspace_id=ada.workspace, expires_at=ends))
    elsewhere = await token(database, ada.user, workspace_id=other)
    async with client(make_app(database)) as http:
        for workspace in (None, "w-none", eve.slug):
            answer = await http.post("/api/v1/tokens", json={"name": "t", "workspace": workspace}, headers=narrow)
            assert answer.status_code == (403 if workspace is None else 404)
        made = await http.post(
            "/api/v1/tokens", json={"name": "t", "workspace": ada.slug, "expires_in_days": None}, headers=narrow
        )
        assert made.status_code == 201
        assert dt.datetime.fromisoformat(made.json()["expires_at"]) == ends
        seen = (await http.get("/api/v1/tokens", headers=narrow)).json()["items"]
        assert [one["workspace"] for one in seen] == [ada.slug, ada.slug]
        async with database.session() as session:
            hidden = await session.scalar(
                select(Token.id).where(Token.hash == tokens.keyed(SECRET, "token", elsewhere))
            )
        assert (await http.delete(f"/api/v1/tokens/{hidden}", headers=narrow)).status_code == 404
        assert (await http.get("/api/v1/me", headers=bearer(elsewhere))).status_code == 200


NO_BODIES: list[Any] = [
    {},
    {"name": ""},
    {"name": "   "},
    {"name": "a\0b"},
    {"name": "a\nb"},
    {"name": "\x1b[31m"},
    {"name": "a" * 101},
    {"name": 7},
    {"name": "t", "scope": "admin"},
    {"name": "t", "expires_in_days": 0},
    {"name": "t", "expires_in_days": 10**9},
    {"name": "t", "workspace": ["x"]},
    {"name": "t", "is_local": True},
    [],
    None,
]


async def test_bodies_that_are_none(database: Database) -> None:
    ada = await person(database, "ada")
    async with client(make_app(database), headers=bearer(await token(database, ada.user))) as http:
        for body in NO_BODIES:
            assert (await http.post("/api/v1/tokens", json=body)).status_code == 422, body
        for raw in (b'{"name": "\\ud800"}', b'{"name": "t", "workspace": "\\ud800"}', b"{", b'{"name": "\xff"}'):
            answer = await http.post("/api/v1/tokens", content=raw, headers={"Content-Type": "application/json"})
            assert answer.status_code in (400, 404, 422), raw
        assert (await http.post("/api/v1/tokens", json={"name": "t", "workspace": "a\0b"})).status_code == 404
        assert (await http.delete("/api/v1/tokens/x")).status_code == 422
        assert (await http.delete(f"/api/v1/tokens/{uuid.uuid4()}")).status_code == 404


async def test_a_life(database: Database) -> None:
    ada, eve = await person(database, "ada"), await person(database, "eve")
    app = make_app(database)
    async with client(app, headers={"Origin": "http://flowo.test"}) as http:
        http.cookies.set("flowo_session", await cookie(database, ada.user))
        answer = await http.post("/api/v1/tokens", json={"name": " my laptop "})
        assert answer.status_code == 201
        assert answer.headers["cache-control"] == "no-store"
        made = answer.json()
        assert (made["name"], made["scope"], made["workspace"]) == ("my laptop", "ingest", None)
        assert made["token"].endswith(made["last4"])
        left = dt.datetime.fromisoformat(made["expires_at"]) - dt.datetime.now(dt.UTC)
        assert dt.timedelta(days=89) < left <= dt.timedelta(days=90)
        assert (await http.post("/api/v1/tokens", json={"name": "e", "expires_in_days": None})).json()[
            "expires_at"
        ] is None
        listed = (await http.get("/api/v1/tokens")).json()
        assert [one["name"] for one in listed["items"]] == ["e", "my laptop"]
        assert listed["next"] is None
        assert made["token"] not in str(listed)
        assert "hash" not in str(listed)

    use = bearer(made["token"])
    async with client(app, headers=bearer(await token(database, eve.user))) as http:
        assert (await http.post("/api/place", headers=use)).json() == str(ada.workspace)
        assert (await http.delete(f"/api/v1/tokens/{made['id']}")).status_code == 404  # another's
        assert (await http.post("/api/place", headers=use)).status_code == 200

    async with client(app, headers=bearer(await token(database, ada.user))) as http:
        assert (await http.delete(f"/api/v1/tokens/{made['id']}")).status_code == 204
        assert (await http.delete(f"/api/v1/tokens/{made['id']}")).status_code == 404
        assert app.state.changed == [ada.user.id]
        assert (await http.post("/api/place", headers=use)).status_code == 401
        assert made["id"] not in str((await http.get("/api/v1/tokens")).json())


async def test_authentication_is_one_query_and_now_and_then_a_write(database: Database) -> None:
    ada = await person(database, "ada")
    program = bearer(await token(database, ada.user, Scope.read))
    held = {"Cookie": f"flowo_session={await cookie(database, ada.user)}"}
    statements: list[str] = []

    @event.listens_for(database.engine.sync_engine, "before_cursor_execute")
    def count(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement.split()[0])

    async with client(make_app(database)) as http:
        for headers, expected in (
            (program, ["SELECT", "UPDATE"]),
            (program, ["SELECT"]),
            (held, ["SELECT"]),
            (bearer(tokens.new_token()), ["SELECT"]),
            (bearer("flowo_typo"), []),
        ):
            statements.clear()
            await http.get("/api/readable", headers=headers)
            assert statements == expected
        async with database.session() as session:
            await session.execute(update(Token).values(last_used_at=Token.last_used_at - dt.timedelta(minutes=6)))
        statements.clear()
        await http.get("/api/readable", headers=program)
        assert statements == ["SELECT", "UPDATE"]
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_no_connection_is_held_during_the_request(database: Database) -> None:
    ada = await person(database, "ada")
    app = make_app(database)
    seen: list[int] = []

    @app.get("/api/held")
    async def held() -> None:
        seen.append(database.engine.pool.checkedout())  # type: ignore[attr-defined]

    async with client(app, headers=bearer(await token(database, ada.user))) as http:
        assert (await http.get("/api/held")).status_code == 200
    assert seen == [0]
