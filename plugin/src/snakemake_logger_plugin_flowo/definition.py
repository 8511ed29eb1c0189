"""Looks at the definition of the running workflow: its configuration, and where each rule stands.

Called in Snakemake's own thread (`dag.Watch`), so it only copies: words and numbers, of attributes that are not code.
What has to be read from files is `sources`' part, in the attendant's thread. Private objects of Snakemake, guarded.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any, NamedTuple

from snakemake_logger_plugin_flowo.data import Copier

RULES = 2_000  # of which the code is recorded
CONFIG_NODES = 20_000  # values of the configuration: some 10 ms of Snakemake's thread at most
CONFIG_ITEMS = 5_000
CONFIG_DEPTH = 12
_FRAMES = 60
_DIRECTIVES = ("shellcmd", "script", "notebook", "wrapper", "cwl", "template_engine")


class Place(NamedTuple):
    """A line in a Snakefile."""

    file: str
    line: int | None  # from 1


class Rule(NamedTuple):
    name: str
    place: Place | None  # where it is written, or where `use rule … as` names it
    base: Place | None  # the rule that it is made from, where that is another place
    folder: str | None  # what its paths are relative to
    directive: str | None  # shell, script, notebook, wrapper, cwl, template_engine, run, or None: it only collects
    target: str | None  # the script, notebook or wrapper as written; the template's whole path
    command: str | None  # the shell command as written
    conda: str | None
    container: str | None
    modules: list[str]


class Config(NamedTuple):
    files: list[str]
    config: Any
    cut: bool
    snakefiles: list[str]


def config(workflow: Any, *, content: bool) -> Config:
    """The configuration as it is now, and the files that it came from."""
    copier = Copier(items=CONFIG_ITEMS, depth=CONFIG_DEPTH, nodes=CONFIG_NODES)
    found: Any = None
    if content:
        with contextlib.suppress(Exception):
            found = copier.copy(workflow.globals["config"])
    return Config(_words(workflow.configfiles), found, copier.cut, snakefiles(workflow))


def snakefiles(workflow: Any) -> list[str]:
    """The Snakefiles that were read so far."""
    with contextlib.suppress(Exception):
        return _words(list(workflow._linemaps)[:RULES])
    return []


def rule(workflow: Any, rule: Any) -> Rule:
    """Where a rule is written, and what it runs."""
    place = base = None
    with contextlib.suppress(Exception):
        place = _place(workflow, _word(rule.snakefile), rule.lineno)
    code = getattr(getattr(rule, "run_func", None), "__code__", None)
    if code is not None:
        with contextlib.suppress(Exception):
            base = _place(workflow, code.co_filename, code.co_firstlineno)
    if place is None:
        place, base = base, None
    directive = target = None
    for name in _DIRECTIVES:
        value = getattr(rule, name, None)
        if value is not None:
            directive, target = name, _word(value)
            break
    if directive == "template_engine":  # named by its word; the template is what the rule reads
        target = _template(rule)
    if directive is None and not getattr(rule, "norun", True):
        directive = "run"
    shell = directive == "shellcmd"
    return Rule(
        name=rule.name,
        place=place,
        base=base if base != place else None,
        folder=_word(getattr(rule, "basedir", None)),
        directive="shell" if shell else directive,
        target=None if shell else target,
        command=target if shell else None,
        conda=_word(getattr(rule, "_conda_env", None)),
        container=_word(getattr(rule, "_container_img", None)),
        modules=_words(getattr(getattr(rule, "env_modules", None), "names", ())),
    )


def _template(rule: Any) -> str | None:
    with contextlib.suppress(Exception):
        written = _word(next(list.__iter__(rule.input)))
        return None if written is None else os.path.abspath(written)
    return None


def _place(workflow: Any, file: str | None, line: Any) -> Place | None:
    """From a line of the Python code that Snakemake made of a Snakefile to the line that was written."""
    if not file:
        return None
    lines = workflow._linemaps.get(file) or {}
    return Place(file, lines.get(line))


def _word(value: Any) -> str | None:
    """A string, a path, or a local source file; functions are not asked."""
    kind = type(value)
    if issubclass(kind, str):
        return str.__str__(value)
    if kind.__module__.startswith(("pathlib", "snakemake.sourcecache")):
        return str(value)  # without the secrets that an address of a hosted file may carry
    return None


def _words(values: Any) -> list[str]:
    return [word for value in values or () if (word := _word(value)) is not None]


def profiles() -> list[str]:
    """The profiles that set Snakemake's options, as files; read from its command line's parser."""
    with contextlib.suppress(Exception):
        return _of_parser(_of_command_line("parser"))
    return []


def option(name: str) -> Any:
    """An option of this invocation as Snakemake takes it, profiles included; None where that cannot be told."""
    return getattr(_of_command_line("args"), name, None)


def _of_command_line(name: str) -> Any:
    """A variable of the function that reads the command line, on the stack."""
    with contextlib.suppress(Exception):
        frame = sys._getframe(1)
        for _ in range(_FRAMES):
            if frame.f_code.co_name == "args_to_api" and "snakemake" in frame.f_code.co_filename:
                return frame.f_locals.get(name)
            if frame.f_back is None:
                break
            frame = frame.f_back
    return None


def _of_parser(parser: Any) -> list[str]:
    found: list[str] = []
    for source in getattr(parser, "_source_to_settings", None) or ():
        kind, _, path = str(source).partition("|")
        if kind == "config_file" and path:
            found.append(os.path.abspath(path))
    return found
