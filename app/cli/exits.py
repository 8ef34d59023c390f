"""Exit codes of commands, for scripts."""

from __future__ import annotations

LARGELY_REFUSED = 1
CASES_DIFFER = 1
WRONG_USE = 2
NO_DATABASE = 3
REFUSED = 4
DIFFERENT = 5
NO_ANSWER = 6
INTERRUPTED = 130
TERMINATED = 143
