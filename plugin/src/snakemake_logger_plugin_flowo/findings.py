"""What is recorded beside Snakemake's events: git, config files, configuration, code. The attendant reads it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from snakemake_logger_plugin_flowo import definition, mask, wire

Ask = Callable[[Callable[[], list[wire.Event]]], bool]


class Findings:
    """Asks for each thing once, as soon as it is known where it stands. `directory`: where relative paths begin."""

    def __init__(self, ask: Ask, directory: Path, started: float, profiles: list[str], known: mask.Mask) -> None:
        self._ask = ask
        self._directory = directory
        self._started = started
        self._profiles = profiles
        self._mask = known
        self._hashed: set[str] = set()
        self._sources: object = None

    def git(self, folder: Path) -> None:
        from snakemake_logger_plugin_flowo.attend import provenance

        self._ask(lambda: provenance(folder))

    def files(self, files: list[str]) -> None:
        """The hashes of config files and profiles."""
        from snakemake_logger_plugin_flowo import sources

        new = [file for file in dict.fromkeys([*files, *self._profiles]) if file not in self._hashed]
        if new:
            self._hashed.update(new)
            self._ask(lambda: sources.hashes(new, self._directory))

    def config(self, found: definition.Config) -> None:
        """The configuration. What is a secret in it is one everywhere, from now on."""
        from snakemake_logger_plugin_flowo import sources

        self._mask.learn(mask.of_data(found.config))
        self._ask(lambda: [sources.config(found)])
        self.files(found.files)

    def rules(self, rules: list[definition.Rule], snakefiles: list[str]) -> None:
        """The code of rules that are new."""
        from snakemake_logger_plugin_flowo.sources import Sources

        if not rules:
            return
        if not isinstance(self._sources, Sources):
            self._sources = Sources(self._started)
        known = self._sources
        self._ask(lambda: known.rules(rules, snakefiles))
