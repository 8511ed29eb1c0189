"""The client's commands, as processes and against a peer."""

from __future__ import annotations

import functools
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import cli, config, spool, wire
from typer.testing import CliRunner, Result

from tests.plugin.peer import Peer


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's commands only, whatever else is installed."""
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [])


def flowo(*arguments: str, **options: Any) -> Result:
    return CliRunner().invoke(cli.build(), list(arguments), **options)


def test_version_comes_at_once() -> None:
    begun = time.monotonic()
    program = "import sys; from snakemake_logger_plugin_flowo.cli import main; sys.argv[1:] = ['--version']; main()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "flowo 3.0.0\n"
    assert time.monotonic() - begun < 20


def test_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    assert flowo("config", "path").output.strip() == str(config.config_path())
    assert json.loads(flowo("config", "path", "--json").output) == {"path": str(config.config_path())}
    assert flowo("config", "set", "url", "https://flowo.example.org").exit_code == 0
    assert flowo("config", "set", "token", input="flowo_secret\n").exit_code == 0
    assert flowo("config", "get", "token").output == "flowo_secret\n"
    assert json.loads(flowo("config", "get", "--json").output) == {"url": "https://flowo.example.org", "token": "***"}
    assert flowo("config", "unset", "token").exit_code == 0
    assert flowo("config", "get", "token").exit_code == 1
    assert flowo("config", "set", "url", "example.org").exit_code == 1
    assert flowo("config", "set", "colour", "red").exit_code == 1
    assert config.load() == {"url": "https://flowo.example.org"}
    assert "there is no file" in flowo("config", "set", "ca", "nowhere.pem").output
    Path("ca.pem").touch()
    assert flowo("config", "set", "ca", "ca.pem").exit_code == 0
    assert config.load()["ca"] == str(Path.cwd() / "ca.pem")  # wherever it is read


def test_the_servers_commands_are_named_where_the_server_is_not() -> None:
    for arguments in (["serve"], ["serve", "--port", "3100"], ["open"], ["demo", "--exit"]):
        done = flowo(*arguments)
        assert done.exit_code == 1, done.output
        assert "comes with the server, which is not installed in this environment" in done.output
    assert "  serve " not in flowo("--help").output


