"""The house's own rules: one version, documented settings and commands, imports, the OpenAPI in step, no addresses."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import typer
import typer.main

from flowo.settings import Settings
from flowo.version import VERSION
from tests.house import openapi

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
TARGETS = "setup demo test test-all chaos bench shots dev fill lint fix types client wheels".split()  # noqa: SIM905


def project(path: str) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads((ROOT / path).read_text())["project"]
    return found


def test_one_version() -> None:
    server, plugin = project("pyproject.toml"), project("plugin/pyproject.toml")
    assert server["version"] == plugin["version"] == VERSION
    assert f"snakemake-logger-plugin-flowo=={VERSION}" in server["dependencies"]
    assert server["scripts"] == plugin["scripts"]
    assert f'"version": "{VERSION}"' in (ROOT / "frontend/package.json").read_text()
    assert VERSION in (ROOT / "CHANGELOG.md").read_text()


def test_every_setting_is_documented() -> None:
    assert not [name for name in Settings.model_fields if f"`FLOWO_{name.upper()}`" not in README]
    assert all(field.description for field in Settings.model_fields.values())


def commands() -> dict[str, Any]:
    """The name of each command, `token create` for those of groups, and the command."""
    from snakemake_logger_plugin_flowo.cli import build

    found: dict[str, Any] = {}

    def walk(prefix: str, command: Any) -> None:
        if hasattr(command, "commands"):
            for name, inner in command.commands.items():
                walk(f"{prefix} {name}", inner)
        else:
            found[prefix] = command

    walk("flowo", typer.main.get_command(build()))
    return found


def test_every_command_is_documented() -> None:
    known = commands()
    assert {"flowo serve", "flowo open", "flowo demo", "flowo token create", "flowo sync"} <= set(known)
    missing = [name for name, command in known.items() if not command.hidden and f"`{name}" not in README]
    assert not missing


def test_every_option_of_the_server_is_documented() -> None:
    known = commands()
    for name in ("flowo serve", "flowo open", "flowo demo"):
        for parameter in known[name].params:
            if not getattr(parameter, "hidden", False) and parameter.name != "help":
                assert any(option in README for option in parameter.opts), (name, parameter.opts)


def test_make_targets() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in TARGETS:
        assert re.search(rf"(?m)^{target}:", makefile), target


def test_who_may_import_whom() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_openapi_is_in_step() -> None:
    assert (ROOT / "frontend/openapi.json").read_text() == openapi.text(), "run `make client`"


def test_no_registry_addresses() -> None:
    for name in ("constraints.txt", "frontend/package-lock.json", "pyproject.toml", "plugin/pyproject.toml"):
        text = (ROOT / name).read_text()
        assert '"resolved"' not in text, name
        assert not re.search(r"https?://[\w.-]*(pypi|pythonhosted|npmjs|registry)", text), name
    assert "omit-lockfile-registry-resolved=true" in (ROOT / "frontend/.npmrc").read_text()


def test_constraints_pin_everything_and_nothing_of_ours() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    assert all(re.match(r"[a-z0-9._-]+==[^ ]+( ; .+)?$", line) for line in lines)
    names = {line.split("==")[0] for line in lines}
    assert not names & {"flowo", "snakemake-logger-plugin-flowo"}
    asked = project("pyproject.toml")["dependencies"] + project("plugin/pyproject.toml")["dependencies"]
    asked += [one for group in project("pyproject.toml")["optional-dependencies"].values() for one in group]
    for requirement in asked:
        name = re.split(r"[\[<>=!~; ]", requirement, maxsplit=1)[0].lower()
        assert name in names or name == "snakemake-logger-plugin-flowo", name


def test_every_module_says_what_it_is_for() -> None:
    for path in [*ROOT.glob("flowo/**/*.py"), *ROOT.glob("plugin/src/**/*.py"), *ROOT.glob("tests/**/*.py")]:
        if "workflow" not in path.parts and "workflows" not in path.parts and path.read_text().strip():
            assert re.match(r'(#!.*\n)?r?"""\S', path.read_text()), path.relative_to(ROOT)
