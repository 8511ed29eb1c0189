"""The gate: who is nobody hears 401 before anything else, a forged write 403, and no header makes a 500."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
import uuid
from pathlib import Path
from typing import Any

import jwt
import pytest
from fastapi import FastAPI
from snakemake_logger_plugin_flowo.owner import owner_token
from sqlalchemy import func, select, update

from flowo.accounts import tokens, users, workspaces
from flowo.accounts.models import Token, User
from flowo.accounts.schemas import Scope
from flowo.db.engine import Database
from tests.server.accounts_app import PASSWORD, SECRET, bearer, client, cookie, make_app, person, token

SOCKET = {"server": ("/run/flowo.sock", None), "client": None}


async def asked(app: FastAPI, path: str, headers: list[tuple[bytes, bytes]], **more: Any) -> tuple[int, bytes]:
    """One request as ASGI, past what a client library would refuse to send."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 3100),
    } | more
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api"),
        ("GET", "/api/"),
        ("GET", "/api/unknown"),
        ("POST", "/api/v1/auth/config"),
        ("OPTIONS", "/api/v1/me"),
        ("GET", "/api/v1/me"),
        ("GET", "/api/v1/me/"),
        ("POST", "/api/forgotten"),
        ("GET", "/api/probe/nonsense/not-a-uuid"),
        ("DELETE", "/api/v1/tokens/not-a-uuid"),
        ("POST", "/api/v1/tokens"),
        ("POST", "/api/v1/auth/links"),
        ("POST", "/api/v1/auth/logout"),
        ("POST", "/api/v1/auth/logout-everywhere"),
        ("POST", "/api/v1/auth/password"),
        ("GET", "/api/open-by-mistake"),
    ],
)
async def test_nobody_hears_401_before_anything_else(method: str, path: str) -> None:
    async with client(make_app(None)) as http:  # no database: it is not even asked
        answer = await http.request(method, path, content=b"{not json")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["status"] == 401


async def test_somebody_hears_what_it_is(database: Database) -> None:
    ada = await person(database, "ada")
    async with client(make_app(database), headers=bearer(await token(database, ada.user))) as http:
        assert (await http.get("/api/unknown")).status_code == 404
        assert (await http.put("/api/v1/me")).status_code == 405
        assert (await http.get("/api/probe/nonsense/not-a-uuid")).status_code == 422
        assert (await http.post("/api/forgotten", content=b"x")).json() == {"body": "x"}


async def test_public_is_what_the_openapi_says(database: Database) -> None:
    app = make_app(database)
    async with client(app) as http:
        assert (await http.get("/page")).status_code == 200
        assert (await http.get("/api/v1/auth/config")).status_code == 200
        schema = (await http.get("/api/openapi.json")).json()
    public = {
        (method.upper(), path)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if "public" in operation.get("tags", ())
    }
    assert public - {("GET", "/api/open-by-mistake")} == {
        ("POST", "/api/v1/auth/login"),
        ("POST", "/api/v1/auth/token"),
        ("GET", "/api/v1/auth/config"),
        ("GET", "/open/{code}"),
    }
    assert schema["paths"]["/api/v1/me"]["get"]["security"]
    assert schema["paths"]["/api/v1/me"]["get"]["operationId"] == "me"


async def test_garbage_for_a_bearer_is_401_even_beside_a_cookie(database: Database) -> None:
    ada = await person(database, "ada")
    app = make_app(database)
    held = (b"cookie", f"flowo_session={await cookie(database, ada.user)}".encode())
    assert (await asked(app, "/api/v1/me", [held]))[0] == 200
    for value in (
        b"Bearer",
        b"Bearer ",
        b"Bearer \x00",
        b"Bearer flowo_\x00",
        b"Bearer \xff\xfe",
        b"Bearer a.b.c",
        b"Bearer eyJhbGciOiJub25lIn0.e30.",
        b"bearer " + b"x" * 100_000,
        b"Bearer flowo_" + b"\xe9" * 43,
        b"Bearer flowo_" + b"0" * 43,
    ):
        assert (await asked(app, "/api/v1/me", [(b"authorization", value), held]))[0] == 401, value
        assert (await asked(app, "/api/v1/me", [held, (b"authorization", value)]))[0] == 401, value


async def test_garbage_for_a_cookie_is_401(database: Database) -> None:
    app = make_app(database)
    for value in (
        b"flowo_session=\x00",
        b"flowo_session=\xff",
        b"flowo_session=",
        b"flowo_session",
        b"=;;=",
        b"\x00" * 9,
    ):
        assert (await asked(app, "/api/v1/me", [(b"cookie", value)]))[0] == 401, value


