"""Runs in every state, as if recorded in the last days: for pages that are looked at, by people and by axe."""

from __future__ import annotations

import time
from collections.abc import Iterable

from snakemake_logger_plugin_flowo import wire

from tests.bench import generate
from tests.factories import Line, Tape

SAMPLES = [
    "NA12878", "NA12891", "NA12892", "NA18507", "NA18508", "NA19238", "NA19239", "NA19240", "NA20502", "NA20509",
    "NA21137", "HG00096_tumour_replicate_2",
]  # fmt: skip
STEPS = ["fetch_reads", "quality", "trim_reads", "align", "mark_duplicates", "call_variants"]
LINKS = [(0, 1), (0, 2), (2, 3), (3, 4), (4, 5), (5, 6), (1, 7), (6, 8), (7, 8)]  # indices into RULES
RULES = [*STEPS, "merge_variants", "report_quality", "all"]
TAIL = """\
[17:02:11] call_variants 1.14.2, sample {sample}
[17:02:11] reading aligned/{sample}.bam (2.1 GB)
[17:02:12] chromosome 1: 48,213 candidates
[17:02:39] chromosome 2: 45,871 candidates
[17:03:04] WARNING: 312 reads with a mapping quality of 0
[17:03:11] Error: std::bad_alloc while sorting chromosome 3
[17:03:11] Killed
"""


def wildcards(sample: str) -> dict[str, str]:
    return {"sample": sample} if sample else {}


