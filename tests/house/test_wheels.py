"""What is built and installed: wheels in an empty environment without Node, their origin, either order, the sdist."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from flowo.version import VERSION

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
UV = next((str(p) for p in [Path(sys.executable).parent / "uv"] if p.exists()), shutil.which("uv"))
# What is asked of an index there: our own two names never.
ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("FLOWO_", "PYTEST", "VIRTUAL_ENV")) and name != "PYTHONPATH"
}
NO_NODE = str(ROOT / "nonexistent")  # a PATH on which there is nothing


def run(*arguments: str | Path, path: str | None = None, cwd: Path | None = None) -> str:
    environment = ENVIRONMENT | ({"PATH": path} if path else {})
    done = subprocess.run(arguments, env=environment, cwd=cwd, capture_output=True, text=True, check=False, timeout=170)
    assert done.returncode == 0, f"{' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass
class Built:
    server: Path
    plugin: Path
    server_source: Path
    plugin_source: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Both wheels and source distributions, from this checkout, without an environment of their own."""
    target = tmp_path_factory.mktemp("dist")
    for folder in (ROOT, ROOT / "plugin"):
        run(sys.executable, "-m", "build", "--no-isolation", "--outdir", target, folder)
    found = {path.name: path for path in target.iterdir()}
    server, plugin = f"flowo-{VERSION}", f"snakemake_logger_plugin_flowo-{VERSION}"
    assert set(found) == {f"{name}{kind}" for name in (server, plugin) for kind in ("-py3-none-any.whl", ".tar.gz")}
    return Built(
        found[f"{server}-py3-none-any.whl"],
        found[f"{plugin}-py3-none-any.whl"],
        found[f"{server}.tar.gz"],
        found[f"{plugin}.tar.gz"],
    )


class Environment:
    """An empty environment; `uv` (its cache makes it fast) or else pip fills it."""

    def __init__(self, place: Path) -> None:
        self.bin = place / "bin"
        if UV:
            run(UV, "venv", "--quiet", "--python", sys.executable, place)
        else:
            run(sys.executable, "-m", "venv", place)

    def install(self, *what: str | Path) -> None:
        pip: list[str | Path] = [UV, "pip", "install", "--quiet", "--python", self.bin / "python"] if UV else []
        run(*(pip or [self.bin / "python", "-m", "pip", "install", "--quiet"]), "-c", CONSTRAINTS, *what)

    def python(self, code: str) -> str:
        return run(self.bin / "python", "-c", code, cwd=Path("/"))


@pytest.fixture(scope="session")
def environment(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    made = Environment(tmp_path_factory.mktemp("installed") / "venv")
    made.install(built.server, built.plugin)
    return made


ORIGIN = """
import importlib.metadata, json, snakemake_logger_plugin_flowo.wire as wire
print(json.dumps({name: {
    "version": importlib.metadata.version(name),
    "origin": json.loads(importlib.metadata.distribution(name).read_text("direct_url.json"))["url"],
} for name in ("flowo", "snakemake-logger-plugin-flowo")} | {"wire": wire.__file__}))
"""


def test_what_was_installed_is_ours(environment: Environment, built: Built) -> None:
    """Both names exist elsewhere, in other hands."""
    said = json.loads(environment.python(ORIGIN))
    for name, wheel in (("flowo", built.server), ("snakemake-logger-plugin-flowo", built.plugin)):
        assert said[name] == {"version": VERSION, "origin": wheel.as_uri()}
    with zipfile.ZipFile(built.plugin) as archive:
        assert archive.read("snakemake_logger_plugin_flowo/wire.py") == Path(said["wire"]).read_bytes()


def test_wheels_hold_what_they_need(built: Built) -> None:
    with zipfile.ZipFile(built.server) as archive:
        names = set(archive.namelist())
    assert "flowo/static/index.html" in names
    assert any(re.match(r"flowo/static/assets/.*\.js\.gz$", name) for name in names)
    assert any(re.match(r"flowo/db/migrations/versions/\d{8}_.*\.py$", name) for name in names)
    assert "flowo/db/migrations/script.py.mako" in names
    assert any(name.endswith("Snakefile") for name in names)
    assert not [name for name in names if "node_modules" in name or name.startswith(("tests/", "frontend/"))]
    assert built.server.stat().st_size < 5 << 20


@pytest.fixture
def served(environment: Environment, place: Path) -> Iterator[str]:
    log = place / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [environment.bin / "flowo", "serve", "--no-open", "--port", "0", "--data-dir", place / "data"],
            env=ENVIRONMENT | {"PATH": NO_NODE},
            cwd="/",
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + 60
        while not (place / "data/server.json").exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield json.loads((place / "data/server.json").read_text())["address"]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, log.read_text()


def test_installed_server_serves_the_page(served: str) -> None:
    with httpx.Client(base_url=served) as client:
        page = client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 200
        scripts = re.findall(r'<script[^>]* src="(?:\./)?([^"]+)"', page.text)
        assert scripts, page.text
        for script in scripts:
            answer = client.get("/" + script.lstrip("/"))
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/javascript")
        assert client.get("/readyz").json() == {"status": "ok"}
        assert client.get("/api/openapi.json").json()["info"]["version"] == VERSION


@pytest.mark.parametrize("first", ["plugin", "server"])
def test_either_order_gives_the_same_command(built: Built, tmp_path: Path, first: str) -> None:
    made = Environment(tmp_path / "venv")
    again = ["--reinstall-package" if UV else "--force-reinstall"]
    if first == "plugin":
        made.install(built.plugin)
        assert "serve" not in run(made.bin / "flowo", "--help").split()
        made.install(built.server, built.plugin)
    else:
        made.install(built.server, built.plugin)
        made.install(*again, *(["snakemake-logger-plugin-flowo"] if UV else ["--no-deps"]), built.plugin)
    assert run(made.bin / "flowo", "--version") == f"flowo {VERSION}\n"
    script = (made.bin / "flowo").read_text()
    assert "from snakemake_logger_plugin_flowo.cli import main" in script
    said = run(made.bin / "flowo", "--help")
    assert {"serve", "open", "demo", "sync", "token", "config"} <= set(re.findall(r"\w+", said))
    if first == "plugin":
        # What the first-run page says: the wheel itself, also where pip found it beside the server's and noted nothing.
        requirement = "from flowo.demo.routes import plugin_requirement; print(plugin_requirement())"
        assert made.python(requirement).strip() == str(built.plugin)
        (note,) = (tmp_path / "venv").glob("lib/*/site-packages/snakemake_logger_plugin_flowo-*/direct_url.json")
        note.unlink()
        assert made.python(requirement).strip() == str(built.plugin)


def test_wheel_from_the_source_distribution_needs_no_node(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.server_source) as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / f"flowo-{VERSION}"
    assert not (source / "frontend/node_modules").exists()
    said = run(
        *(sys.executable, "-c"),
        "import hatch_build; print(hatch_build.PagesHook('.', {}, None, None, '', 'wheel').dependencies())",
        cwd=source,
    )
    assert said == "[]\n"
    run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", tmp_path, source, path=NO_NODE)
    with zipfile.ZipFile(tmp_path / built.server.name) as again, zipfile.ZipFile(built.server) as once:
        assert sorted(again.namelist()) == sorted(once.namelist())