async def test_another_scheme_is_not_ours(database: Database) -> None:
    """A proxy that asks for a password of its own passes it on beside our cookie."""
    ada = await person(database, "ada")
    headers = [(b"authorization", b"Basic YTpi")]
    assert (await asked(make_app(database), "/api/v1/me", headers))[0] == 401
    headers.append((b"cookie", f"flowo_session={await cookie(database, ada.user)}".encode()))
    assert (await asked(make_app(database), "/api/v1/me", headers))[0] == 200


async def test_strange_paths(database: Database) -> None:
    ada = await person(database, "ada")
    app = make_app(database)
    headers = [(b"authorization", f"Bearer {await token(database, ada.user)}".encode())]
    for path in ("/api/\x00", "/api/v1/\udcff", "/api/../api/v1/me", "/api//v1/me"):
        assert (await asked(app, path, []))[0] == 401, path
        assert (await asked(app, path, headers))[0] == 404, path


async def test_a_base_path_is_no_way_around() -> None:
    """With the base path as the proxy sent it, and where the proxy took it away."""
    app = make_app(None, base_path="/flowo")
    for base in ("/flowo", ""):
        assert (await asked(app, f"{base}/api/unknown", [], root_path="/flowo"))[0] == 401
        assert (await asked(app, f"{base}/api/forgotten", [], root_path="/flowo", method="POST"))[0] == 401
        assert (await asked(app, f"{base}/page", [], root_path="/flowo"))[0] == 200


async def test_a_database_that_does_not_answer_is_503() -> None:
    gone = Database("postgresql://nobody@127.0.0.1:1/none")
    app = make_app(gone)
    async with client(app) as http:
        answer = await http.get("/api/v1/me", headers=bearer(tokens.new_token()))
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert (await http.get("/api/v1/me", headers=bearer("flowo_typo"))).status_code == 401
    await gone.close()


