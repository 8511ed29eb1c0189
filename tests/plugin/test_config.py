"""The user's configuration, where a server is found, and what is masked."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import config, spool
from snakemake_logger_plugin_flowo.config import ConfigError, NoServer
from snakemake_logger_plugin_flowo.mask import mask_argv, mask_text
from snakemake_logger_plugin_flowo.owner import owner_token


def test_what_is_saved_is_loaded_and_private() -> None:
    values = {
        "url": "https://x.example/é",
        "token": 'a"b\\c\x7f\x01🙂',
        "n": 3,
        "on": True,
        "list": ["a", "b"],
        "t": {"k": "v"},
    }
    config.save(values)
    assert config.load() == values
    assert config.config_path().stat().st_mode & 0o777 == 0o600


def test_a_token_that_others_can_read_is_refused() -> None:
    config.save({"url": "http://h:1", "token": "t"})
    config.config_path().chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        config.find()


def test_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoServer, match="no flowo server of yours runs here"):
        config.find()
    config.save({"url": "http://configured:1", "token": "configured"})
    assert config.find()[:3] == ("http://configured:1", None, "configured")
    monkeypatch.setenv("FLOWO_URL", "http://environment:2/base/")
    # the configured token belongs to the configured server, and does not go elsewhere
    assert config.find()[:3] == ("http://environment:2/base", None, None)
    monkeypatch.setenv("FLOWO_TOKEN", "environment")
    assert config.find()[2] == "environment"
    assert config.find("https://flag:3")[:3] == ("https://flag:3", None, "environment")
    assert config.find("http+unix:///run/flowo.sock").socket == "/run/flowo.sock"


@pytest.mark.parametrize(
    "url", ["ftp://x", "localhost:3100", "http://", "http://u:p@h", "http+unix://rel", "http://h:port"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError):
        config.find(url)


def facts(home: Path, **changes: Any) -> Path:
    data = home / "data"
    data.mkdir(parents=True, exist_ok=True)
    place = data / "flowo.sock"
    if not place.exists():
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(place))
    path = data / "server.json"
    path.touch(mode=0o600)
    path.write_text(
        json.dumps(
            {
                "address": "http://127.0.0.1:3100", "socket": str(place), "pid": 1, "host": socket.gethostname(),
                "boot_id": config.boot_id(), "token": "flowo_x", "version": "3.0.0", **changes,
            }
        )
    )  # fmt: skip
    return path


def test_ones_own_server(home: Path) -> None:
    facts(home)
    assert config.find()[:3] == ("http://127.0.0.1:3100", str(home / "data/flowo.sock"), "flowo_x")
    # the address of one's own server, given by hand and without a token, is the same server
    assert config.find("http://127.0.0.1:3100").socket == str(home / "data/flowo.sock")
    # any other address gets no token of it
    assert config.find("http://127.0.0.1:3101").token is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"host": "other"}, "on the host other"),
        ({"boot_id": "x"}, "since this machine"),
        ({"socket": "/nowhere"}, "not run now"),
    ],
)
def test_a_server_elsewhere_or_before_is_not_used(home: Path, changes: dict[str, Any], said: str) -> None:
    facts(home, **changes)
    with pytest.raises(NoServer, match=said):
        config.find()


def test_what_others_can_write_or_read_is_not_used(home: Path) -> None:
    path = facts(home)
    path.chmod(0o644)
    with pytest.raises(NoServer, match="others can read"):
        config.find()
    path.chmod(0o600)
    path.rename(path.with_name("real"))
    path.symlink_to(path.with_name("real"))
    with pytest.raises(NoServer):
        config.find()
    path.unlink()
    if os.getuid() == 0:
        facts(home)
        os.chown(path, 65_534, 65_534)
        with pytest.raises(NoServer, match="belongs to somebody else"):
            config.find()


@pytest.mark.parametrize(
    ("argv", "masked"),
    [
        (["snakemake", "-c2", "all"], ["snakemake", "-c2", "all"]),
        (["--logger-x-token", "s3cret", "-c", "2"], ["--logger-x-token", "***", "-c", "2"]),
        (["--logger-x-token=s3cret"], ["--logger-x-token=***"]),
        (["--storage-s3-secret-key", "a", "b", "-n"], ["--storage-s3-secret-key", "***", "***", "-n"]),
        (["--config", "my_token=abc", "n=3"], ["--config", "my_token=***", "n=3"]),
        (["--config", 'db={"password": "abc", "n": 3}'], ["--config", 'db={"password": ***, "n": 3}']),
        (["--keep-going", "key.txt"], ["--keep-going", "key.txt"]),
        (["--url", "https://me:pw@host/x"], ["--url", "https://me:***@host/x"]),
        (["git+https://ghs@host/x", "ssh://git@host/x"], ["git+https://ghs@host/x", "ssh://git@host/x"]),
        (["--cmd", "sbatch --export=A=1,API_KEY=x job"], ["--cmd", "sbatch --export=A=1,API_KEY=*** job"]),
        (["https://h/?access_token=x&y=1"], ["https://h/?access_token=***&y=1"]),
        (["x", "flowo_abcdefgh12345"], ["x", "***"]),
    ],
)  # fmt: skip
def test_secrets_in_command_lines(argv: list[str], masked: list[str]) -> None:
    assert mask_argv(argv) == masked


def test_a_token_with_a_line_end_and_one_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLOWO_URL", "https://flowo.example.org")
    monkeypatch.setenv("FLOWO_TOKEN", "flowo_abc\r\n")
    assert config.find().token == "flowo_abc"
    for odd in ("flowo_a\nb", "flowo_ä"):
        monkeypatch.setenv("FLOWO_TOKEN", odd)
        with pytest.raises(config.ConfigError) as raised:
            config.find()
        assert "flowo_a" not in str(raised.value)  # it goes to the terminal, and to Snakemake's log


def test_the_configured_workspace_is_one_of_the_configured_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWO_URL", raising=False)
    assert config.workspace() is None
    config.save({"workspace": "genomics"})
    assert config.workspace() == "genomics"  # of one's own server
    config.save({"url": "https://flowo.example.org", "workspace": "genomics"})
    assert config.workspace() == config.workspace("https://flowo.example.org/") == "genomics"
    assert config.workspace("http://127.0.0.1:1") is None
    monkeypatch.setenv("FLOWO_URL", "http://127.0.0.1:1")
    assert config.workspace() is None


def test_a_remote_with_a_token() -> None:
    assert mask_text("https://ghp_abc@github.com/a/b.git") == "https://***@github.com/a/b.git"


def test_a_run_id_is_a_uuid_of_version_7() -> None:
    import time
    import uuid

    made = [uuid.UUID(spool.uuid7()) for _ in range(100)]
    assert {(one.version, one.variant) for one in made} == {(7, uuid.RFC_4122)}
    assert len(set(made)) == 100
    assert abs((made[0].int >> 80) / 1000 - time.time()) < 5


def test_the_owners_token(tmp_path: Path) -> None:
    import base64
    import hashlib
    import hmac

    (tmp_path / "secret").write_text("  key of the house\n")
    head, body, signature = owner_token(tmp_path).split(".")
    expected = hmac.new(b"key of the house", f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signature + "=") == expected
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert claims["aud"] == "flowo:owner"
    assert claims["exp"] - claims["iat"] == 60
