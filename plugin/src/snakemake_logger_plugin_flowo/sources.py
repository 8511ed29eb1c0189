"""Reads what a workflow is made of (Snakefiles, scripts, environments, config files), in the attendant's thread.

Regular files only, each once, within bounds; a text that stands in several rules is one event. Masking is the spool's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import tokenize
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.data import Copier
from snakemake_logger_plugin_flowo.definition import Config, Place, Rule

SNAKEFILE_READ = 2 * 1024 * 1024  # bytes
TEXT_KEPT = 64 * 1024  # characters of one file or rule
TEXTS_KEPT = 4 * 1024 * 1024  # characters of all together
HASHED = 16 * 1024 * 1024  # bytes of a config file, above which it is not read
CONFIG_KEPT = 128 * 1024  # characters of the configuration as JSON
_WRAPPERS = (".py", ".R", ".Rmd", ".jl")  # in Snakemake's order
_ROLES = {"script": "script", "notebook": "notebook", "wrapper": "wrapper", "cwl": "cwl", "template_engine": "template"}


def read(path: str | Path, most: int) -> tuple[bytes | None, str | None]:
    """The beginning of a regular file, and why there is nothing or not all of it."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # asked before opening: a device may act on being opened
            return None, "not a regular file"
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None, "there is no such file"
    except (OSError, ValueError) as error:
        return None, f"cannot be read: {getattr(error, 'strerror', None) or error}"
    with os.fdopen(fd, "rb") as file:
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return None, "not a regular file"
            data = file.read(most + 1)
        except OSError as error:
            return None, f"cannot be read: {error.strerror}"
    return (data[:most], f"only the first {most} bytes are kept") if len(data) > most else (data, None)


def hashes(files: Iterable[str], directory: Path) -> list[wire.Event]:
    """The SHA-256 of config files and profiles."""
    found: dict[str, str] = {}
    for name in list(files)[:100]:
        data, note = read(directory / name, HASHED)
        if data is not None and note is None:
            found[name] = hashlib.sha256(data).hexdigest()
    return [wire.Provenance(hashes=found)] if found else []


def config(found: Config) -> wire.Config:
    """The configuration, no larger than is shown; what had to be left out is at the ends of long lists."""
    value, cut = found.config, found.cut
    for items in (1_000, 200, 50, 10):
        if len(json.dumps(value, default=str)) <= CONFIG_KEPT:
            break
        value, cut = Copier(items=items, depth=20).copy(value), True
    else:
        if len(json.dumps(value, default=str)) > CONFIG_KEPT:
            value = None
    return wire.Config(files=found.files[:100], config=value, cut=cut)


