"""One tree of errors and one handler: each becomes an answer of RFC 9457."""

from __future__ import annotations

from typing import Any, ClassVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

PROBLEM_JSON = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457: what went wrong and what to do."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None


class FlowoError(Exception):
    """Something that a caller did or met; `detail` says what happened and what to do."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"

    def __init__(self, detail: str, *, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers
        self.members = members


class Invalid(FlowoError):
    """`where`: of the request, as in `query`, `cursor`; the answer lists it as what a form's check would."""

    status, title = 422, "Invalid input"

    def __init__(self, detail: str, *where: str | int, **members: Any) -> None:
        super().__init__(detail, errors=[{"where": list(where), "what": detail, **members}])


class Malformed(FlowoError):
    status, title = 400, "Malformed request"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, errors=[{"where": ["body"], "what": detail}])


class Unauthorized(FlowoError):
    status, title = 401, "Sign in first"


class Forbidden(FlowoError):
    status, title = 403, "Not allowed"


class NotFound(FlowoError):
    status, title = 404, "Not found"


class Conflict(FlowoError):
    status, title = 409, "Conflict"


class Gone(FlowoError):
    status, title = 410, "No longer valid"


class TooLarge(FlowoError):
    status, title = 413, "Too large"


class Unsupported(FlowoError):
    status, title = 415, "Unsupported content"


class Unavailable(FlowoError):
    status, title = 503, "Not available now"


class StartupError(Exception):
    """The server cannot start; the message is one line that says why and what to do."""


def problem(
    status: int, title: str, detail: str, headers: dict[str, str] | None = None, **members: Any
) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return JSONResponse(body, status_code=status, headers=headers, media_type=PROBLEM_JSON)


async def on_flowo_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, FlowoError)
    return problem(error.status, error.title, error.detail, error.headers, **error.members)


async def on_http_exception(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    titles = {401: "Sign in first", 403: "Not allowed", 404: "Not found", 405: "Method not allowed"}
    return problem(
        error.status_code, titles.get(error.status_code, "Refused"), str(error.detail), dict(error.headers or {})
    )


async def on_validation_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = [{"where": list(e["loc"]), "what": e["msg"]} for e in error.errors()]
    first = errors[0] if errors else {"where": [], "what": "input does not fit"}
    where = ".".join(str(part) for part in first["where"])
    return problem(422, "Invalid input", f"{where}: {first['what']}", errors=errors)


async def on_unexpected(_request: Request, _error: Exception) -> JSONResponse:
    """The server's log holds the traceback; the answer tells nothing of the inside."""
    return problem(500, "Internal error", "Something went wrong here; the server's log says what.")
