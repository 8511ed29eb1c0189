"""End-to-end tests: a real `flowo serve`, real Snakemake runs and a real browser."""

import sys
from pathlib import Path

# `python -m tests.e2e.screenshots` finds the factories where pytest finds them.
if (_tests := str(Path(__file__).parent.parent)) not in sys.path:
    sys.path.insert(0, _tests)
