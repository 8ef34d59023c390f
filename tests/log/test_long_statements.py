"""Statements too long for psycopg to keep their parameters' places: they are asked as any other."""

from __future__ import annotations

from app.platform.db import LONG_STATEMENT, Database
from tests.conftest import DatabaseUrls

ASKED = """select %(b)s::text as b, %(a)s::integer as a, %(b)s::text like '%%x' as ends, 7 %% 4 as rest"""


async def test_a_long_statement_gives_what_the_same_in_short_gives(place: DatabaseUrls) -> None:
    opened = Database(place.url, 1)
    await opened.open()
    parameters = {"a": 1, "b": "%(a)s %% x", "nowhere": 0}
    short = await opened.rows(ASKED, parameters)
    for _ in range(7):  # it is prepared meanwhile
        assert await opened.rows(ASKED + " " * LONG_STATEMENT, parameters) == short
    await opened.close()
    assert short == [{"b": parameters["b"], "a": 1, "ends": True, "rest": 3}]