class Cohort:
    """A run of the cohort workflow, told job by job. `begun`: seconds ago."""

    def __init__(self, name: str, begun: float, **opened: object) -> None:
        self.tape = Tape(start=time.time() - begun)
        self.numbers: dict[tuple[str, str], int] = {}
        fields: Line = {
            "name": name,
            "tags": ["cohort"],
            "host": "hpc-login2",
            "directory": "/data/projects/cohort-2026/variants",
            "command": ["snakemake", "--cores", "16", "--profile", "profiles/lab", "--logger", "flowo"],
            "snakemake_version": "9.27.1",
            "python_version": "3.12.4",
            "platform": "Linux-6.8-x86_64",
        }
        self.tape.opened(**(fields | opened))
        self.tape.add(
            wire.WorkflowStarted(snakefile="/data/projects/cohort-2026/variants/workflow/Snakefile"),
            wire.Provenance(git_branch="main", git_commit="4f2c1e98a7d0", git_dirty=True),
            wire.Log(text="Building DAG of jobs..."),
        )

    def plan(self) -> Cohort:
        """Twelve samples through six rules, then three jobs that need all of them."""
        for rule in STEPS:
            for sample in SAMPLES:
                self.numbers[rule, sample] = len(self.numbers) + 1
        for rule in RULES[len(STEPS) :]:
            self.numbers[rule, ""] = len(self.numbers) + 1
        jobs = [
            {"job": number, "rule": rule, "wildcards": wildcards(sample), "needs": self.needs(rule, sample)}
            for (rule, sample), number in self.numbers.items()
        ]
        self.tape.add(
            wire.RuleGraph(nodes=RULES, links=[list(link) for link in LINKS]),
            wire.ResourcesInfo(cores=16),
            wire.RunInfo(stats={rule: len(SAMPLES) if rule in STEPS else 1 for rule in RULES}),
            wire.Log(text="Using shell: /usr/bin/bash\nProvided cores: 16"),
        ).planned(jobs)
        return self

    def needs(self, rule: str, sample: str) -> list[int]:
        before = [RULES[source] for source, target in LINKS if RULES[target] == rule]
        return [
            number
            for (other, its), number in self.numbers.items()
            if other in before and (not sample or not its or its == sample)
        ]

    def made_for(self, rule: str, sample: str) -> list[str]:
        needed = set(self.needs(rule, sample))
        return [f"results/{other}/{its or 'cohort'}.bam" for (other, its), n in self.numbers.items() if n in needed]

    def starts(self, rule: str, samples: Iterable[str] = SAMPLES, *, local: bool = True, attempt: int = 1) -> Cohort:
        for sample in samples:
            number, stem = self.numbers[rule, sample], f"{rule}/{sample or 'cohort'}"
            self.tape.add(wire.JobStarted(jobs=[number])).info(
                number,
                rule,
                local=local,
                wildcards=wildcards(sample),
                inputs=[*self.made_for(rule, sample), "resources/reference/GRCh38.fa"],
                outputs=[f"results/{stem}.bam", f"results/{stem}.bam.bai"],
                logs=[f"logs/{stem}.log"],
                benchmark=f"benchmarks/{stem}.tsv",
                threads=4,
                resources={"mem_mb": 8000 * attempt, "runtime": 120, "tmpdir": "/scratch"},
                reason=f"Missing output files: results/{stem}.bam",
                command=f"{rule} --threads 4 --reference resources/reference/GRCh38.fa \\\n"
                f"  --output results/{stem}.bam results/{RULES[0]}/{sample}.bam 2> logs/{stem}.log",
            )
        return self

    def finishes(self, rule: str, samples: Iterable[str] = SAMPLES) -> Cohort:
        for sample in samples:
            self.tape.finished(self.numbers[rule, sample])
        return self

    def does(self, rule: str, samples: Iterable[str] = SAMPLES) -> Cohort:
        return self.starts(rule, samples).finishes(rule, samples)

    def fails(self, rule: str, sample: str, attempt: int = 1, **more: object) -> Cohort:
        number, path = self.numbers[rule, sample], f"logs/{rule}/{sample}.log"
        tail = TAIL.format(sample=sample)
        self.tape.add(wire.LogSnapshot(job=number, attempt=attempt, path=path, tail=tail, size=len(tail)))
        files: list[Line] = [
            {"path": f"results/mark_duplicates/{sample}.bam", "size": 2_113_000_000},
            {"path": "resources/reference/GRCh38.fa", "size": 3_144_000_000},
            {"path": f"results/mark_duplicates/{sample}.bam.bai", "missing": True},
        ]
        self.tape.add(wire.InputSnapshot(job=number, attempt=attempt, files=files, total=7))
        self.tape.failed(number, **({"exit_code": 137, "message": f"Error in rule {rule}", "logs": [path]} | more))
        return self

    def tries_again(self, rule: str, sample: str) -> Cohort:
        self.tape.add(wire.JobRestarting(job=self.numbers[rule, sample]))
        return self.starts(rule, [sample], attempt=2)

    def ended(self, outcome: str = "succeeded", **more: object) -> Cohort:
        self.tape.ended(outcome, **more)
        return self


def running() -> Tape:
    """Half done: some wait for the cluster, one failed once and was tried again."""
    run = Cohort("variants of the cohort", 300, tags=["cohort", "lab7"]).plan()
    run.does("fetch_reads").does("trim_reads").does("quality", SAMPLES[:9]).does("align", SAMPLES[:6])
    run.starts("call_variants", SAMPLES[:1]).fails("call_variants", SAMPLES[0]).tries_again("call_variants", SAMPLES[0])
    run.starts("align", SAMPLES[6:9]).starts("mark_duplicates", SAMPLES[:4], local=False)
    return run.tape


def failed() -> Tape:
    """Two jobs failed for good, all that hung on them was skipped."""
    run = Cohort("variants, chromosome 3 in high memory", 7_000, tags=["cohort"]).plan()
    for rule in STEPS[:-1]:
        run.does(rule)
    run.starts("call_variants").finishes("call_variants", SAMPLES[2:])
    for sample in SAMPLES[:2]:
        run.fails("call_variants", sample).tries_again("call_variants", sample).fails("call_variants", sample, 2)
    run.tape.add(wire.Log(level="ERROR", text="Exiting because a job execution failed. Look below for error messages"))
    run.ended("failed", message="Exiting because a job execution failed.")
    return run.tape