class Sources:
    """What was read of a workflow's files, so that nothing is read or told twice."""

    def __init__(self, started: float) -> None:
        self.started = started  # files that are younger may not be what the run began with
        self.left = TEXTS_KEPT
        self._lines: dict[str, list[str] | None] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._hashes: set[str] = set()

    def rules(self, rules: list[Rule], snakefiles: list[str]) -> list[wire.Event]:
        """The events of some rules, each after those of the texts that it names."""
        return [event for rule in rules for event in self._rule(rule, snakefiles)]

    def _rule(self, rule: Rule, snakefiles: list[str]) -> Iterator[wire.Event]:
        parts: list[dict[str, Any]] = []
        place = rule.place
        named = self._use(rule.name, snakefiles) if place is not None and rule.base is None else None
        if named is not None and place is not None and named != place:
            parts.append(self._code("rule", named))
        if place is not None:
            parts.append(self._code("base" if parts else "rule", place))
        if rule.base is not None:
            parts.append(self._code("base", rule.base))
        if rule.target is not None and rule.directive in _ROLES:
            yield from self._file(parts, _ROLES[rule.directive], rule.target, rule.folder)
        conda = rule.conda
        if conda is not None and conda.endswith((".yaml", ".yml")):
            yield from self._file(parts, "conda", conda, rule.folder)
            conda = None
        yield wire.Rule(
            rule=rule.name,
            directive=rule.directive,
            sources=parts,
            shellcmd=rule.command if not any(part.get("text") for part in parts) else None,
            conda=conda,
            container=rule.container,
            modules=rule.modules,
        )

    def _code(self, role: str, place: Place) -> dict[str, Any]:
        part: dict[str, Any] = {"role": role, "path": place.file}
        if place.line is not None:
            part["line"] = place.line
        lines = self._snakefile(place.file)
        if lines is None or place.line is None:
            part["note"] = "its code could not be read"
            return part
        text = block(lines, place.line)
        if self._changed(place.file):
            part["note"] = "the file was changed after the run began"
        return part | {"text": self._spend(text, part)}

    def _file(self, parts: list[dict[str, Any]], role: str, target: str, folder: str | None) -> Iterator[wire.Event]:
        """A script, notebook or environment: its text as an event of its own where that is new."""
        part: dict[str, Any] = {"role": role, "path": target}
        parts.append(part)
        local = target.removeprefix("file:").removeprefix("//") if target.startswith("file:") else target
        if "{" in target:
            part["note"] = "its name depends on the job"
            return
        if (
            "://" in local
            or (role == "wrapper" and local == target)  # relative to a prefix, which is mostly far away
            or (folder is not None and "://" in folder and not local.startswith("/"))
        ):
            part["note"] = "not a file of this machine"
            return
        path = os.path.normpath(os.path.join(folder or "", local))
        if role == "wrapper" and os.path.isdir(path):
            names = (os.path.join(path, f"wrapper{ending}") for ending in _WRAPPERS)
            path = next(filter(os.path.isfile, names), path)
        part["path"] = path
        if path not in self._told:
            data, note = read(path, SNAKEFILE_READ)
            told: dict[str, Any] = {"note": note} if note else {}
            if data is not None and b"\0" not in data:
                told["hash"] = hashlib.sha256(data).hexdigest()
                text = data.decode(errors="replace")
                if role == "notebook":
                    text = cells(text)
                text = self._spend(text, told)
                if self._changed(path):
                    told.setdefault("note", "the file was changed after the run began")
                if told["hash"] not in self._hashes:
                    self._hashes.add(told["hash"])
                    yield wire.Source(hash=told["hash"], text=text, size=len(data))
            self._told[path] = told
        part.update(self._told[path])

    def _spend(self, text: str, part: dict[str, Any]) -> str:
        kept = min(TEXT_KEPT, max(0, self.left))
        if len(text) > kept:
            part["note"] = f"only the first {kept} of {len(text)} characters are kept"
            text = text[:kept]
        self.left -= len(text)
        return text

    def _changed(self, file: str) -> bool:
        try:
            return os.stat(file).st_mtime > self.started
        except OSError:
            return False

    def _snakefile(self, file: str) -> list[str] | None:
        if file not in self._lines:
            data, note = read(file, SNAKEFILE_READ) if os.path.isabs(file) else (None, None)
            whole = data is not None and note is None
            self._lines[file] = data.decode(errors="replace").splitlines(keepends=True) if data and whole else None
        return self._lines[file]

    def _use(self, name: str, snakefiles: list[str]) -> Place | None:
        """The statement that gives a module's rule this name of its own; Snakemake does not keep its place."""
        statement = re.compile(rf"\s*use\s+rule\s+[\w*, ]+\s+from\s+\w+\s+as\s+{re.escape(name)}\s*(?:with\s*)?(?::|$)")
        for file in snakefiles:
            for number, line in enumerate(self._snakefile(file) or (), 1):
                if "use" in line and name in line and statement.match(line):
                    return Place(file, number)
        return None


def block(lines: list[str], first: int) -> str:
    """The statement that begins in a line (from 1), with the lines that are indented below it."""
    rest = lines[first - 1 :]
    if not rest:
        return ""
    indent = rest[0][: len(rest[0]) - len(rest[0].lstrip())]
    outdented = iter(line.removeprefix(indent) for line in rest)
    last, depth, headed = 1, 0, False
    try:
        for token in tokenize.generate_tokens(lambda: next(outdented, "")):
            if token.type == tokenize.INDENT:
                depth += 1
            elif token.type == tokenize.DEDENT:
                depth -= 1
                if depth <= 0:
                    break
            elif token.type == tokenize.NEWLINE:
                headed = True
            elif token.type not in (tokenize.NL, tokenize.COMMENT):
                if headed and not depth:
                    break
                last = token.end[0]
    except (tokenize.TokenError, SyntaxError):
        pass
    return "".join(rest[:last]).rstrip("\n") + "\n"


def cells(text: str) -> str:
    """The code of a notebook, cell by cell, without what it printed; the text itself where it is no notebook."""
    try:
        found = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    except (ValueError, TypeError, KeyError):
        return text
    return "\n\n".join(f"# cell {number}\n{code}" for number, code in enumerate(found, 1))
