"""The gate before the API: asks who is there before path, query or body are looked at."""

from __future__ import annotations

import logging
import re
from http.cookies import CookieError
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flowo.accounts import callers
from flowo.accounts.access import Caller
from flowo.accounts.tokens import PREFIX, well_formed
from flowo.accounts.users import COOKIE, is_owner_jwt, read_jwt
from flowo.db.engine import AWAY, Database
from flowo.errors import FlowoError, Forbidden, TooLarge, Unauthorized, Unavailable, problem

log = logging.getLogger(__name__)

PUBLIC = "public"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CHALLENGE = {"WWW-Authenticate": "Bearer"}
INGEST = "/api/ingest/"  # its bodies have limits of their own
MOST_BYTES = 1024 * 1024  # of any other body: forms and JSON are read into memory whole


def _unauthorized(detail: str) -> Unauthorized:
    return Unauthorized(detail, headers=CHALLENGE)


class Gate:
    """Pure ASGI: streams pass through untouched. Needs `database`, `secret` and `settings` in the app's state."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._public: list[tuple[re.Pattern[str], frozenset[str]]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or not _is_api(path := path_within(scope)):
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket":  # we have none; one that somebody adds must not be open by oversight
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        try:
            if self._is_public(scope, path):
                # Signing somebody in as somebody else is a forgery too; programs send no Origin and come through.
                if scope["method"] not in SAFE and "origin" in headers:
                    check_origin(scope, headers)
            else:
                caller = await self._identify(scope, headers)
                if caller.kind == "session" and scope["method"] not in SAFE:
                    check_origin(scope, headers)
                # A new dict: the server may hand the same one to all requests.
                scope["state"] = {**scope.get("state", {}), "caller": caller}
            if not path.startswith(INGEST) and declared(headers) > MOST_BYTES:
                raise TooLarge(f"The body is larger than {MOST_BYTES} bytes.")
        except FlowoError as error:
            await problem(error.status, error.title, error.detail, error.headers)(scope, receive, send)
            return
        await self.app(scope, receive if path.startswith(INGEST) else bounded(receive), send)

    def _is_public(self, scope: Scope, path: str) -> bool:
        if self._public is None:
            self._public = _public_operations(scope["app"])
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        return any(method in methods and pattern.match(path) for pattern, methods in self._public)

    async def _identify(self, scope: Scope, headers: Headers) -> Caller:
        bearer, cookie = _bearer(headers), _cookie(headers)
        if bearer is None and cookie is None:
            raise _unauthorized("Sign in, or send a token: Authorization: Bearer flowo_….")
        try:
            caller = await _lookup(scope, bearer, cookie)
        except FlowoError:
            raise
        except AWAY as error:
            log.warning("cannot ask the database who is calling: %s", error)
            raise Unavailable("The database does not answer now; try again.", headers={"Retry-After": "2"}) from error
        if caller is None:
            what = "This token is not known, has expired or was revoked." if bearer else "This sign-in has ended."
            raise _unauthorized(what)
        return caller


def declared(headers: Headers) -> int:
    length = headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 20 else 0


def bounded(receive: Receive) -> Receive:
    """Of a body that does not say its length, no more than is taken is read."""
    size = 0

    async def receive_some() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BYTES:
            raise TooLarge(f"The body is larger than {MOST_BYTES} bytes.")
        return message

    return receive_some


async def _lookup(scope: Scope, bearer: str | None, cookie: str | None) -> Caller | None:
    """What can be refused without the database is; then one query, on a connection that is given back at once.

    A bearer that does not fit is refused even beside a good cookie: who sends one means it.
    """
    state = scope["app"].state
    database: Database = state.database
    secret: str = state.secret
    person = None
    is_token = is_owner = False
    if bearer is not None:
        is_token = bearer.startswith(PREFIX)
        if is_token and not well_formed(bearer):
            return None
        if not is_token:
            person = read_jwt(secret, bearer)
            is_owner = person is None and _may_be_owner(scope) and is_owner_jwt(secret, bearer)
            if person is None and not is_owner:
                return None
    async with database.engine.connect() as connection:
        # Autocommit: BEGIN and COMMIT would be two more round trips around one query.
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        if bearer is not None and is_token:
            return await callers.by_token(connection, secret, bearer)
        if person is not None:
            return await callers.by_jwt(connection, *person)
        if is_owner:
            return await callers.by_owner(connection)
        assert cookie is not None
        return await callers.by_session(connection, secret, cookie, state.settings.session_days)


def _may_be_owner(scope: Scope) -> bool:
    """The owner of the data directory comes through its unix socket; there the server has a path and no port."""
    server = scope.get("server")
    return server is None or server[1] is None


def path_within(scope: Scope) -> str:
    """The path within the app, as the router sees it: without the base path, if the proxy left it there."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] if root and (path == root or path.startswith(root + "/")) else path


