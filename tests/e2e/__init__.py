"""End-to-end tests: a real `flowo serve`, real Snakemake runs and a real browser."""
