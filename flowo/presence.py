"""What a server leaves in its data directory for its own user's programs: server.json, the secret, the unix socket."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import importlib.metadata
import json
import os
import re
import secrets
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flowo.db.lease import boot_id, write_atomic
from flowo.errors import StartupError
from flowo.settings import Settings

SOCKET_MAX = 107  # bytes of sun_path on Linux, less the closing NUL


def secret(settings: Settings) -> str:
    """The signing secret: the given file's, else the data directory's, made at first start."""
    if settings.secret_file is not None:
        found = _text(settings.secret_file, "the signing secret")
        # Where the owner's commands (`flowo open`, `flowo token`) look for it.
        if not (settings.data_dir / "secret").exists() or _text(settings.data_dir / "secret", "the secret") != found:
            write_atomic(settings.data_dir / "secret", found + "\n")
    else:
        path = settings.data_dir / "secret"
        if not path.exists():
            write_atomic(path, secrets.token_urlsafe(48) + "\n")
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise StartupError(f"others can read {path}: delete it (all sign-ins and tokens end) or `chmod 600` it")
        found = _text(path, "the signing secret")
    if len(found) < 32:
        path = settings.secret_file or settings.data_dir / "secret"
        raise StartupError(f"the signing secret in {path} is too short: it needs 32 characters at least")
    return found


def database_url(settings: Settings) -> str | None:
    """The database that was given; None: the embedded one."""
    if settings.database_url_file is not None:
        found = _text(settings.database_url_file, "the database URL")
    elif settings.database_url:
        found = settings.database_url
    else:
        return None
    if not re.match(r"postgres(ql)?(\+\w+)?://", found):
        raise StartupError("the database URL must begin with postgresql:// (flowo needs PostgreSQL 14 or later)")
    from sqlalchemy.exc import SQLAlchemyError

    from flowo.db.engine import asyncpg_url

    try:
        asyncpg_url(found)
    except (ValueError, SQLAlchemyError):  # their words would show the password
        form = "postgresql://user:password@host:5432/name"
        raise StartupError(f"the database URL cannot be read; it has the form {form}") from None
    return found


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError) as error:
        raise StartupError(f"{what} cannot be read from {path}: {getattr(error, 'strerror', None) or error}") from error


def listen_tcp(host: str, port: int | None, default: int) -> socket.socket:
    """The asked port or, when none was asked for, the default or the next free one."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port or 0, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise StartupError(f"the host {host!r} cannot be listened on: {error.strerror or error}") from error
    candidates = [port] if port is not None else [*range(default, default + 100), 0]
    for candidate in candidates:
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((address[0], candidate, *address[2:]))
            made.listen(2048)  # now, so that a port in TIME_WAIT or taken by another user shows here
            made.setblocking(False)
            return made
        except OSError as error:
            made.close()
            if error.errno == errno.EADDRNOTAVAIL:  # no port would change that
                raise StartupError(
                    f"the host {host!r} cannot be listened on: it is no address of this machine"
                ) from error
            if port is not None:
                raise StartupError(
                    f"port {port} on {host} cannot be used ({error.strerror}): give another --port, "
                    "or none for the next free one"
                ) from error
    raise StartupError(f"no port from {default} on is free on {host}: give a --port")


def listen_unix(path: Path) -> socket.socket:
    """A socket that only its owner can connect to. A file that a dead server left is replaced, a living one's never."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as name:
            if path.exists() or path.is_symlink():
                if not stat.S_ISSOCK(path.lstat().st_mode):
                    raise StartupError(f"{path} is in the way of the unix socket: move it, or give another --uds")
                if _answers(name):
                    raise StartupError(f"another server listens on {path}: stop it, or give another --uds")
                path.unlink()
            before = os.umask(0o177)
            try:
                made.bind(name)
            finally:
                os.umask(before)
        made.listen(2048)
        made.setblocking(False)
        return made
    except OSError as error:
        made.close()
        raise StartupError(f"the unix socket {path} cannot be made: {error.strerror}") from error
    except BaseException:
        made.close()
        raise


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name for the path that fits into a socket's address, however deep the folder lies."""
    if len(os.fsencode(path)) <= SOCKET_MAX:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def _answers(name: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(name)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
        return True


@dataclass(frozen=True)
class Presence:
    """server.json: where this server is, for clients of the same user on the same host and boot."""

    data_dir: Path
    address: str
    socket: Path
    token: str | None

    @property
    def path(self) -> Path:
        return self.data_dir / "server.json"

    def announce(self) -> None:
        facts = {
            "address": self.address,
            "socket": str(self.socket),
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "boot_id": boot_id(),
            "token": self.token,
            "version": importlib.metadata.version("flowo"),
            "started_at": dt.datetime.now(dt.UTC).isoformat(),
        }
        write_atomic(self.path, json.dumps(facts, indent=2) + "\n")

    def withdraw(self) -> None:
        with contextlib.suppress(OSError):
            self.path.unlink()
