"""The command that runs again only what failed, made from the run's own. Pure.

`--until` with the failed jobs' files leaves the run's targets as they are, and cuts everything that does not lead to
these files (tried with Snakemake 9.27: also with targets, with `--directory`, and after an `--until` of its own).
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from collections.abc import Collection, Iterable, Sequence

MOST_FILES = 40  # more make no command that one reads; then whole rules are named
MASK = "***"  # what the plugin writes for secrets

# They would run again what succeeded. The latter take words up to the next option.
_FORCING = frozenset({"--forceall", "-F", "--force", "-f", "--dry-run", "--dryrun", "-n"})
_TARGETED = frozenset({"--forcerun", "-R", "--until", "-U"})
_RESUMING = frozenset({"--rerun-incomplete", "--ri"})
_FLAGS = re.compile(r"-[npkfFt]{2,}")  # several options of one letter and no value in one word


@dataclasses.dataclass(frozen=True, slots=True)
class Failed:
    """A failed job: its rule, and the files that it was to make."""

    rule: str
    outputs: Sequence[str]


def command(argv: Sequence[str], targets: Iterable[str]) -> list[str]:
    """`argv` with nothing forced, and cut to what leads to `targets`."""
    words = iter_kept(argv)
    first, *rest = words or ["snakemake"]
    if re.search(r"(?:^|/)snakemake(?:/__main__\.py)?$", first):
        first = "snakemake"
    own, separator, after = rest, [], []
    if "--" in rest:
        at = rest.index("--")
        own, separator, after = rest[:at], ["--"], rest[at + 1 :]
    if not _RESUMING.intersection(own):
        own = [*own, "--rerun-incomplete"]
    return [first, *own, "--until", *targets, *separator, *after]


def iter_kept(argv: Sequence[str]) -> list[str]:
    kept: list[str] = []
    dropping = False
    for i, word in enumerate(argv):
        if word == "--":
            return kept + list(argv[i:])
        if dropping and not word.startswith("-"):
            continue
        dropping = word in _TARGETED
        if dropping or word in _FORCING or word.partition("=")[0] in _TARGETED:
            continue
        if _FLAGS.fullmatch(word):
            word = "-" + re.sub("[nfF]", "", word[1:])
            if word == "-":
                continue
        kept.append(word)
    return kept


def targets(failed: Iterable[Failed], rules: Collection[str]) -> list[str]:
    """A file of each failed job, or its rule where it makes none that can be named. `rules`: all rules of the run."""
    found: dict[str, None] = {}
    for job in failed:
        file = next((path for path in job.outputs if _nameable(path)), None)
        # What begins like an option or is called like a rule is a path all the same.
        found[job.rule if file is None else f"./{file}" if file.startswith("-") or file in rules else file] = None
    return list(found)


def _nameable(path: str) -> bool:
    """Neither a pipe nor a service nor what is in a storage: Snakemake tells these with a word behind or a scheme."""
    return not path.endswith(")") and "://" not in path


def shell(directory: str, words: Sequence[str]) -> str:
    """For a shell, from anywhere."""
    told = shlex.join(words)
    return f"cd {shlex.quote(directory)} && {told}" if directory else told
