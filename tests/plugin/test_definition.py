"""What a workflow is made of: copied without running it, read within bounds, and told once."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake_logger_plugin_flowo import data, definition, sources, wire
from snakemake_logger_plugin_flowo.definition import Place, Rule

from tests.plugin.test_snakemake import of, prepared, snakemake, spooled


def test_real_snakemake_tells_its_rules_configuration_and_profile() -> None:
    place = prepared("made")
    assert snakemake(place).returncode == 0
    events = spooled(place)
    text = json.dumps(events)
    assert "unseen" not in text
    (config,) = of(events, "config")
    assert config["config"] == {
        "n": 3, "samples": {"A": 1, "B": ["x", "y"]}, "db": {"user": "ada", "password": "***"}
    }  # fmt: skip
    profile = str(place / "profiles/default/config.yaml")
    assert events[0]["profiles"] == [profile]
    hashes = {key: value for event in of(events, "provenance") for key, value in event.get("hashes", {}).items()}
    assert hashes == {
        "config.yaml": hashlib.sha256((place / "config.yaml").read_bytes()).hexdigest(),
        profile: hashlib.sha256(Path(profile).read_bytes()).hexdigest(),
    }
    rules = {event["rule"]: event for event in of(events, "rule")}
    assert set(rules) == {"all", "shell", "script", "run", "copied", "special"}
    lines = (place / "Snakefile").read_text().splitlines()

    def parts(name: str) -> list[tuple[str, str, str]]:
        """Role, file, and the first line of each piece of code, as it stands in the file."""
        found = []
        for part in rules[name]["sources"]:
            begin = ""
            if "text" in part:
                begin = part["text"].splitlines()[0]
                assert Path(part["path"]).read_text().splitlines()[part["line"] - 1] == begin
            assert not part.get("note")
            found.append((part["role"], os.path.relpath(part["path"], place), begin.strip()))
        return found

    assert parts("shell") == [("rule", "Snakefile", "rule shell:"), ("conda", "envs/made.yaml", "")]
    assert parts("script") == [("rule", "Snakefile", "rule script:"), ("script", "scripts/made.py", "")]
    assert parts("run") == [("rule", "Snakefile", "rule run:")]
    assert parts("copied") == [
        ("rule", "Snakefile", "use rule shell as copied with:"), ("base", "Snakefile", "rule shell:"),
        ("conda", "envs/made.yaml", ""),
    ]  # fmt: skip
    assert parts("special") == [
        ("rule", "Snakefile", "use rule make from other as special with:"),
        ("base", "rules/other.smk", "rule make:"),
    ]
    assert [rules[name].get("directive") for name in ("all", "shell", "script", "run")] == [
        None,
        "shell",
        "script",
        "run",
    ]
    code = rules["shell"]["sources"][0]["text"]
    assert code.endswith('"""\necho {params.name} > {output}\n        """\n')
    assert "# what follows" not in code
    assert (
        rules["run"]["sources"][0]["text"].splitlines()[-1] == lines[lines.index("use rule shell as copied with:") - 3]
    )
    assert rules["run"]["container"] == "docker://lab/made:1"
    files = {event["hash"]: event["text"] for event in of(events, "source")}
    assert sorted(files.values()) == sorted(
        (place / name).read_text() for name in ("envs/made.yaml", "scripts/made.py")
    )
    params = {job["rule"]: job["params"] for plan in of(events, "plan") for job in plan["jobs"] if "params" in job}
    assert params["shell"] == {"name": "SHELL.TXT", "n": 3, "api_token": "***"}


@pytest.mark.all
def test_each_of_it_can_be_switched_off() -> None:
    place = prepared("made")
    assert snakemake(place, "--logger-flowo-no-config", "--logger-flowo-no-code").returncode == 0
    events = spooled(place)
    assert not of(events, "rule")
    assert not of(events, "source")
    assert of(events, "config")[0].get("config") is None


@pytest.mark.all
def test_parameters_that_are_known_late_come_with_the_job() -> None:
    place = prepared("made")
    with (place / "Snakefile").open("a") as file:
        file.write(
            "\nrule late:\n    input: 'shell.txt'\n    output: 'late.txt'\n"
            "    params: size=lambda wildcards, input: open(input[0]).read()\n    shell: 'echo {params.size} > {output}'\n"
        )
    assert snakemake(place, "late.txt").returncode == 0
    told = {event["rule"]: event.get("params") for event in of(spooled(place), "job_info")}
    assert told == {"shell": None, "late": {"size": "SHELL.TXT\n"}}


class Hostile:
    """Acts on everything that one may ask of it."""

    def boom(self, *_: Any, **__: Any) -> Any:
        raise SystemExit("code of the user's was run")

    __str__ = __repr__ = __iter__ = __len__ = __fspath__ = __eq__ = __hash__ = __bool__ = __int__ = boom
    __getattr__ = keys = items = get = boom
    __class__ = property(boom)


def hostile(base: type) -> Any:
    names = (
        "__str__",
        "__repr__",
        "__iter__",
        "__len__",
        "__eq__",
        "__format__",
        "__int__",
        "__float__",
        "items",
        "keys",
    )
    members = {name: Hostile.boom for name in names if hasattr(base, name)}
    return type("Hostile", (base,), members | {"__hash__": base.__hash__})


def test_no_code_of_the_users_is_run() -> None:
    made = {
        "object": Hostile(), "dict": hostile(dict)(a=1), "list": hostile(list)([1]), "str": hostile(str)("x"),
        "int": hostile(int)(3), "float": hostile(float)(0.5), "tuple": hostile(tuple)((1,)), "set": hostile(set)({1}),
        "function": lambda: 1 / 0, hostile(str)("key"): 1, "path": pathlib.Path("/x"), "class": Hostile,
    }  # fmt: skip
    assert data.Copier().copy(made) == {
        "object": "<Hostile>", "dict": {"a": 1}, "list": [1], "str": "x", "int": 3, "float": 0.5, "tuple": [1], "set": [1],
        "function": "<function>", "key": 1, "path": "/x", "class": "<type>",
    }  # fmt: skip
    rule: Any = SimpleNamespace(
        name="a", snakefile=Hostile(), lineno=Hostile(), run_func=Hostile, shellcmd=Hostile(), _conda_env=lambda: 1 / 0,
        _container_img=Hostile(), basedir=Hostile(), norun=False,
    )  # fmt: skip
    found = definition.rule(SimpleNamespace(_linemaps={}), rule)
    assert (found.name, found.command, found.conda, found.container, found.folder) == ("a", None, None, None, None)


def test_copies_are_bounded() -> None:
    ring: list[Any] = []
    ring.append(ring)
    for value in (
        ring,
        {"a": list(range(10**6))},
        ["x" * 10**6] * 50,
        {str(n): {str(m): m for m in range(999)} for n in range(999)},
    ):
        copier = data.Copier(items=5_000, depth=12, nodes=20_000)
        assert len(json.dumps(copier.copy(value))) < 2_000_000
        assert copier.cut
    config = sources.config(
        definition.Config([], {"samples": {f"s{n}": [n] * 9 for n in range(4_000)}, "n": 3}, False, [])
    )
    assert config.cut
    assert config.config["n"] == 3
    assert 100 < len(config.config["samples"]) <= 1_000
    assert len(json.dumps(config.config)) <= sources.CONFIG_KEPT


BLOCKS = [
    ("rule a:\n    input: 'x'\n\n    shell: 'y'\n\n\nrule b:\n    input: 'z'\n", "rule a:\n    input: 'x'\n\n    shell: 'y'\n"),
    ('rule a:\n    shell:\n        """\nat the margin\n        """\nx = 1\n', 'rule a:\n    shell:\n        """\nat the margin\n        """\n'),
    ("rule a:\n    input: [\n1,\n]\n    # inside\n    output: 'o'\n# outside\nx = 1\n", "rule a:\n    input: [\n1,\n]\n    # inside\n    output: 'o'\n"),
    ("use rule a from b as c\nrule d:\n    input: 'x'\n", "use rule a from b as c\n"),
    ("    rule a:\n        input: 'x'\n    rule b:\n        input: 'z'\n", "    rule a:\n        input: 'x'\n"),
    ("rule a:\n    input: 'x'", "rule a:\n    input: 'x'\n"),
    ("rule a:\n    shell: '''never closed\nrule b:\n", "rule a:\n"),
    ("rule a:\n\tinput: 'x'\n  odd\nrule b:\n", "rule a:\n\tinput: 'x'\n"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), BLOCKS)
def test_the_statement_of_a_rule(text: str, expected: str) -> None:
    found = sources.block(text.splitlines(keepends=True), 1)
    assert found.startswith(expected) if "never closed" in text else found == expected
    assert sources.block(["x\n"], 5) == ""


def events_of(rule: Rule, reader: sources.Sources | None = None) -> list[wire.Event]:
    return (reader or sources.Sources(time.time() + 60)).rules([rule], [])


def a_rule(**changes: Any) -> Rule:
    empty: dict[str, Any] = {
        "name": "a", "place": None, "base": None, "folder": str(Path.cwd()), "directive": None, "target": None,
        "command": None, "conda": None, "container": None, "modules": [],
    }  # fmt: skip
    return Rule(**(empty | changes))


@pytest.mark.parametrize(
    ("target", "note"),
    [
        ("none.py", "there is no such file"), ("fifo", "not a regular file"), (".", "not a regular file"),
        ("{wildcards.x}.py", "depends on the job"), ("https://x/y.py", "not a file of this machine"), ("a\0b", "cannot be read"),
        ("large.py", "only the first 65536 of 100000 characters"), ("/dev/zero", "not a regular file"),
    ],
)  # fmt: skip
def test_what_is_no_readable_script_is_told_so(target: str, note: str) -> None:
    os.mkfifo("fifo")
    Path("large.py").write_text("x" * 100_000)
    *_, rule = events_of(a_rule(directive="script", target=target))
    assert isinstance(rule, wire.Rule)
    assert note in rule.sources[0]["note"]


def test_a_text_of_several_rules_is_told_once_and_a_change_is_told() -> None:
    Path("s.py").write_text("1\n")
    Path("twin.py").write_text("1\n")
    reader = sources.Sources(time.time() - 60)
    found = [
        *events_of(a_rule(directive="script", target="s.py"), reader),
        *events_of(a_rule(directive="script", target="s.py", conda="named"), reader),
        *events_of(a_rule(directive="script", target="twin.py"), reader),
    ]
    assert [event.kind for event in found] == ["source", "rule", "rule", "rule"]
    for rule in found[1:]:
        assert isinstance(rule, wire.Rule)
        assert rule.sources[0]["hash"] == hashlib.sha256(b"1\n").hexdigest()
        assert "changed after the run began" in rule.sources[0]["note"]
    assert isinstance(found[2], wire.Rule)
    assert found[2].conda == "named"


def test_of_a_notebook_the_code_is_kept() -> None:
    cells = [
        {"cell_type": "code", "source": ["a = 1\n", "b"], "outputs": ["x" * 99]},
        {"cell_type": "markdown", "source": "t"},
    ]
    Path("n.ipynb").write_text(json.dumps({"cells": cells}))
    source, _ = events_of(a_rule(directive="notebook", target="n.ipynb"))
    assert isinstance(source, wire.Source)
    assert source.text == "# cell 1\na = 1\nb"


def test_where_the_code_cannot_be_read_the_command_is_told() -> None:
    place = Place("https://host/Snakefile", 3)
    (rule,) = events_of(a_rule(place=place, directive="shell", command="echo 1"))
    assert isinstance(rule, wire.Rule)
    assert rule.shellcmd == "echo 1"
    assert re.search("could not be read", rule.sources[0]["note"])
