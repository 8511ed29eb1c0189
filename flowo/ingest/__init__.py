"""What plugins report: into the journal, and from there into the tables of runs."""
