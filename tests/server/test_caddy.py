"""The Caddyfile as it stands before real servers: TLS by its own authority, the stream unbuffered, one server dying."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.processes import Server, serving, wait_until

CADDYFILE = Path(__file__).parents[2] / "Caddyfile"
CADDY = shutil.which("caddy")

pytestmark = pytest.mark.skipif(CADDY is None, reason="caddy is not installed (Debian: apt-get install caddy)")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        return int(made.getsockname()[1])


@pytest.fixture
def caddy(place: Path) -> Iterator[tuple[int, list[int], ssl.SSLContext, Path]]:
    """Its port, the ports of two servers that it asks, its authority, its log."""
    port, *behind = (free_port() for _ in range(3))
    environment = os.environ | {
        "XDG_DATA_HOME": str(place / "caddy"),
        "XDG_CONFIG_HOME": str(place / "caddy"),
        "HOME": str(place),
        "FLOWO_HTTPS_PORT": str(port),
        "FLOWO_HTTP_PORT": str(free_port()),
        "FLOWO_UPSTREAMS": " ".join(f"127.0.0.1:{number}" for number in behind),
    }
    log = place / "caddy.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(CADDY), "run", "--config", str(CADDYFILE), "--adapter", "caddyfile"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        authority = place / "caddy/caddy/pki/authorities/local/root.crt"
        wait_until(lambda: authority.exists() or process.poll() is not None)
        assert process.poll() is None, log.read_text()
        yield port, behind, ssl.create_default_context(cafile=str(authority)), log
    finally:
        process.terminate()
        process.wait(20)


def first_event(client: httpx.Client) -> tuple[str, float]:
    """The stream's first event and how long it took, with a connection that stays open."""
    begun = time.monotonic()
    with client.stream("GET", "/api/v1/stream?topics=runs", headers={"Accept-Encoding": "gzip"}) as response:
        assert response.status_code == 200
        for line in response.iter_lines():
            if line.startswith("data:"):
                return line, time.monotonic() - begun
    raise AssertionError("the stream ended")


def test_tls_stream_and_a_dead_server(
    place: Path, caddy: tuple[int, list[int], ssl.SSLContext, Path], empty_url: str
) -> None:
    port, (one, two), trust, log = caddy
    site = f"https://localhost:{port}"
    secret = place / "secret"
    secret.write_text("s" * 40)
    given = {
        "FLOWO_DATABASE_URL": empty_url,
        "FLOWO_PUBLIC_URL": site,
        "FLOWO_SECRET_FILE": str(secret),
    }

    def answers(client: httpx.Client) -> bool:
        return client.get("/healthz").status_code == 200

    with (
        serving(place / "one", "--port", str(one), **given) as first,
        httpx.Client(base_url=site, verify=trust, follow_redirects=True, timeout=30) as client,
    ):
        wait_until(lambda: answers(client))
        link = first.link()
        assert link.startswith(site)
        page = client.get(link, headers={"Accept": "text/html"})
        assert page.status_code == 200
        cookie = next(cookie for cookie in client.cookies.jar)
        assert cookie.secure
        assert client.get("/api/v1/me").status_code == 200
        _event, seconds = first_event(client)
        assert seconds < 2
        with serving(place / "two", "--port", str(two), **given) as second:
            wait_until(lambda: up(second, two))
            first.process.kill()
            first.process.wait()
            for _ in range(10):  # whoever is asked, the other one answers for it; signed in there too
                assert client.get("/api/v1/runs").status_code == 200
            _event, seconds = first_event(client)
            assert seconds < 8
    assert link.rsplit("/", 1)[1] not in log.read_text()


def up(server: Server, port: int) -> bool:
    assert server.process.poll() is None
    return httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
