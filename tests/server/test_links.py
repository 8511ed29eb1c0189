"""Links that sign in once: they work once, for a while, and who makes them."""

from __future__ import annotations

import asyncio
import datetime as dt

from sqlalchemy import func, select, update

from flowo.accounts import links, workspaces
from flowo.accounts.models import SignInLink
from flowo.db.engine import Database
from tests.server.accounts_app import ORIGIN, SECRET, bearer, client, cookie, make_app, owner_jwt, person, token


async def made_link(database: Database, minutes: int = 30) -> str:
    async with database.session() as session:
        await workspaces.ensure_local_administrator(session)
        return await links.make_link(session, SECRET, "http://flowo.test", minutes)


async def test_a_link_signs_in_once(database: Database) -> None:
    url = await made_link(database)
    app = make_app(database)
    async with client(app) as http, client(app) as late:
        assert (await http.head(url)).status_code == 204
        answer = await http.get(url)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        assert answer.headers["cache-control"] == "no-store"
        assert (await http.get("/api/v1/me")).json()["name"] == "admin"
        page = await late.get(url, headers={"Accept": "text/html,*/*"})
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in?link=used")
        mine = await http.get(url, headers={"Accept": "text/html,*/*"})
        assert (mine.status_code, mine.headers["location"]) == (303, "/")
        assert "set-cookie" not in mine.headers
        stale = await late.get(url, headers={"Accept": "text/html", "Cookie": "flowo_session=x"})
        assert stale.headers["location"] == "/sign-in?link=used"
        again = await late.get(url)
        assert (again.status_code, again.headers["content-type"]) == (410, "application/problem+json")
        assert not late.cookies
    async with database.session() as session:
        kept = (await session.scalars(select(SignInLink.hash))).one()
        assert url.rpartition("/")[2].encode() not in kept


async def test_of_two_who_come_at_once_one_gets_in(database: Database) -> None:
    app = make_app(database)
    for _ in range(5):
        url = await made_link(database)
        async with client(app) as one, client(app) as two:
            answers = await asyncio.gather(*(http.get(url) for http in (one, two, one, two)))
        assert sorted(answer.status_code for answer in answers) == [303, 410, 410, 410]


async def test_no_link(database: Database) -> None:
    async with client(make_app(database)) as http:
        for code in ("x", "%00", "%FF", "..%2F..", "a" * 5000):
            answer = await http.get(f"/open/{code}")
            assert answer.status_code in (404, 410), code
            assert "set-cookie" not in answer.headers


async def test_a_link_runs_out(database: Database) -> None:
    url = await made_link(database)
    async with database.session() as session:
        await session.execute(update(SignInLink).values(expires_at=func.now()))
    async with client(make_app(database, base_path="/flowo")) as http:
        assert (await http.get(url)).status_code == 410
        page = await http.get(url, headers={"Accept": "text/html"})
        assert page.headers["location"] == "/flowo/sign-in?link=used"


async def test_who_makes_links(database: Database) -> None:
    ada = await person(database, "ada")
    root = await person(database, "root", is_superuser=True)
    app = make_app(database, base_path="/flowo")
    app.state.address = "http://127.0.0.1:3100"
    async with client(app) as http:
        for headers in (
            {"Cookie": f"flowo_session={await cookie(database, ada.user)}"} | ORIGIN,
            bearer(await token(database, ada.user)),
            bearer(await token(database, root.user)),
        ):
            assert (await http.post("/api/v1/auth/links", headers=headers)).status_code == 403
        held = {"Cookie": f"flowo_session={await cookie(database, root.user)}"} | ORIGIN
        assert (await http.post("/api/v1/auth/links", headers=held, json={"minutes": 0})).status_code == 422
        made = await http.post("/api/v1/auth/links", headers=held, json={"minutes": 5})
        assert made.json()["url"].startswith("http://flowo.test/flowo/open/")
        async with database.session() as session:
            await workspaces.ensure_local_administrator(session)
        owner = await http.post("/api/v1/auth/links", headers=bearer(owner_jwt()))
        assert owner.json()["url"].startswith("http://127.0.0.1:3100/flowo/open/")
        left = dt.datetime.fromisoformat(owner.json()["expires_at"]) - dt.datetime.now(dt.UTC)
        assert dt.timedelta(minutes=28) < left < dt.timedelta(minutes=32)