def before_any_job() -> Tape:
    message = (
        'MissingInputException in rule align in file "/data/projects/cohort-2026/variants/Snakefile", line 41:\n'
        "Missing input files for rule align:\n    output: aligned/NA12878.bam\n    wildcards: sample=NA12878\n"
        "    affected files:\n        trimmed/NA12878.fastq.gz"
    )
    run = Cohort("renamed samples", 90_000)
    run.tape.add(wire.Error(exception="MissingInputException", message=message))
    return run.ended("failed", message=message, exception="MissingInputException").tape


def others() -> list[Tape]:
    """What else a list holds: done, interrupted, lost, nothing to be done, planning, awkward names."""
    done = Cohort("variants of the cohort", 180_000, host="lab-srv", tags=["cohort", "published"]).plan()
    for rule in STEPS:
        done.does(rule)
    for rule in RULES[len(STEPS) :]:
        done.does(rule, [""])
    stopped = Cohort("trial with half of the samples", 260_000).plan().does("fetch_reads").starts("trim_reads")
    unheard = Cohort("overnight", 40_000, host="node017").plan().does("fetch_reads").starts("align", SAMPLES[:3])
    long = "rna-seq_batch_7_second_sequencing_run_with_unique_molecular_identifiers_and_spike-ins"
    return [
        done.ended().tape,
        stopped.ended("interrupted").tape,
        unheard.tape,
        Cohort("nothing new", 20_000).ended().tape,
        Cohort(long, 30, tags=["rna", "batch-7", "umi", "spike-ins"]).tape,
    ]


def submitted() -> Tape:
    """Nothing runs: all that can be is handed to the cluster."""
    run = Cohort("variants, by the cluster", 1_500, tags=["cohort"]).plan().does("fetch_reads")
    return run.starts("trim_reads", local=False).tape


def large() -> Tape:
    """Thousands of jobs of sixty rules, ended."""
    tape = Tape()
    tape.lines = generate.encoded(generate.events(6_000, rules=60, samples=400, lean=True, failing=0.02))
    return tape


def awkward() -> Tape:
    """One job, of a rule with a long name and five wildcards."""
    run = Cohort("one job", 900)
    five = {"sample": SAMPLES[-1], "chromosome": "chrUn_KI270742v1", "caller": "deepvariant", "lane": "L004", "k": "31"}
    rule = "genotype_joint_calls_of_all_samples_by_chromosome_and_filter_them_by_quality_and_depth"
    run.tape.info(1, rule, wildcards=five, outputs=["/".join([*five.values(), "joint.filtered.vcf.gz"])])
    return run.tape.finished(1).ended()


def alike() -> Tape:
    """A thousand failures of one cause, and two of others."""
    run = Cohort("all chromosomes, all lanes", 4_000)
    tape = run.tape
    for number in range(1, 1001):
        chromosome = {"sample": SAMPLES[number % 12], "chromosome": f"chr{number % 22 + 1}", "lane": f"L{number:03}"}
        tape.info(number, "call_variants", wildcards=chromosome, outputs=[f"calls/{number}.vcf"])
        tail = f"[17:03:{number % 60:02}] lane L{number:03}: OSError: [Errno 28] No space left on device: '/scratch/{number}'\n"
        if number in (400, 700):
            tail = f"ValueError: lane L{number:03} has no reads\n"
        tape.add(wire.LogSnapshot(job=number, attempt=1, path=f"logs/L{number:03}.log", tail=tail, size=len(tail)))
        tape.failed(number, exit_code=1, message=f"Command 'call {number}' returned non-zero exit status 1.")
    return tape.ended("failed")


LIVING = ("running", "planning", "submitted")  # of `everything`, as long as somebody beats for them


def everything() -> dict[str, Tape]:
    """One run in each state, by the state's name."""
    names = ("succeeded", "interrupted", "lost", "nothing", "planning")
    return {
        "running": running(), "failed": failed(), "early": before_any_job(), "submitted": submitted(), "alike": alike(),
        "large": large(), "awkward": awkward(), **dict(zip(names, others(), strict=True)),
    }  # fmt: skip
