"""Another user of the machine tries to reach the embedded database, the unix socket, the secret and the token."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server.processes import serving

STRANGER = 54_321  # nobody's number; what PostgreSQL itself runs as would be no stranger
TRY = """
import json, os, socket, sys
place = sys.argv[1]
found = {}
def attempt(name, action):
    try:
        found[name] = repr(action())
    except OSError as error:
        found[name] = type(error).__name__
def connect(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.settimeout(3)
        made.connect(path)
        return "connected"
def ask(path):
    # The protocol's first message, as the role that owns everything.
    with socket.socket(socket.AF_UNIX) as made:
        made.settimeout(3)
        made.connect(path)
        body = (196608).to_bytes(4, "big") + b"user\\0flowo\\0database\\0postgres\\0\\0"
        made.sendall((len(body) + 4).to_bytes(4, "big") + body)
        return made.recv(200)
for name in ("server.json", "secret", "lease.json", "lock", "postgres.log"):
    attempt(name, lambda: open(os.path.join(place, name)).read())
attempt("socket", lambda: connect(os.path.join(place, "flowo.sock")))
attempt("folder", lambda: os.listdir(os.path.join(place, "postgres")))
attempt("data", lambda: os.listdir(os.path.join(place, "postgres/data")))
attempt("database", lambda: ask(os.path.join(place, "postgres/socket/.s.PGSQL.5432")))
attempt("write", lambda: open(os.path.join(place, "server.json.new"), "w"))
print(json.dumps(found))
"""


def attack(place: Path) -> dict[str, str]:
    for python in (os.path.realpath(sys.executable), "/usr/bin/python3"):
        command = [python, "-I", "-S", "-c", TRY, str(place)]
        try:
            done = subprocess.run(
                command, user=STRANGER, group=STRANGER, extra_groups=[], cwd="/", capture_output=True, text=True
            )
        except OSError:
            continue
        break
    else:
        pytest.skip("no Python that another user can run")
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine(place: Path) -> None:
    with serving(place / "data") as server:
        found = attack(server.data_dir)
        assert len(found) == 10
        assert set(found.values()) == {"PermissionError"}, found

        # Opened by mistake, the folders alone let nobody in: PostgreSQL asks the kernel who is there.
        postgres = server.data_dir / "postgres"
        for path in (postgres, postgres / "socket", postgres / "socket" / ".s.PGSQL.5432"):
            path.chmod(0o777)
        answer = attack(server.data_dir)["database"]
        assert "Peer authentication failed" in answer or "28000" in answer, answer
