"""Signing in and out: who does not get in first, then cookies, JWTs and passwords."""

from __future__ import annotations

import asyncio
import datetime as dt
import itertools
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jwt
import pytest
from sqlalchemy import func, select, update

from flowo.accounts import links, users
from flowo.accounts.models import Session, User
from flowo.accounts.throttle import Throttle, TooMany
from flowo.db.engine import Database
from tests.server.accounts_app import ORIGIN, PASSWORD, SECRET, bearer, client, cookie, make_app, person, token
from tests.server.servers import Served


def form(username: str = "ada@lab.org", password: str = PASSWORD, **more: str) -> dict[str, str]:
    return {"username": username, "password": password} | more


NOT_IN: list[tuple[dict[str, str], int]] = [
    (form(password="wrong"), 401),
    (form(username="eve@lab.org"), 401),
    (form(username="link-only@lab.org", password="!"), 401),
    (form(username="left@lab.org"), 401),
    (form(username="ada@lab.org\0"), 401),
    (form(password=PASSWORD + "\0"), 401),
    (form(username="' OR 1=1 --"), 401),
    (form(is_superuser="true"), 422),
    (form(username="a" * 321), 422),
    (form(password="a" * 1025), 422),
    ({"username": "ada@lab.org"}, 422),
    ({}, 422),
]


async def test_who_does_not_get_in(database: Database) -> None:
    await person(database, "ada", password=PASSWORD)
    await person(database, "link-only")
    await person(database, "left", password=PASSWORD, is_active=False)
    async with client(make_app(database)) as http:
        for (sent, status), route in itertools.product(NOT_IN, ("login", "token")):
            answer = await http.post(f"/api/v1/auth/{route}", data=sent)
            assert answer.status_code == status, sent
            assert answer.headers["content-type"] == "application/problem+json"
            assert "set-cookie" not in answer.headers
            assert PASSWORD not in answer.text
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        for body in (
            b"username=%ED%A0%80&password=%ED%B0%80",
            b"username=%FF&password=%00",
            b"\xff\xfe",
            b"&&&=",
            b"{}",
        ):
            answer = await http.post("/api/v1/auth/login", content=body, headers=headers)
            assert answer.status_code in (401, 422), body


@pytest.mark.parametrize("path", ["/api/v1/auth/login", "/api/v1/auth/token"])
async def test_a_form_without_end_is_not_read(served: Served, path: str) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    async def pieces() -> AsyncIterator[bytes]:
        yield b"username="
        for _ in range(20):
            yield b"a" * 100_000

    async with httpx.AsyncClient(base_url=served.url) as stranger:
        for content in (b"username=" + b"a" * 2_000_000, pieces()):
            answer = await stranger.post(path, content=content, headers=headers)
            assert answer.status_code in (400, 413), answer.text
            assert answer.headers["content-type"] == "application/problem+json"


async def test_nobody_registers(database: Database) -> None:
    body = {"email": "eve@lab.org", "password": PASSWORD, "is_superuser": True}
    eve = await person(database, "eve")
    async with client(make_app(database)) as http:
        program = bearer(await token(database, eve.user))
        for path in ("register", "forgot-password", "reset-password", "verify", "request-verify-token"):
            assert (await http.post(f"/api/v1/auth/{path}", json=body)).status_code == 401
            assert (await http.post(f"/api/v1/auth/{path}", json=body, headers=program)).status_code == 404
        http.headers.update(program)
        for method in ("PATCH", "PUT", "POST"):
            assert (await http.request(method, "/api/v1/me", json=body)).status_code == 405
        for target, wider in (
            ("/api/v1/tokens", {"name": "t", "is_superuser": True}),
            ("/api/v1/tokens", {"name": "t", "user_id": str(eve.user.id)}),
            ("/api/v1/auth/password", {"new": PASSWORD, "is_superuser": True}),
            ("/api/v1/auth/links", {"user_id": str(eve.user.id)}),
        ):
            assert (await http.post(target, json=wider)).status_code == 422, target
    async with database.session() as session:
        assert (await session.scalars(select(User.is_superuser))).all() == [False]