def test_a_directory_that_is_gone(tmp_path: Path) -> None:
    program = (
        "import os, sys; from snakemake_logger_plugin_flowo.cli import main; os.mkdir('gone'); os.chdir('gone');"
        "os.rmdir('../gone'); sys.argv[1:] = ['sync']; main()"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "flowo: the directory that you are in is gone: go to another\n"


def test_what_is_said_finds_no_place(tmp_path: Path) -> None:
    program = "import sys; from snakemake_logger_plugin_flowo.cli import main; sys.argv[1:] = ['sync']; main()"
    for place, code, said in (
        ("> /dev/full", 1, "flowo: what there is to say cannot be written: No space left on device\n"),
        (">&-", 0, ""),
    ):
        command = ["sh", "-c", f'exec "$0" -c "$1" {place}', sys.executable, program]
        done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (code, said)


def recorded(directory: Path, *texts: str) -> spool.Spool:
    made = spool.Spool.create([directory / ".snakemake" / "flowo"], spool.uuid7())
    for event in (wire.RunOpened(host="elsewhere"), *(wire.Log(text=text) for text in texts), wire.RunEnded()):
        made.append(event, time.time())
    made.close()
    return made


def test_sync(peer: Peer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here, there = recorded(Path.cwd(), "a", "b"), recorded(tmp_path / "there", "c")
    failed = flowo("sync")
    assert failed.exit_code == 1
    mistyped = flowo("sync", "nowhere")
    assert (mistyped.exit_code, mistyped.output) == (1, "flowo: there is no directory nowhere\n")
    monkeypatch.setenv("FLOWO_URL", peer.url)
    monkeypatch.setenv("FLOWO_TOKEN", "t")
    assert "4 events sent" in flowo("sync").output
    assert list(peer.runs) == [here.path.stem]
    assert flowo("sync").output == "nothing to send\n"
    del peer.runs[here.path.stem]  # restored from a backup that is older
    assert "4 events sent" in flowo("sync").output
    assert flowo("sync").output == "nothing to send\n"
    (report,) = json.loads(flowo("sync", "--all", "--json").output)
    assert (report["run_id"], report["complete"], report["sent"]) == (there.path.stem, True, 3)
    assert flowo("sync", "--all").output == "nothing to send\n"
    peer.misbehave = lambda path, events: (401, {}, b"")
    recorded(Path.cwd(), "d")
    refused = flowo("sync")
    assert refused.exit_code == 1
    assert "does not accept the token" in refused.output
    peer.misbehave = lambda path, events: (410, {}, b"")
    deleted = flowo("sync")
    assert deleted.exit_code == 0
    assert "it was deleted on the server" in deleted.output
    monkeypatch.setenv("FLOWO_URL", "http://127.0.0.1:9")
    assert flowo("sync").output == "nothing to send\n"  # and it is not asked whether that is so still


def test_sync_into_another_workspace(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWO_URL", peer.url)
    monkeypatch.setenv("FLOWO_TOKEN", "t")
    there = json.dumps({"detail": "The workspace “genmics” does not exist."}).encode()
    problem = {"Content-Type": "application/problem+json"}
    peer.misbehave = lambda path, events: (404, problem, there) if events[0].get("workspace") != "genomics" else None
    made = spool.Spool.create([Path(".snakemake/flowo")], spool.uuid7())
    for event in (wire.RunOpened(host="elsewhere", workspace="genmics"), wire.Log(text="a"), wire.RunEnded()):
        made.append(event, time.time())
    made.close()
    refused = flowo("sync")
    assert refused.exit_code == 1
    assert "The workspace “genmics” does not exist." in refused.output
    sent = flowo("sync", "--workspace", "genomics")
    assert (sent.exit_code, "3 events sent" in sent.output) == (0, True)
    opened, log, _ = peer.runs[made.path.stem]
    assert (opened["seq"], opened["kind"], opened["host"], opened["workspace"]) == (
        1,
        "run_opened",
        "elsewhere",
        "genomics",
    )
    assert "workspace" not in log


def test_somebody_elses_spool_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded(Path.cwd(), "a")
    monkeypatch.setattr("os.getuid", lambda: 12_345)
    assert flowo("sync", "--all").output == "nothing to send\n"


def test_tokens_of_ones_own_server(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_server = flowo("token", "list", "--data-dir", str(home / "data"))
    assert no_server.exit_code == 1
    data = home / "data"
    data.mkdir(parents=True)
    (data / "secret").write_text("key")
    (data / "secret").chmod(0o600)
    peer = Peer(uds=data / "flowo.sock")
    facts = {
        "address": "http://127.0.0.1:1", "socket": str(data / "flowo.sock"), "pid": 1,
        "host": socket.gethostname(), "boot_id": config.boot_id(), "token": "flowo_ingest", "version": "3.0.0",
    }  # fmt: skip
    (data / "server.json").touch(mode=0o600)
    (data / "server.json").write_text(json.dumps(facts))
    made = {"id": "1", "name": "n", "token": "flowo_new", "scope": "read", "expires_at": None, "more": 1}
    peer.misbehave = lambda path, events: (201, {"Content-Type": "application/json"}, json.dumps(made).encode())
    for options in ([], ["--data-dir", str(data)]):
        done = flowo("token", "create", "--name", "n", "--scope", "read", "--expires", "never", "--json", *options)
        assert done.exit_code == 0, done.output
        assert json.loads(done.output) == {key: made[key] for key in ("id", "name", "token", "scope", "expires_at")}
    path, headers, _ = peer.posts[-1]
    assert path == "/api/v1/tokens"
    assert headers["Authorization"].startswith("Bearer ey")
    assert flowo("token", "create", "--name", "n", "--expires", "soon").exit_code == 2
    peer.misbehave = lambda path, events: (200, {"Content-Type": "application/json"}, b'{"items": [], "next": null}')
    assert flowo("token", "list").output == "no tokens yet\n"
    problem = {"Content-Type": "application/problem+json"}, b'{"detail": "odd"}'
    for refusal in ((404, *problem), (422, *problem)):
        peer.misbehave = functools.partial(lambda refusal, *_: refusal, refusal)
        gone = flowo("token", "revoke", "nonsense")
        assert gone.exit_code == 1
        assert "you have no token nonsense" in gone.output
    peer.misbehave = lambda path, events: (404, *problem)
    assert (
        "there is no workspace elsewhere" in flowo("token", "create", "--name", "n", "--workspace", "elsewhere").output
    )
    peer.stop()
