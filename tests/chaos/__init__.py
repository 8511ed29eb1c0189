"""Kills what can be killed while runs report, and holds the record against what Snakemake did: `make chaos`."""
