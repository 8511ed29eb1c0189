"""Quantiles and ratios for the table of figures."""

from __future__ import annotations

from collections.abc import Sequence


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def row(what: str, measured: str, aim: str) -> None:
    print(f"| {what} | {measured} | {aim} |", flush=True)
