"""The pages: what is found, what is not, what may be kept, and the base path."""

from __future__ import annotations

import gzip
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from flowo import errors, web
from flowo.settings import Settings
from tests.server.servers import Served

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SCRIPT = b"console.log('flowo');" * 50


@pytest.fixture
def bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text('<!doctype html><html><head><base href="/" /></head><body></body></html>')
    (static / "assets" / "main-abc.js").write_bytes(SCRIPT)
    (static / "assets" / "main-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (static / "icon.svg").write_text("<svg/>")
    (static / ".stamp").write_text("not for others")
    (tmp_path / "outside.txt").write_text("not for others")
    monkeypatch.setattr(web, "static", lambda: static)
    return static


async def asked(base_path: str = "") -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(base_path=base_path)
    app = FastAPI()
    app.add_exception_handler(errors.FlowoError, errors.on_flowo_error)

    @app.get("/api/v1/runs")
    async def runs() -> list[str]:
        return []

    web.mount(app, settings)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://flowo") as client:
        yield client


@pytest.fixture
async def client(bundle: Path) -> AsyncIterator[httpx.AsyncClient]:
    async for made in asked():
        yield made


@pytest.fixture
async def below(bundle: Path) -> AsyncIterator[httpx.AsyncClient]:
    async for made in asked("/node/flowo"):
        yield made


@pytest.mark.parametrize("path", ["/", "/runs", "/runs/0192/jobs/3", "/runs/v1.2", "/index.html"])
async def test_every_page_is_the_app(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers=HTML)
    assert answer.status_code == 200
    assert '<base href="/" />' in answer.text
    assert answer.headers["cache-control"] == "no-cache"
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert (await client.head(path, headers=HTML)).status_code == 200


@pytest.mark.parametrize("accept", ["", "*/*", "text/*", "image/avif,*/*;q=0.8"])
async def test_who_takes_anything_gets_the_pages(client: httpx.AsyncClient, accept: str) -> None:
    """curl, urllib and most checks ask so; a file of the bundle that is not there is no page to them."""
    for path in ("/", "/runs", "/runs/0192/jobs/3"):
        answer = await client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8"), path
    for path in ("/assets/gone-123.js", "/assets/gone", "/gone.svg"):
        assert (await client.get(path, headers={"Accept": accept})).status_code == 404, path
    assert (await client.get("/runs", headers={"Accept": "application/json"})).status_code == 404


async def test_a_wrong_method_hears_the_right_ones(served: Served) -> None:
    for method, path, allowed in (
        ("GET", f"/api/ingest/v1/runs/{uuid.uuid4()}/events", "POST"),
        ("PUT", f"/api/v1/runs/{uuid.uuid4()}", "DELETE, GET, PATCH"),
        ("HEAD", "/api/v1/runs", "GET"),
        ("POST", "/healthz", "GET"),
        ("PUT", "/api/v1/tokens", "GET, POST"),
    ):
        answer = await served.client.request(method, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed), path
        assert answer.headers["content-type"] == errors.PROBLEM_JSON


async def test_health_is_asked_by_head_too(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url) as stranger:
        for path in ("/healthz", "/readyz"):
            assert (await stranger.get(path)).json() == {"status": "ok"}
            answer = await stranger.head(path)
            assert (answer.status_code, answer.content) == (200, b""), path


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api", "/healthz/x", "/assets/../../outside.txt", "/%2e%2e/outside.txt", "/.stamp"]
)
async def test_no_page_there(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert "not for others" not in (await client.get(path, headers=HTML)).text


async def test_nothing_of_the_api_is_a_page(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/nothing", headers=HTML)).status_code == 404
    assert (await client.get("/assets/gone-123.js")).status_code == 404
    assert (await client.post("/runs", headers=HTML)).status_code == 405


async def test_assets(client: httpx.AsyncClient) -> None:
    packed = await client.get("/assets/main-abc.js", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.content == SCRIPT
    plain = await client.get("/assets/main-abc.js", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == SCRIPT
    for answer in (packed, plain):
        assert answer.headers["content-type"].startswith("text/javascript")
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["vary"] == "Accept-Encoding"
    icon = await client.get("/icon.svg")
    assert icon.headers["content-type"].startswith("image/svg+xml")
    assert icon.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("prefix", ["/node/flowo", ""])
async def test_base_path(below: httpx.AsyncClient, prefix: str) -> None:
    """Whether the proxy keeps the base path or strips it."""
    page = await below.get(f"{prefix}/runs", headers=HTML)
    assert '<base href="/node/flowo/" />' in page.text
    assert (await below.get(f"{prefix}/assets/main-abc.js")).status_code == 200
    assert (await below.get(f"{prefix}/api/v1/runs")).json() == []


async def test_base_path_without_its_slash(below: httpx.AsyncClient) -> None:
    answer = await below.get("/node/flowo", headers=HTML)
    assert answer.status_code in (200, 307)
    if answer.status_code == 307:
        assert httpx.URL(answer.headers["location"]).path == "/node/flowo/"


async def test_without_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "static", lambda: tmp_path / "nothing")
    async for client in asked():
        page = await client.get("/", headers=HTML)
        assert page.status_code == 200
        assert "not built" in page.text
        assert (await client.get("/api/v1/runs")).json() == []


async def test_paths_that_no_file_system_takes(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url) as stranger:
        assert (await stranger.get("/" + "a" * 400 + ".svg")).status_code == 404
        assert (await stranger.get("/assets/" + "a" * 5000 + "/b")).status_code == 404
