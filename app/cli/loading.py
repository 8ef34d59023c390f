"""Loading modules, which makes a million objects that stay."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def gc_paused() -> Iterator[None]:
    """Lets Python look for cycles neither in the block nor, later on, among what it has made.

    To look through all that is there again and again takes two fifths of loading, and one more fifth when the
    process ends.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
