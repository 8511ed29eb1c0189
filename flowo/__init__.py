"""The flowo server: records Snakemake runs and shows them as they happen."""
