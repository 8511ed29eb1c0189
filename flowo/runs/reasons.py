"""Why Snakemake runs a job: its sentence as a set of kinds, so that 100,000 of them can be totalled. Pure.

A set is a number, one bit a kind: what is stored with a job. Bits keep their meaning; new kinds are added at the end.
"""

from __future__ import annotations

import functools
from typing import Literal, get_args

Reason = Literal[
    "forced", "always", "missing_output", "incomplete_output", "updated_input", "input_by_job", "input_set_changed",
    "code_changed", "params_changed", "software_changed", "needed_by_consumer", "other",
]  # fmt: skip
REASONS: tuple[Reason, ...] = get_args(Reason)

_BEGINNINGS: tuple[tuple[str, Reason], ...] = (
    ("Forced execution", "forced"),
    ("Rules with neither input nor output", "always"),
    ("Rules with a run or shell declaration but no output", "always"),
    ("Missing output files", "missing_output"),
    ("Incomplete output files", "incomplete_output"),
    ("Updated input files", "updated_input"),
    ("Input files updated by another job", "input_by_job"),
    ("Set of input files has changed", "input_set_changed"),
    ("Code has changed", "code_changed"),
    ("Params have changed", "params_changed"),
    ("Software environment definition has changed", "software_changed"),
    ("Output file is a pipe", "needed_by_consumer"),
    ("Job provides a service", "needed_by_consumer"),
)
_FINISHED = "Finished (was: "


def kinds(sentence: object) -> int:
    """The kinds that Snakemake's sentence names; 0 where it says nothing."""
    if not isinstance(sentence, str) or not (said := sentence.removeprefix(_FINISHED).strip()):
        return 0
    found = 0
    for part in said.split("; "):
        for beginning, reason in _BEGINNINGS:
            if part.startswith(beginning):
                found |= 1 << REASONS.index(reason)
                break
    return found or 1 << REASONS.index("other")


def names(held: int) -> list[Reason]:
    """The kinds of a set, in their order."""
    return list(_names(held))


@functools.lru_cache(1024)  # of 4,096 that there can be; jobs of a run have a dozen
def _names(held: int) -> tuple[Reason, ...]:
    return tuple(reason for bit, reason in enumerate(REASONS) if held >> bit & 1)