async def test_a_session_from_sign_in_to_sign_out(database: Database) -> None:
    await person(database, "ada", password=PASSWORD)
    async with client(make_app(database)) as http:
        answer = await http.post("/api/v1/auth/login", data=form(username="ADA@lab.org"))
        assert answer.status_code == 204
        set_cookie = answer.headers["set-cookie"].lower()
        assert "flowo_session=" in set_cookie
        for part in ("httponly", "samesite=lax", "path=/;", "max-age=2592000"):
            assert part in set_cookie, part
        assert "secure" not in set_cookie
        me = (await http.get("/api/v1/me")).json()
        assert (me["email"], [w["role"] for w in me["workspaces"]]) == ("ada@lab.org", ["owner"])
        held = http.cookies["flowo_session"]
        async with database.session() as session:
            assert held not in (await session.scalars(select(Session.token))).one()
        assert (await http.post("/api/v1/auth/logout")).status_code == 403
        out = await http.post("/api/v1/auth/logout", headers=ORIGIN)
        assert out.status_code == 204
        assert "max-age=0" in out.headers["set-cookie"].lower()
        assert (await http.get("/api/v1/me", headers={"Cookie": f"flowo_session={held}"})).status_code == 401


@pytest.mark.parametrize(
    ("base", "settings", "parts"),
    [
        ("https://flowo.test", {}, {"secure", "path=/"}),
        ("http://flowo.test", {"public_url": "https://flowo.lab.org"}, {"secure", "path=/"}),
        ("http://flowo.test", {"base_path": "/flowo"}, {"path=/flowo"}),
    ],
)
async def test_the_cookie_fits_the_way_in(
    database: Database, base: str, settings: dict[str, Any], parts: set[str]
) -> None:
    await person(database, "ada", password=PASSWORD)
    async with client(make_app(database, **settings), base) as http:
        answer = await http.post("/api/v1/auth/login", data=form())
    found = {part.strip() for part in answer.headers["set-cookie"].lower().split(";")}
    assert found >= parts
    assert ("secure" in found) is ("secure" in parts)


async def test_a_session_runs_out(database: Database) -> None:
    ada = await person(database, "ada", password=PASSWORD)
    async with client(make_app(database), cookies={"flowo_session": await cookie(database, ada.user)}) as http:
        assert (await http.get("/api/v1/me")).status_code == 200
        async with database.session() as session:
            await session.execute(update(Session).values(created_at=func.now() - dt.timedelta(days=30, seconds=1)))
        assert (await http.get("/api/v1/me")).status_code == 401
        await http.post("/api/v1/auth/login", data=form())
    async with database.session() as session:
        assert await session.scalar(select(func.count()).select_from(Session)) == 1  # the old one was swept


async def test_who_left_is_out_at_once(database: Database) -> None:
    ada = await person(database, "ada", password=PASSWORD)
    held = {"Cookie": f"flowo_session={await cookie(database, ada.user)}"}
    program = bearer(await token(database, ada.user))
    async with client(make_app(database)) as http:
        brief = bearer((await http.post("/api/v1/auth/token", data=form())).json()["access_token"])
        for headers in (held, program, brief):
            assert (await http.get("/api/v1/me", headers=headers)).status_code == 200
        async with database.session() as session:
            await session.execute(update(User).values(is_active=False))
        for headers in (held, program, brief):
            assert (await http.get("/api/v1/me", headers=headers)).status_code == 401


async def test_signing_out_everywhere(database: Database) -> None:
    ada, eve = await person(database, "ada", password=PASSWORD), await person(database, "eve")
    app = make_app(database)
    others = {"Cookie": f"flowo_session={await cookie(database, eve.user)}"}
    second = {"Cookie": f"flowo_session={await cookie(database, ada.user)}"}
    program = bearer(await token(database, ada.user))
    async with database.session() as session:
        link = await links.make_link(session, SECRET, "", 30, ada.user.id)
    async with client(app) as http:
        brief = bearer((await http.post("/api/v1/auth/token", data=form())).json()["access_token"])
        await http.post("/api/v1/auth/login", data=form())
        assert (await http.post("/api/v1/auth/logout-everywhere", headers=program)).status_code == 403
        assert (await http.get("/api/v1/me", headers=brief)).status_code == 200
        assert (await http.post("/api/v1/auth/logout-everywhere", headers=ORIGIN)).status_code == 204
        http.cookies.clear()
        assert app.state.changed == [ada.user.id]
        for headers in (second, brief):
            assert (await http.get("/api/v1/me", headers=headers)).status_code == 401
        assert (await http.get(link)).status_code == 410
        for headers in (program, others):
            assert (await http.get("/api/v1/me", headers=headers)).status_code == 200


