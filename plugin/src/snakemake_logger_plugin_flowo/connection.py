"""HTTP by the standard library: one kept-alive connection over TCP, TLS or a unix socket, with time limits.

`http.client` and not an HTTP library: what flowo costs in Snakemake's process has to stay below 1 % of a run of 500
trivial jobs, a library's import alone is a tenth of that, and it lives in other people's environments.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

from snakemake_logger_plugin_flowo.config import Target

if TYPE_CHECKING:
    import ssl

CONNECT_TIMEOUT = 5.0  # s
ANSWER_KEPT = 1 << 20  # bytes of an answer that are read at most


class Unreachable(Exception):
    """No answer came; the message says why. `waited`: there was a peer, but it took too long."""

    def __init__(self, reason: str, *, waited: bool = False) -> None:
        super().__init__(reason)
        self.waited = waited


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        if len(os.fsencode(self._path)) < 104:  # 108 with the final NUL on Linux, 104 elsewhere
            self.sock.connect(self._path)
            return
        folder, name = os.path.split(self._path)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self.sock.connect(f"/proc/self/fd/{fd}/{name}")
        finally:
            os.close(fd)


class Connection:
    """Talks to one server; not for several threads at once."""

    def __init__(self, target: Target, *, timeout: float = 30.0) -> None:
        self.target = target
        self.timeout = timeout
        self._parts = urlsplit(target.url)
        self._open: http.client.HTTPConnection | None = None
        self._aborted = False

    def request(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float | None = None,
        limit: int = ANSWER_KEPT,
    ) -> Answer:
        """Send and take one answer, whatever its status; redirects are not followed."""
        timeout = max(0.05, self.timeout if timeout is None else timeout)
        sent = {"Accept": "application/json", **(headers or {})}
        if self.target.token and "Authorization" not in sent:
            sent["Authorization"] = f"Bearer {self.target.token}"
        base = "" if self.target.socket else self._parts.path
        for fresh in (False, True):
            reused = self._open is not None
            try:
                connection = self._open or self._connect(timeout)
                self._open = connection
                if connection.sock is not None:
                    connection.sock.settimeout(timeout)
                connection.request(method, base + path, body=body, headers=sent)
                response = connection.getresponse()
                data = response.read(limit + 1)
                answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, data[:limit])
                if len(data) > limit or response.will_close:
                    self.close()
                return answer
            except (http.client.HTTPException, OSError, ValueError) as error:
                self.close()
                stale = isinstance(error, http.client.RemoteDisconnected | ConnectionResetError | BrokenPipeError)
                if reused and stale and not fresh and not self._aborted:
                    continue  # the server closed an idle connection; all that we send may be sent twice
                raise Unreachable(_reason(error), waited=isinstance(error, TimeoutError)) from error
        raise Unreachable("the connection was closed again and again")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        if self._open is not None:
            with contextlib.suppress(Exception):
                self._open.close()
            self._open = None

    def abort(self) -> None:
        """End a request that waits, from another thread; there is none after it."""
        self._aborted = True
        opened = self._open
        with contextlib.suppress(Exception):
            if opened is not None and opened.sock is not None:
                opened.sock.shutdown(socket.SHUT_RDWR)

    def _connect(self, timeout: float) -> http.client.HTTPConnection:
        limit = min(timeout, CONNECT_TIMEOUT)
        connection: http.client.HTTPConnection
        if self.target.socket:
            connection = _UnixConnection(self.target.socket, limit)
        elif self._parts.scheme == "https":
            context = _trusting(self.target.ca)
            host = self._parts.hostname or ""
            connection = http.client.HTTPSConnection(host, self._parts.port, timeout=limit, context=context)
        else:
            connection = http.client.HTTPConnection(self._parts.hostname or "", self._parts.port, timeout=limit)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            raise
        return connection


def _trusting(ca: str | None) -> ssl.SSLContext:
    import ssl

    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        if ca is None:
            raise
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ValueError(f"the certificates to trust ({ca}, the configuration's `ca`) cannot be read: {why}") from error


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return "its name is not known"
    if type(error).__name__ == "SSLCertVerificationError":
        return f"its certificate is not trusted: {getattr(error, 'verify_message', '') or error}"
    if getattr(error, "reason", "") == "WRONG_VERSION_NUMBER":  # as OpenSSL names what is no TLS at all
        return "it does not speak TLS: is its address http://…?"
    if isinstance(error, http.client.BadStatusLine) and not isinstance(error, http.client.RemoteDisconnected):
        return "what answers does not speak HTTP"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
