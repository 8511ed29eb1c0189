"""`flowo serve` as a process: how it starts, what it leaves, how it ends, and what it says when it cannot."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import threading
import time
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from flowo import cli
from flowo.db.lease import alive
from tests.server.processes import FLOWO, serving, wait_until


def refused(data_dir: Path, *options: str, **environment: str) -> str:
    """In this process: nothing is served, and a process costs seconds."""
    app = typer.Typer()
    cli.register(app)
    done = CliRunner(env=environment).invoke(app, ["serve", "--no-open", "--data-dir", str(data_dir), *options])
    assert done.exit_code == 1, done.output
    assert not done.stdout
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.stderr


def test_serves_and_ends(place: Path) -> None:
    data_dir = place / "data"
    with serving(data_dir) as server:
        assert httpx.get(f"{server.address}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{server.address}/readyz").status_code == 200
        assert httpx.get(f"{server.address}/api/v1/runs").status_code == 401
        page = httpx.get(f"{server.address}/runs", headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]
        facts = server.facts
        assert facts["pid"] == server.process.pid
        assert facts["host"] == socket.gethostname()
        assert {"address", "socket", "pid", "host", "boot_id", "token", "version", "started_at"} <= set(facts)
        for name in ("server.json", "secret", "flowo.sock"):
            assert stat.S_IMODE((data_dir / name).stat().st_mode) == 0o600, name
        by_socket = httpx.Client(transport=httpx.HTTPTransport(uds=facts["socket"]), base_url="http://flowo")
        with by_socket:
            assert by_socket.get("/healthz").status_code == 200
        assert facts["token"].startswith("flowo_")
        assert facts["token"] not in server.said
        link = server.link()

        # Signed in by the link, once, and with streams open: the end comes all the same.
        with server.signed_in() as client, contextlib.ExitStack() as streams:
            assert client.get("/api/v1/me").status_code == 200
            assert httpx.get(link).status_code == 410
            for _ in range(3):
                response = streams.enter_context(client.stream("GET", "/api/v1/stream?topics=runs"))
                assert response.status_code == 200
            second = refused(data_dir)
            assert server.address in second
            postmaster = server.postmaster
            assert server.stop() < 5
        assert not alive(postmaster)
        assert "Traceback" not in server.said
        secret = (data_dir / "secret").read_text()
        assert sorted(path.name for path in data_dir.iterdir() if path.name not in ("programs", "settings")) == [
            "lock",
            "postgres",
            "postgres.log",
            "secret",
        ]
    with serving(data_dir) as server:
        assert (data_dir / "secret").read_text() == secret
        assert server.stop(signal.SIGINT) < 5


def test_whoever_heard_an_answer_finds_server_json(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    heard: list[bool] = []

    def ask() -> None:  # the socket listens long before it answers; the question waits in its queue
        while not heard:
            with contextlib.suppress(httpx.TransportError):
                assert httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=60).status_code == 200
                heard.append((place / "data" / "server.json").exists())
            time.sleep(0.01)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    with serving(place / "data", "--port", str(port)):
        asking.join(30)
        assert heard == [True]


def test_killed_and_started_again(place: Path) -> None:
    data_dir = place / "data"
    with serving(data_dir) as server:
        postmaster = server.postmaster
        server.process.kill()
        server.process.wait()
        server.log.unlink()
        with serving(data_dir) as again:  # at once: waits for the watcher's clean stop
            assert not alive(postmaster)
            assert httpx.get(f"{again.address}/readyz").status_code == 200


def test_killed_postgres_comes_back(place: Path) -> None:
    with serving(place / "data") as server:
        before = server.postmaster
        os.kill(before, signal.SIGKILL)

        def ready() -> bool:
            with contextlib.suppress(httpx.HTTPError, OSError, ValueError):
                return server.postmaster != before and httpx.get(f"{server.address}/readyz").status_code == 200
            return False

        wait_until(ready, 30)
        with server.signed_in() as client:
            assert client.get("/api/v1/runs").status_code == 200
        assert server.stop() < 5


def test_open_prints_another_link(place: Path) -> None:
    with serving(place / "data") as server:
        done = subprocess.run(
            [*FLOWO, "open", "--data-dir", str(server.data_dir)], capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stderr
        link = done.stdout.strip()
        assert link.startswith(f"{server.address}/open/")
        with httpx.Client(follow_redirects=True) as client:
            client.get(link, headers={"Accept": "text/html"})
            assert client.get(f"{server.address}/api/v1/me").status_code == 200


def test_ports(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(place / "data", "--port", str(port))
        assert f"port {port} on 127.0.0.1" in said
        with serving(place / "data") as server:
            assert int(server.address.rsplit(":", 1)[1]) >= 3100


def test_refusals_are_one_line(place: Path) -> None:
    assert "cannot be used" in refused(place / "a", "--database-url", "postgresql://x:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in refused(place / "a", "--database-url", "mysql://x:hunter2@127.0.0.1:1/x")
    assert "hunter2" not in refused(place / "a", "--database-url", "postgresql://x:hunter2@127.0.0.1:port/x")
    assert "FLOWO_LOST_AFTER_S" in refused(place / "a", FLOWO_LOST_AFTER_S="soon")
    assert "FLOWO_PORT" in refused(place / "a", FLOWO_PORT="90000")
    assert "no-such-host.invalid" in refused(place / "a", "--host", "no-such-host.invalid")
    assert "no address of this machine" in refused(place / "a", "--host", "192.0.2.1")
    assert "/flowo" in refused(place / "a", "--base-path", "/a b")
    for address in ("flowo.lab.org", "ftp://flowo.lab.org", "https://", "https://ada:hunter2@flowo.lab.org"):
        said = refused(place / "a", FLOWO_PUBLIC_URL=address)
        assert "FLOWO_PUBLIC_URL" in said
        assert "https://flowo.lab.org" in said
        assert "hunter2" not in said
    assert "FLOWO_ORIGINS" in refused(place / "a", FLOWO_ORIGINS="https://other.lab.org,null")
    assert "FLOWO_MAX_BODY" in refused(place / "a", FLOWO_MAX_BODY="-1")
    assert "cannot be read" in refused(place / "a", FLOWO_SECRET_FILE="/nonexistent")
    assert "/proc/x" in refused(Path("/proc/x"))
    (place / "a" / "secret").write_text("short")
    (place / "a" / "secret").chmod(0o600)
    assert "too short" in refused(place / "a")
    (place / "a" / "secret").chmod(0o644)
    assert "others can read" in refused(place / "a")


def test_given_database_socket_secret_and_base_path(place: Path, empty_url: str) -> None:
    secret = place / "given"
    secret.write_text("s" * 40 + "\n")
    url = place / "url"
    url.write_text(empty_url)
    deep = place / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    with serving(
        place / "data",
        *("--uds", str(deep / "flowo.sock"), "--base-path", "flowo/"),
        FLOWO_SECRET_FILE=str(secret),
        FLOWO_DATABASE_URL_FILE=str(url),
    ) as server:
        assert not (server.data_dir / "postgres").exists()
        assert server.address.endswith("/flowo")
        root = server.address.removesuffix("/flowo")
        for address in (server.address, root):  # a proxy may keep the base path or strip it
            assert httpx.get(f"{address}/healthz").status_code == 200
            assert httpx.get(f"{address}/api/v1/runs").status_code == 401
            page = httpx.get(f"{address}/runs/1", headers={"Accept": "text/html"})
            assert page.status_code == 200
        assert httpx.get(server.address, headers={"Accept": "text/html"}, follow_redirects=True).status_code == 200
        assert "/flowo/open/" in server.link()
        assert stat.S_ISSOCK((deep / "flowo.sock").stat().st_mode)
        done = subprocess.run(
            [*FLOWO, "open", "--json", "--data-dir", str(server.data_dir)], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        assert "/flowo/open/" in json.loads(done.stdout)["url"]
        assert server.stop() < 5


def test_several_workers(place: Path) -> None:
    with serving(place / "data", "--workers", "2") as server:
        children = subprocess.run(
            ["pgrep", "-f", "-P", str(server.process.pid), "flowo.worker"], capture_output=True, text=True
        ).stdout.split()
        assert len(children) == 2
        with server.signed_in() as client:
            for _ in range(10):
                assert client.get("/api/v1/runs").status_code == 200
            os.kill(int(children[0]), signal.SIGKILL)
            time.sleep(0.2)
            for _ in range(10):
                assert httpx.get(f"{server.address}/healthz").status_code == 200
            with client.stream("GET", "/api/v1/stream?topics=runs") as response:
                assert response.status_code == 200
                assert server.stop() < 5
        assert not any(alive(int(child)) for child in children)


def test_started_by_a_script(place: Path) -> None:
    """A shell ignores SIGINT in what it starts with `&`; nohup means SIGHUP only."""
    with serving(place / "data", before=["/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"]) as server:
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert httpx.get(f"{server.address}/healthz").status_code == 200
        assert server.stop(signal.SIGINT) < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_while_it_starts(place: Path, number: int) -> None:
    process = subprocess.Popen(
        [*FLOWO, "serve", "--data-dir", str(place)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wait_until(lambda: (place / "postgres").exists())
    process.send_signal(number)
    assert process.wait(15) == 0
    assert not (place / "postgres/data/postmaster.pid").exists()