async def test_a_jwt_of_another_maker_is_none(database: Database) -> None:
    ada = await person(database, "ada", password=PASSWORD)
    good = {"sub": str(ada.user.id), "epoch": 0, "aud": users.USER_AUDIENCE, "exp": 4_000_000_000}
    async with client(make_app(database)) as http:
        for claims, secret in (
            (good, "another secret, also long enough for HS256"),
            (good | {"exp": 1}, SECRET),
            (good | {"exp": None}, SECRET),
            (good | {"aud": "fastapi-users:auth"}, SECRET),
            (good | {"aud": users.OWNER_AUDIENCE}, SECRET),
            (good | {"epoch": 1}, SECRET),
            (good | {"epoch": True}, SECRET),
            (good | {"epoch": 2**40}, SECRET),
            (good | {"epoch": None}, SECRET),
            (good | {"sub": "x"}, SECRET),
            (good | {"sub": 7}, SECRET),
            (good | {"sub": None}, SECRET),
        ):
            sent = jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, "HS256")
            assert (await http.get("/api/v1/me", headers=bearer(sent))).status_code == 401, claims
        unsigned = jwt.encode(good, "", "none")
        assert (await http.get("/api/v1/me", headers=bearer(unsigned))).status_code == 401
        assert (await http.get("/api/v1/me", headers=bearer(jwt.encode(good, SECRET, "HS256")))).status_code == 200


async def test_passwords(database: Database) -> None:
    ada = await person(database, "ada")
    app = make_app(database)
    path = "/api/v1/auth/password"
    async with client(app) as http:
        assert (await http.get("/api/v1/auth/config")).json()["password"] is False
        program = bearer(await token(database, ada.user))
        assert (await http.post(path, json={"new": PASSWORD}, headers=program)).status_code == 403
        other = {"Cookie": f"flowo_session={await cookie(database, ada.user)}"}
        mine = {"Cookie": f"flowo_session={await cookie(database, ada.user)}"} | ORIGIN
        for new in ("short", "ada@lab.org1", "nul\0nul\0nul\0", "a" * 1025):
            assert (await http.post(path, json={"new": new}, headers=mine)).status_code == 422, new
        half = b'{"new": "half a character \\ud800"}'
        json_headers = mine | {"Content-Type": "application/json"}
        assert (await http.post(path, content=half, headers=json_headers)).status_code == 422
        assert (await http.post(path, json={"new": PASSWORD}, headers=mine)).status_code == 204
        assert (await http.get("/api/v1/me", headers=other)).status_code == 401
        assert app.state.changed == [ada.user.id]
        for current in (None, "", "wrong", "\0"):
            sent = {"new": "another " + PASSWORD, "current": current}
            assert (await http.post(path, json=sent, headers=mine)).status_code == 403, current
        new = "another " + PASSWORD
        assert (await http.post(path, json={"new": new, "current": PASSWORD}, headers=mine)).status_code == 204
        assert (await http.post("/api/v1/auth/login", data=form())).status_code == 401
        assert (await http.post("/api/v1/auth/login", data=form(password=new))).status_code == 204
        assert (await http.get("/api/v1/auth/config")).json() == {"version": "3.0.0", "password": True, "local": False}


async def test_guessing_is_slowed(database: Database) -> None:
    await person(database, "ada", password=PASSWORD)
    app = make_app(database)
    async with client(app) as http:

        async def guess(password: str, name: str = "ada@lab.org") -> httpx.Response:
            return await http.post("/api/v1/auth/login", data=form(name, password))

        for _ in range(9):
            assert (await guess("wrong")).status_code == 401
        assert (await guess(PASSWORD)).status_code == 204  # a success forgets the failures
        answers = await asyncio.gather(*(guess("wrong") for _ in range(14)))
        assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 4
        refused = await guess(PASSWORD, "Ada@lab.org")
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert (await guess("wrong", "eve@lab.org")).status_code == 401  # others are not kept out


def test_the_throttle_forgets_and_stays_small() -> None:
    now = 0.0
    throttle = Throttle(2, 60, most=3, clock=lambda: now)
    throttle.attempt("a")
    now = 30.0
    throttle.attempt("a")
    with pytest.raises(TooMany, match="31 s"):
        throttle.attempt("a")
    now = 60.0
    throttle.attempt("a")
    for name in "bcd":
        throttle.attempt(name)
    assert len(throttle._attempts) == 3
