"""When something is killed: at the same instants in each run, and at new ones by `make soak`."""

from __future__ import annotations

import random

from tests.extent import ALL_EXAMPLES


def new_chance() -> random.Random:
    """What chooses the instants."""
    return random.Random(None if ALL_EXAMPLES else 1)
