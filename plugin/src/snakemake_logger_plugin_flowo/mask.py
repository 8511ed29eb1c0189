"""Takes secrets out of what is recorded, in one place: what a spool writes has passed here.

Free texts (commands, logs, messages, code) lose what looks like a secret; names, paths and ids only what is one by its
shape or stands in an address, so that they still lead to each other; data lose the values of keys that look like
secrets. The values themselves that are known to be secrets (of the environment, of plugins' settings, of the
configuration) are looked for everywhere.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from snakemake_logger_plugin_flowo import wire
from snakemake_logger_plugin_flowo.secrets import (
    MASK,
    hints,
    is_secret_name,
    is_telling_name,
    shapes_masked,
    without_secrets,
)

KNOWN = 200  # secrets that are looked for by their value
SHORTEST = 8  # characters: a shorter value may stand anywhere by chance
# Fields that other things are found by.
NAMES = frozenset({
    "rule", "job", "nodes", "stats", "inputs", "outputs", "logs", "log", "benchmark", "wildcards", "directory",
    "snakefile", "configfiles", "host", "user", "name", "tags", "workspace", "path", "file", "external_id", "group",
    "groups", "files", "hash", "conda", "container", "hashes", "profiles", "script", "url",
})  # fmt: skip
DATA = frozenset({"params", "resources", "provided", "config"})


class Mask:
    """What is known to be secret in one run; it learns more as the run goes."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._known: tuple[str, ...] = ()
        self._written: tuple[str, ...] = ()  # as JSON has them
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Values that are to be found nowhere; those too short or too plain to be told from words are left out."""
        known = dict.fromkeys(self._known)
        known.update(dict.fromkeys(secret for secret in secrets if _findable(secret)))
        longest = sorted(known, key=len, reverse=True)[:KNOWN]
        self._known = tuple(longest)
        self._written = tuple(json.dumps(secret)[1:-1] for secret in longest)

    def passes(self, written: str) -> bool:
        """Whether lines of the wire, as written, hold nothing that has to be looked at: mostly so."""
        return hints().search(written.lower()) is None and not any(map(written.__contains__, self._written))

    def clean(self, event: wire.Event) -> wire.Event:
        """The event to write in the place of this one."""
        changes = {
            name: cleaned
            for name, value in event.__dict__.items()
            if value and (cleaned := self._field(name, value)) != value
        }
        return event.replace(**changes) if changes else event

    def text(self, text: str) -> str:
        """A free text without secrets."""
        return self._without_known(without_secrets(text))

    def name(self, text: str) -> str:
        """A name, path or id without secrets."""
        return self._without_known(shapes_masked(text))

    def data(self, value: Any, name: str = "", *, secret: bool = False) -> Any:
        """Plain data without secrets: by the names of keys at any depth, and in the texts."""
        if isinstance(value, dict):
            secret = secret or (bool(name) and is_telling_name(name))
            return {self.name(str(key)): self.data(item, str(key), secret=secret) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(item, name, secret=secret) for item in value]
        if value is None or isinstance(value, bool):
            return value
        if secret or (name and is_secret_name(name, value)):
            return value if value in ("", MASK) else MASK
        return self.text(value) if isinstance(value, str) else value

    def _without_known(self, text: str) -> str:
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, MASK)
        return text

    def _field(self, name: str, value: Any) -> Any:
        if name in DATA:
            return self.data(value)
        if isinstance(value, str):
            return self.name(value) if name in NAMES else self.text(value)
        if isinstance(value, list):
            return [self._field(name, item) for item in value]
        if isinstance(value, dict):
            if name in NAMES:
                return {self.name(str(key)): self._field(name, item) for key, item in value.items()}
            return {key: self._field(str(key), item) for key, item in value.items()}
        return value


def _findable(secret: object) -> bool:
    if not isinstance(secret, str) or not SHORTEST <= len(secret) <= 20_000:
        return False
    # a place where secrets are kept is none; a number or a lone word may be anything
    return not (secret.isdigit() or secret.startswith(("/", "~", "./", "$")) or secret == MASK) and (
        not secret.isalpha() or len(secret) >= 16
    )


def of_environment(environment: Mapping[str, str] | None = None) -> list[str]:
    """The values of variables whose names say that they are secrets."""
    variables = os.environ if environment is None else environment
    return [value for name, value in variables.items() if is_telling_name(name)]


def of_settings(plugins: Any) -> list[str]:
    """The secrets in the settings of plugins: those so named, and those that may come from the environment only."""
    found: list[str] = []
    for settings in plugins.values() if isinstance(plugins, Mapping) else ():
        with contextlib.suppress(Exception):
            fields = getattr(type(settings), "__dataclass_fields__", {})
            for name, value in vars(settings).items():
                metadata = getattr(fields.get(name), "metadata", {})
                if isinstance(value, str) and (is_telling_name(name) or metadata.get("env_var")):
                    found.append(value)
    return found


def of_argv(argv: Sequence[str]) -> list[str]:
    """The secrets of a command line, by the names before them."""
    found: list[str] = []
    hiding = False
    for argument in argv:
        name, sign, value = argument.partition("=")
        telling = is_telling_name(name.lstrip("-"))
        if argument.startswith("-"):
            hiding = telling and not sign
        elif hiding:
            found.append(argument)
        if telling and sign:
            found.append(value)
    return found


def of_data(value: Any, name: str = "", *, secret: bool = False) -> list[str]:
    """The secrets in plain data, by the names of their keys."""
    if isinstance(value, dict):
        inside = secret or (bool(name) and is_telling_name(name))
        return [found for key, item in value.items() for found in of_data(item, str(key), secret=inside)]
    if isinstance(value, list | tuple):
        return [found for item in value for found in of_data(item, name, secret=secret)]
    return [value] if isinstance(value, str) and (secret or is_telling_name(name)) else []


def flags_of(plugins: Any) -> frozenset[str]:
    """The options of logger plugins that take no value."""
    found: set[str] = set()
    for plugin, settings in plugins.items() if isinstance(plugins, Mapping) else ():
        with contextlib.suppress(Exception):
            prefix = f"--logger-{str(plugin).replace('_', '-')}-"
            found.update(
                prefix + name.replace("_", "-") for name, value in vars(settings).items() if isinstance(value, bool)
            )
    return frozenset(found)


def mask_text(text: str) -> str:
    """A text without what looks like a secret in it."""
    return without_secrets(text)


def mask_argv(argv: Sequence[str], flags: frozenset[str] = frozenset()) -> list[str]:
    """A command line without secrets: `--opt value`, `--opt=value`, `name=value`, addresses with a password.

    What is set for other logger plugins is hidden altogether, but for `flags`, which take no value.
    """
    masked: list[str] = []
    hiding = False  # the values of an option whose name says that they are secret
    for argument in argv:
        if argument.startswith("-"):
            option, sign, value = argument.partition("=")
            secret = is_secret_name(option.lstrip("-")) or _of_another_logger(option)
            hiding = secret and not sign and option not in flags
            if secret and sign:
                masked.append(f"{option}={MASK}")
            else:
                masked.append(f"{option}{sign}{_argument(value)}" if sign else without_secrets(option))
        else:
            masked.append(MASK if hiding else _argument(argument))
            hiding = hiding and not _of_another_logger(option)  # whose options take one value each
    return masked


def _of_another_logger(option: str) -> bool:
    return option.startswith("--logger-") and not option.startswith("--logger-flowo-")


def _argument(argument: str) -> str:
    """`name=value` as a whole: its value may hold blanks."""
    name, sign, value = argument.partition("=")
    if sign and name.replace("_", "").replace("-", "").replace(".", "").isalnum() and is_secret_name(name, value):
        return f"{name}={MASK}"
    return without_secrets(argument)
