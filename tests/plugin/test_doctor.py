"""`flowo doctor`: each thing that can be wrong is named, with what to do."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import config, disk, doctor, spool, wire
from snakemake_logger_plugin_flowo.recorder import VERSION

from tests.plugin.reads import Reads
from tests.plugin.test_status import flowo, reads

__all__ = ["reads"]
OPENAPI = {"info": {"title": "flowo", "version": VERSION}}
BEAT = "/api/ingest/v1/runs/00000000-0000-0000-0000-000000000000/heartbeat"


@pytest.fixture
def well(reads: Reads) -> Reads:
    """A server at which all is well."""
    reads.answers = {
        "/readyz": [(200, {"status": "ok"})],
        "/api/openapi.json": [(200, OPENAPI)],
        "/api/v1/runs": [(200, {"items": [], "next": None})],
    }
    return reads


def levels(*arguments: str) -> tuple[int, dict[str, str]]:
    """The exit code, and the level of each check by what it says."""
    done = flowo("doctor", "--json", *arguments)
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["fine"] == (done.exit_code == 0)
    for check in told["checks"]:
        assert check["todo"] or check["level"] == "ok", check
    return done.exit_code, {check["what"]: check["level"] for check in told["checks"]}


def level(found: dict[str, str], part: str) -> str:
    (one,) = [level for what, level in found.items() if part in what]
    return one


def test_all_is_well(well: Reads) -> None:
    code, found = levels()
    assert code == 0
    assert set(found.values()) <= {"ok", "warn"}
    for part in ("answers, version", "clock", "can be sent", "can be read", "nothing waits", "sees the plugin"):
        assert level(found, part) == "ok"
    output = flowo("doctor").output
    assert output.startswith("ok    no configuration")
    assert "\x1b" not in output


def test_no_server_and_one_that_is_away(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: [])
    code, found = levels()
    assert (code, level(found, "no server")) == (1, "fail")
    code, found = levels("--data-dir", str(tmp_path))
    assert (code, level(found, "no server")) == (1, "fail")
    monkeypatch.setenv("FLOWO_URL", "http://127.0.0.1:1")
    code, found = levels()
    assert (code, level(found, "cannot be reached: connection refused")) == (1, "fail")
    assert "fail  http://127.0.0.1:1 (from FLOWO_URL) cannot be reached" in flowo("doctor").output


def test_what_answers_is_not_flowo_or_not_ready_or_another_version(well: Reads) -> None:
    well.answers["/readyz"] = [(503, {})]
    code, found = levels()
    assert (code, level(found, "its database does not")) == (1, "fail")
    well.answers["/readyz"] = [(200, {})]
    well.answers["/api/openapi.json"] = [(200, {"info": {"title": "flowo", "version": "9.9.9"}})]
    code, found = levels()
    assert (code, level(found, "the server is 9.9.9")) == (0, "warn")
    well.answers["/api/openapi.json"] = [(200, "hello")]
    code, found = levels()
    assert (code, level(found, "not like a flowo server")) == (1, "fail")


@pytest.mark.parametrize(
    ("sends", "reads_", "code", "part", "expected"),
    [
        (401, 401, 1, "does not accept the token", "fail"),
        (404, 403, 0, "does not read", "ok"),
        (403, 200, 0, "not allow to send", "warn"),
        (403, 403, 1, "not allow to send", "fail"),
        (502, 200, 1, "answers 502", "fail"),
        (404, 500, 1, "answers 500", "fail"),
    ],
)
def test_what_the_token_is_good_for(well: Reads, sends: int, reads_: int, code: int, part: str, expected: str) -> None:
    well.answers[BEAT] = [(sends, {})]
    well.answers["/api/v1/runs"] = [(reads_, {})]
    done, found = levels()
    assert (done, level(found, part)) == (code, expected)


def test_no_token(well: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FLOWO_TOKEN")
    code, found = levels()
    assert (code, level(found, "there is no token")) == (1, "fail")


def test_clock(well: Reads) -> None:
    well.date = "Mon, 23 Nov 2020 18:00:00 GMT"
    code, found = levels()
    assert (code, level(found, "ahead of the server's")) == (0, "warn")


def test_configuration(well: Reads) -> None:
    config.save({"url": well.url, "token": "t"})
    assert level(levels()[1], "by you only") == "ok"
    config.config_path().chmod(0o644)
    code, found = levels()
    assert (code, level(found, "others can read the configuration")) == (1, "fail")
    config.config_path().write_text("url = [")
    code, found = levels()
    assert (code, level(found, "the configuration cannot be used")) == (1, "fail")
    config.save({"uri": "x"})
    assert level(levels()[1], "unknown keys: uri") == "warn"


def test_unsent_runs(well: Reads) -> None:
    made = spool.Spool.create([Path.cwd() / ".snakemake" / "flowo"], spool.uuid7())
    made.append(wire.RunOpened(host="elsewhere"), time.time())
    made.close()
    os.utime(made.path, (0, 0))
    assert level(levels()[1], "not sent yet: 1") == "warn"


def test_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nfiler:/a {tmp_path} nfs4 rw 0 0\nx {tmp_path}/my\\040disk xfs rw 0 0\n")
    assert disk.file_system(tmp_path / "w", mounts) == "nfs4"
    assert disk.file_system(tmp_path / "my disk", mounts) == "xfs"
    assert disk.file_system(Path("/"), mounts) == "ext4"
    assert disk.file_system(Path("/"), tmp_path / "none") == "unknown"
    monkeypatch.setattr(doctor, "file_system", lambda path: "nfs4")
    assert doctor.place("here", tmp_path, otherwise=None).level == "warn"
    monkeypatch.setattr(doctor, "file_system", lambda path: "ext4")
    assert doctor.place("here", tmp_path, otherwise=None).level == "ok"
    monkeypatch.setattr(doctor, "SPACE", 1 << 70)
    assert "make room" in doctor.place("here", tmp_path, otherwise=None).todo

    def refuse(**_: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    assert doctor.place("here", tmp_path / "a" / "b", otherwise="elsewhere").level == "warn"
    assert doctor.place("here", tmp_path, otherwise=None).level == "fail"


@pytest.mark.parametrize(
    ("told", "part", "expected"),
    [
        ({"snakemake": None}, "there is no Snakemake", "warn"),
        ({"snakemake": "8.30.0"}, "too old", "fail"),
        ({"seen": False}, "does not see the plugin", "fail"),
        ({"plugin": "2.2.0"}, "plugin is 2.2.0", "warn"),
    ],
)
def test_snakemake_of_another_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], part: str, expected: str
) -> None:
    facts = {"python": "3.12.1", "snakemake": "9.1.0", "seen": True, "plugin": VERSION, **told}
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho '{json.dumps(facts)}'\n")
    script = tmp_path / "snakemake"
    script.write_text(f"#!{python}\n")
    for file in (python, script):
        file.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name, path: str(script))
    *_, last = doctor.snakemake()
    assert part in last.what
    assert last.level == expected
    python.write_text("#!/bin/sh\nexit 3\n")
    (broken,) = doctor.snakemake()
    assert broken.level == "warn"


def test_the_interpreter_beside_a_script(tmp_path: Path) -> None:
    (tmp_path / "snakemake").write_text("#!/bin/sh\n'''exec' /very/long/python\n")
    assert doctor._python(tmp_path / "snakemake") == str(tmp_path / "python")
    (tmp_path / "snakemake").write_text(f"#!{sys.executable}\n")
    assert doctor._python(tmp_path / "snakemake") == sys.executable