OURS: list[dict[str, str]] = [
    {"Origin": "http://flowo.test"},
    {"Origin": "https://flowo.test"},  # TLS ends at a proxy
    {"Origin": "http://flowo.test:80"},
    {"Referer": "http://flowo.test/runs?q=1"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://flowo.lab.org"},
    {"Origin": "https://other.lab.org:8443"},
]
FORGED: list[dict[str, str]] = [
    {},
    {"Origin": "null"},
    {"Origin": "http://evil.test"},
    {"Origin": "http://flowo.test.evil.test"},
    {"Origin": "http://flowo.test:4000"},
    {"Origin": "http://flowo.test@evil.test"},
    {"Origin": "http://evil.test", "Referer": "http://flowo.test/"},
    {"Origin": "ftp://flowo.test"},
    {"Origin": "http://[flowo.test"},
    {"Origin": "http://flowo.lab.org"},  # what is named is named with its scheme
    {"Referer": "http://evil.test/flowo.test"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "none", "Origin": "http://evil.test"},
]


async def test_writes_with_a_cookie_come_from_our_pages(database: Database) -> None:
    ada = await person(database, "ada")
    app = make_app(database, public_url="https://flowo.lab.org/", origins=["https://other.lab.org:8443"])
    path = f"/api/probe/edit/{ada.workspace}"
    program = bearer(await token(database, ada.user))
    held = {"Cookie": f"flowo_session={await cookie(database, ada.user)}"}
    async with client(app) as http:
        for headers in FORGED + OURS:
            for method in ("POST", "PATCH", "PUT", "DELETE"):
                answer = await http.request(method, path, headers=held | headers)
                assert answer.status_code == (200 if headers in OURS else 403), (method, headers)
            assert (await http.get(path, headers=held | headers)).status_code == 200
            # Before path and body are looked at:
            unknown = await http.post("/api/unknown", headers=held | headers)
            assert unknown.status_code == (404 if headers in OURS else 403), headers
            # No browser adds a bearer by itself.
            assert (await http.post(path, headers=program | headers)).status_code == 200


async def test_another_site_signs_nobody_in(database: Database) -> None:
    await person(database, "ada", password=PASSWORD)
    form = {"username": "ada@lab.org", "password": PASSWORD}
    async with client(make_app(database)) as http:
        assert (
            await http.post("/api/v1/auth/login", data=form, headers={"Origin": "http://evil.test"})
        ).status_code == 403
        assert (await http.post("/api/v1/auth/login", data=form)).status_code == 204


def signed(secret: str = SECRET, **claims: Any) -> bytes:
    now = int(time.time())
    values = {"aud": users.OWNER_AUDIENCE, "iat": now, "exp": now + 60} | claims
    given = {name: value for name, value in values.items() if value is not None}
    return b"Bearer " + jwt.encode(given, secret, "HS256").encode()


async def test_the_owner_comes_through_the_socket(database: Database, tmp_path: Path) -> None:
    app = make_app(database)
    (tmp_path / "secret").write_text(SECRET + "\n")
    good = [(b"authorization", f"Bearer {owner_token(tmp_path)}".encode())]
    assert (await asked(app, "/api/v1/me", good, **SOCKET))[0] == 401  # nobody is the local administrator yet
    async with database.session() as session:
        admin = await workspaces.ensure_local_administrator(session)
    for bad in (
        signed("another secret, also long enough for HS256"),
        signed(aud="flowo:user"),
        signed(aud=None),
        signed(exp=None),
        signed(iat=None),
        signed(iat=1),
        signed(exp=4_000_000_000),
        signed(iat="x"),
        b"Bearer " + jwt.encode({"aud": users.OWNER_AUDIENCE, "iat": 0, "exp": 60}, SECRET).encode(),
        b"Bearer " + jwt.encode({"aud": users.OWNER_AUDIENCE, "iat": 0, "exp": 4e9}, "", "none").encode(),
    ):
        assert (await asked(app, "/api/v1/me", [(b"authorization", bad)], **SOCKET))[0] == 401
    assert (await asked(app, "/api/v1/me", good))[0] == 401  # over TCP
    status, body = await asked(app, "/api/v1/me", good, **SOCKET)
    assert status == 200
    assert str(admin.id).encode() in body


async def test_one_administrator_however_many_begin(database: Database) -> None:
    async def start() -> uuid.UUID:
        async with database.session() as session:
            return (await workspaces.ensure_local_administrator(session)).id

    assert len(set(await asyncio.gather(*(start() for _ in range(6))))) == 1
    async with database.session() as session:
        admin = (await session.scalars(select(User))).one()
        assert (admin.is_superuser, admin.is_local, admin.name) == (True, True, "admin")
        assert admin.password_set_at is None


async def test_an_address_that_is_taken_is_not_taken_over(database: Database) -> None:
    name = workspaces.system_user()
    other = await person(database, name)
    async with database.session() as session:
        other.user.email = f"{name.upper()}@localhost"
        await session.merge(other.user)
    async with database.session() as session:
        admin = await workspaces.ensure_local_administrator(session)
        assert admin.id != other.user.id
        assert (await session.get_one(User, other.user.id)).is_superuser is False


async def test_the_token_of_local_clients(database: Database) -> None:
    async with database.session() as session:
        with pytest.raises(LookupError):
            await tokens.local_ingest_token(session, SECRET)
        admin = await workspaces.ensure_local_administrator(session)
        first = await tokens.local_ingest_token(session, SECRET, "here:/data")
        other = await tokens.local_ingest_token(session, SECRET, "there:/data")
        second = await tokens.local_ingest_token(session, SECRET, "here:/data")
    full = bearer(await token(database, admin, Scope.full))
    async with client(make_app(database)) as http:
        for one in (first, second, other):  # the first for as long as a plugin needs to read the new server.json
            assert (await http.post("/api/place", headers=bearer(one))).status_code == 200
            assert (await http.get("/api/readable", headers=bearer(one))).status_code == 403
        assert [one["name"] for one in (await http.get("/api/v1/tokens", headers=full)).json()["items"]] == ["t"]
        async with database.session() as session:
            ends = (await session.scalars(select(Token.expires_at).where(Token.expires_at.is_not(None)))).one()
            assert ends is not None
            assert dt.timedelta(minutes=58) < ends - dt.datetime.now(dt.UTC) < dt.timedelta(minutes=62)
            await session.execute(update(Token).where(Token.expires_at.is_not(None)).values(expires_at=func.now()))
        assert (await http.post("/api/place", headers=bearer(first))).status_code == 401
        async with database.session() as session:
            await tokens.local_ingest_token(session, SECRET, "here:/data")
            kept = await session.scalar(select(func.count()).select_from(Token).where(Token.is_local))
        assert kept == 3  # the new one, the one before, the other server's
        assert (await http.post("/api/place", headers=bearer(other))).status_code == 200


async def test_a_caller_stays_in_its_own_request(database: Database) -> None:
    ada = await person(database, "ada")
    app = make_app(database)
    shared: dict[str, Any] = {}
    headers = [(b"authorization", f"Bearer {await token(database, ada.user)}".encode())]
    assert (await asked(app, "/api/v1/me", headers, state=shared))[0] == 200
    assert shared == {}
    assert (await asked(app, "/api/open-by-mistake", [], state=shared))[0] == 401


async def test_there_is_no_websocket() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "websocket", "path": "/api/v1/ws", "headers": [], "query_string": b"", "subprotocols": []}
    await make_app(None)(scope, receive, send)
    assert [message["type"] for message in sent] == ["websocket.close"]