def _is_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")


def _public_operations(app: Any) -> list[tuple[re.Pattern[str], frozenset[str]]]:
    """Taken from the OpenAPI that we publish, so that what it says is public and what is are the same.

    A parameter of several segments appears there as one segment: such a path is closed rather than open.
    """
    found = []
    for path, operations in app.openapi()["paths"].items():
        methods = frozenset(
            method.upper()
            for method, operation in operations.items()
            if isinstance(operation, dict) and PUBLIC in operation.get("tags", ())
        )
        if methods:
            found.append((compile_path(path)[0], methods))
    if app.openapi_url:
        found.append((compile_path(app.openapi_url)[0], frozenset({"GET"})))
    return found


def _bearer(headers: Headers) -> str | None:
    """Other schemes are not ours: a proxy may ask for Basic and pass it on beside our cookie."""
    for value in headers.getlist("authorization"):
        scheme, _, credential = value.partition(" ")
        if scheme.lower() == "bearer":
            return credential.strip()
    return None


def _cookie(headers: Headers) -> str | None:
    for header in headers.getlist("cookie"):
        try:
            value = cookie_parser(header).get(COOKIE)
        except (CookieError, ValueError):
            continue
        if value:
            return value
    return None


def check_origin(scope: Scope, headers: Headers) -> None:
    """A write with a cookie must come from our own pages. The host is compared with its port: on a shared machine
    another port is another person, and to browsers the same site."""
    fetched = headers.get("sec-fetch-site")
    if fetched == "same-origin":
        # No page can set this header. It holds where the Host was rewritten by a proxy, and where a form says
        # "Origin: null" because our pages send no referrer; over plain HTTP to another machine browsers leave it out.
        return
    claimed = headers.get("origin") or headers.get("referer")
    if claimed is None:
        if fetched == "none":
            return
        raise Forbidden("A write with a session cookie needs an Origin header; programs use a token instead.")
    settings = scope["app"].state.settings
    origin = _origin(claimed)
    if origin is not None:
        # The scheme is not compared with ours: behind a proxy that ends TLS we see http where the page has https.
        if origin.partition("://")[2] == _netloc(origin.partition("://")[0], headers.get("host", "")):
            return
        if origin in {_origin(allowed) for allowed in (*settings.origins, settings.public_url) if allowed}:
            return
    raise Forbidden(
        "This write comes from another site; if that is yours, name it in FLOWO_ORIGINS or FLOWO_PUBLIC_URL."
    )


def _origin(url: str) -> str | None:
    """`scheme://host[:port]` in lower case without a default port; None for what is none ("null", garbage)."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    netloc = _netloc(parts.scheme, parts.netloc)
    return f"{parts.scheme}://{netloc}" if netloc else None


def _netloc(scheme: str, netloc: str) -> str:
    netloc = netloc.lower().rpartition("@")[2]
    return netloc.removesuffix(":443" if scheme == "https" else ":80")


_bearer_scheme = HTTPBearer(auto_error=False, description="A personal access token (flowo_…) or a JWT.")
_cookie_scheme = APIKeyCookie(name=COOKIE, auto_error=False, description="The session of a browser.")


async def caller_of(
    request: Request,
    _by_bearer: Annotated[object, Security(_bearer_scheme)] = None,
    _by_cookie: Annotated[object, Security(_cookie_scheme)] = None,
) -> Caller:
    """Whom the gate let in. The second lock: a route that the gate took for public still has no caller."""
    caller = getattr(request.state, "caller", None)
    if not isinstance(caller, Caller):
        raise _unauthorized("Sign in first.")
    return caller


async def signed_in(request: Request) -> bool:
    """Whether this browser has a session that holds, asked on a page that anyone may open."""
    cookie = _cookie(request.headers)
    return cookie is not None and await _lookup(request.scope, None, cookie) is not None


async def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


CallerDep = Annotated[Caller, Depends(caller_of)]
DatabaseDep = Annotated[Database, Depends(database_of)]
