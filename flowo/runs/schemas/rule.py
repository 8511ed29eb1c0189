"""Rules: what they are made of, their graph, and what their jobs took."""

from __future__ import annotations

from pydantic import Field

from flowo.runs.reasons import Reason
from flowo.runs.schemas.base import Shape
from flowo.runs.schemas.run import JobCounts


class RuleSource(Shape):
    """A piece of what a rule is made of. `sha256`: of the whole file as it was; `text` may be cut, and is masked."""

    role: str = Field(description="rule, base (what it is made from), script, notebook, wrapper, template, cwl, conda.")
    path: str | None = None
    line: int | None = Field(None, description="The first line, counted from 1.")
    text: str | None = None
    sha256: str | None = None
    note: str | None = Field(None, description="Why there is no text, or not all of it.")


class RuleDetail(Shape):
    """What a rule is made of, as written; empty where it was not recorded."""

    rule: str
    directive: str | None = Field(description="shell, run, script, notebook, wrapper, cwl, template_engine.")
    sources: list[RuleSource]
    command: str | None = Field(description="The shell command as written, where the code itself could not be read.")
    conda: str | None = Field(description="A named environment; one from a file is among the sources.")
    container: str | None
    modules: list[str]


class RuleNode(Shape):
    rule: str
    jobs: JobCounts
    mean_seconds: float | None


class RuleFigures(Shape):
    """What the jobs of one rule took, and why they ran."""

    rule: str
    median_seconds: float | None = Field(description="Of the rule's jobs that succeeded in this run.")
    reasons: dict[Reason, int] = Field(description="Jobs for each kind of reason; a job may have several.")


class Figures(Shape):
    """Of all rules with jobs that began, or whose reason is known."""

    jobs: int = Field(description="Jobs whose reason is known.")
    reasons: dict[Reason, int] = Field(description="As for a rule, over the run; the most frequent first.")
    rules: list[RuleFigures]


class RuleUsage(Shape):
    """What the jobs of one rule that succeeded took and used, beside what they asked for."""

    rule: str
    timed: int = Field(description="Jobs whose run time is known.")
    median_seconds: float | None
    p95_seconds: float | None
    max_seconds: float | None
    total_seconds: float
    threads: int | None = Field(description="Asked for, at most.")
    mem_mb: float | None = Field(description="Asked for, at most, in MB.")
    runtime_minutes: float | None = Field(description="Asked for, at most.")
    weighed: int = Field(description="Jobs whose memory a benchmark told.")
    p95_rss_mb: float | None = Field(description="In MiB, as benchmarks have it.")
    max_rss_mb: float | None
    loaded: int = Field(description="Jobs whose load a benchmark told.")
    median_load: float | None = Field(description="Percent of one core.")


class Usage(Shape):
    """Of all rules of which a job succeeded, that which took most of the run first."""

    rules: list[RuleUsage]


class RuleLink(Shape):
    source: str
    target: str


class RuleGraph(Shape):
    """The rules of the workflow. A rule without jobs in this run has counts of zero."""

    nodes: list[RuleNode]
    links: list[RuleLink]
