"""The demo: a small workflow that ships in the wheel, run by the Snakemake beside this server."""
