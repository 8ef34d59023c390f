"""Wherever a running worker cuts the log, the facts of all processes are the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from app.kpis.facts.consumer import FACTS
from app.kpis.facts.statements import kinds_read
from app.kpis.facts.tables import TABLES
from tests.cuts import at_random, contents, followers, one_by_one
from tests.extent import first_of
from tests.kpis.conftest import Books

ALL_TABLES = TABLES.split(", ")


@pytest.mark.parametrize(("cut", "at_once"), first_of([(at_random, 0), (one_by_one, 0)], 1))
async def test_facts_are_the_same_wherever_the_log_was_cut(
    few_own_books: Books, cut: Callable[[], Iterator[int]], at_once: float
) -> None:
    async with followers(few_own_books.url, FACTS) as following:
        uncut = await contents(following.alone, ALL_TABLES)
        await following.take_in_pieces(cut(), 1 + int(len(few_own_books.events) * at_once))
        assert await contents(following.alone, ALL_TABLES) == uncut


def test_the_kinds_that_statements_read_are_found_in_them() -> None:
    texts = ["select from log.told where type in ('ci.added', 'clock.breached')", "stream = 'person/' || id"]
    assert kinds_read(texts) == {"ci", "clock", "person"}
