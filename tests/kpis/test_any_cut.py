"""Wherever a running worker cuts the log, the facts of all processes are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.kpis.facts.consumer import FACTS
from app.kpis.facts.statements import kinds_read
from app.kpis.facts.tables import TABLES
from tests.cuts import at_random, contents, followers, one_by_one
from tests.extent import WHOLE
from tests.kpis.conftest import Books

ALL_TABLES = TABLES.split(", ")


def larger() -> Iterator[int]:
    """Pieces three times as long, which are fewer."""
    return (3 * length for length in at_random())


@pytest.mark.parametrize("cut", [at_random, one_by_one] if WHOLE else [larger])
async def test_facts_are_the_same_wherever_the_log_was_cut(
    few_own_books: Books, cut: Callable[[], Iterator[int]]
) -> None:
    async with followers(few_own_books.url, FACTS) as following:
        uncut = await contents(following.alone, ALL_TABLES)
        await following.take_in_pieces(cut())
        assert await contents(following.alone, ALL_TABLES) == uncut


def test_the_kinds_that_statements_read_are_found_in_them() -> None:
    texts = ["select from log.told where type in ('ci.added', 'clock.breached')", "stream = 'person/' || id"]
    assert kinds_read(texts) == {"ci", "clock", "person"}
