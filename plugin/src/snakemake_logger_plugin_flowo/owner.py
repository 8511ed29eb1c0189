"""Proves to a server on this machine that one owns its data directory, by a short-lived token from the secret in it."""

from __future__ import annotations

import base64
import hmac
import json
import os
import stat
import time
from pathlib import Path
from typing import Any

AUDIENCE = "flowo:owner"
LIFETIME = 60  # s


class NotOwner(Exception):
    """The secret cannot be had; the message says why."""


def owner_token(data_dir: Path | str) -> str:
    """A bearer token (JWT, HS256) for the administrator, who is whoever can read the secret."""
    path = Path(data_dir) / "secret"
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        raise NotOwner(f"there is no flowo in {data_dir} yet: start it once with `flowo serve`") from None
    except OSError as error:
        raise NotOwner(f"cannot read {path}: {error.strerror}") from error
    with os.fdopen(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_uid not in (os.geteuid(), 0):
            raise NotOwner(f"{path} belongs to somebody else")
        key = file.read(65_536).strip()
    if not key:
        raise NotOwner(f"{path} is empty: remove it and start `flowo serve` again")
    now = int(time.time())
    head = _part({"alg": "HS256", "typ": "JWT"})
    body = _part({"aud": AUDIENCE, "iat": now, "exp": now + LIFETIME})
    signature = hmac.digest(key, head + b"." + body, "sha256")
    return b".".join((head, body, _text(signature))).decode()


def _part(data: dict[str, Any]) -> bytes:
    return _text(json.dumps(data, separators=(",", ":")).encode())


def _text(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
