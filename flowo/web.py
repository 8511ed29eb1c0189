"""The built pages: hashed assets that never change, and index.html, with the base path of this server, for the rest."""

from __future__ import annotations

import html
import mimetypes
from functools import lru_cache

import importlib_resources
from fastapi import FastAPI, Request
from importlib_resources.abc import Traversable
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from flowo import errors
from flowo.accounts.gate import path_within
from flowo.errors import NotFound
from flowo.settings import Settings

# 'unsafe-inline' for styles only: antd writes its tokens into <style> at run time.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FOR_EVER = "public, max-age=31536000, immutable"
NOT_PAGES = ("api", "healthz", "readyz")
NO_BUNDLE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>flowo</title>
<h1>flowo serves, but its pages are not built</h1>
<p>The API works. To build the pages: <code>make setup</code> in a checkout, or install flowo from a wheel.</p></html>
"""


def mount(app: FastAPI, settings: Settings) -> None:
    """The last routes of the app: what no other route takes. And where it is mounted, for all of them."""
    app.add_middleware(BasePath, base_path=settings.base_path)

    @app.api_route("/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    async def page(path: str, request: Request) -> Response:
        if path.partition("/")[0] in NOT_PAGES and methods(request):
            raise HTTPException(405)
        return answer(path, request, settings.base_path)


def methods(request: Request) -> list[str]:
    """What can be asked of this path, by the OpenAPI that we publish; nothing where there is no such path."""
    path = path_within(request.scope)
    found = {
        method.upper()
        for template, operations in request.app.openapi()["paths"].items()
        if compile_path(template)[0].match(path)
        for method, operation in operations.items()
        if isinstance(operation, dict) and "responses" in operation
    }
    return sorted(found)


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Of several routes for one path the router's own word for a wrong method names the first one's methods only."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405 and (found := methods(request)):
        error.headers = {**(error.headers or {}), "Allow": ", ".join(found)}
        error.detail = f"{request.method} cannot be asked of this; {' and '.join(found)} can."
    return await errors.on_http_exception(request, error)


class BasePath:
    """Tells the router the base path: requests are taken with it and without it, since only some proxies strip it."""

    def __init__(self, app: ASGIApp, base_path: str) -> None:
        self.app, self.base_path = app, base_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.base_path and scope["type"] == "http":
            scope = {**scope, "root_path": self.base_path}
        await self.app(scope, receive, send)


def answer(path: str, request: Request, base_path: str) -> Response:
    first = path.partition("/")[0]
    if first not in NOT_PAGES:
        if (file := built(path)) is not None:
            return asset(path, file, request)
        if request.url.path == base_path and base_path:
            return RedirectResponse(base_path + "/")
        if is_page(path, request.headers.get("accept", "")):
            return HTMLResponse(index(base_path), headers=HEADERS | {"Cache-Control": "no-cache"})
    raise NotFound(f"There is nothing at /{path}.")


def is_page(path: str, accept: str) -> bool:
    """Whether a path that is no file is one of the pages' own: who takes anything (curl, urllib) gets those, but no
    page for a script or a picture that is not there."""
    if "text/html" in accept:
        return True
    takes_any = not accept.strip() or "*/*" in accept or "text/*" in accept
    return takes_any and not path.startswith("assets/") and "." not in path.rpartition("/")[2]


def built(path: str) -> Traversable | None:
    """The file of the bundle at this path; nothing outside of it, whatever the path says."""
    parts = path.split("/")
    if (
        not path
        or path == "index.html"
        or any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts)
    ):
        return None
    file = static()
    for part in parts:
        if part.startswith("."):
            return None
        file = file / part
    try:
        return file if file.is_file() else None
    except OSError:  # a name that is too long for any file
        return None


@lru_cache(maxsize=1)
def static() -> Traversable:
    found: Traversable = importlib_resources.files("flowo") / "static"
    return found


def asset(path: str, file: Traversable, request: Request) -> Response:
    kind, encoding = mimetypes.guess_type(path)
    headers = HEADERS | {"Cache-Control": FOR_EVER if path.startswith("assets/") else "no-cache"}
    if encoding is None:
        headers["Vary"] = "Accept-Encoding"
        accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
        for name, suffix in (("br", ".br"), ("gzip", ".gz")):
            packed = built(path + suffix) if name in accepted else None
            if packed is not None:
                file = packed
                headers["Content-Encoding"] = name
                break
    if kind in ("text/javascript", "application/javascript"):
        kind = "text/javascript"
    return Response(read(file), media_type=kind or "application/octet-stream", headers=headers)


def read(file: Traversable) -> bytes:
    return file.read_bytes()


def index(base_path: str) -> str:
    """index.html with the base path that this server has; all its addresses are relative to that."""
    file = static() / "index.html"
    if not file.is_file():
        return NO_BUNDLE
    base = f'<base href="{html.escape(base_path)}/" />'
    text = file.read_text(encoding="utf-8")
    for mark in ('<base href="/" />', '<base href="/"/>', '<base href="/">', "<!--flowo-base-->"):
        if mark in text:
            return text.replace(mark, base, 1)
    return text.replace("<head>", f"<head>{base}", 1)
