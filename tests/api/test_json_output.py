"""Answers are written as pydantic writes them, byte for byte."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticSerializationError, from_json, to_json

from app.api.requests.json_output import SharedFragment, dump_json
from app.common.people import Role
from tests.cases import each_case
from tests.client import Api, an_incident

TEXTS = st.text(st.characters(codec="utf-8"))
# Offsets of whole minutes: others have no form in ISO 8601 that all agree about.
ZONES = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(timezones=st.just(UTC) | ZONES)
NUMBERS = st.integers() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
PLAIN = st.none() | st.booleans() | NUMBERS | TEXTS | st.uuids() | INSTANTS | st.dates()
ANSWERS = st.recursive(
    PLAIN | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner) | st.tuples(inner, inner),
)


class Plain(Enum):
    """What is not text, and whose value is."""

    one = "first"


class Colour(StrEnum):
    """What is text."""

    red = "红"


@given(ANSWERS)
def test_whatever_an_answer_holds_is_written_as_pydantic_writes_it(answer: Any) -> None:
    assert dump_json(answer) == to_json(answer)


@given(st.lists(ANSWERS, min_size=1, max_size=3), ANSWERS)
def test_what_stands_in_an_answer_many_times_is_written_as_if_it_stood_there(
    several: list[Any], rest: Any
) -> None:
    marks = [SharedFragment(value) for value in several]
    answer = {"items": [{"a": mark, "b": rest} for mark in marks * 2], "rest": rest}
    plain = {"items": [{"a": value, "b": rest} for value in several * 2], "rest": rest}
    assert dump_json(answer) == to_json(plain)


@each_case(
    "value",
    [
        *(2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**40, Decimal("1.10"), -0.0, 1e22, 1e-7),
        *("\x00\x1f\x7f\u2028\ufeff/<é😀", Colour.red, Plain.one, {Colour.red: 1}, {1: 2}, {"a"}, b"x"),
        *(UUID(int=1), date(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999, UTC), timedelta(seconds=5)),
    ],
)
def test_what_stands_at_an_edge_is_written_as_pydantic_writes_it(value: Any) -> None:
    assert dump_json({"value": [value]}) == to_json({"value": [value]})


def test_what_has_no_json_is_refused_and_a_number_that_is_none_is_null() -> None:
    for value in ("\ud800", {"\udfff": 1}, object()):
        with pytest.raises(PydanticSerializationError):
            dump_json([value])
    assert dump_json([float("nan"), float("inf"), float("-inf")]) == b"[null,null,null]"


@pytest.mark.parametrize("beside", [1, 2**64], ids=["quickly", "thoroughly"])
def test_an_instant_without_a_zone_is_of_utc(beside: int) -> None:
    instant = datetime(2026, 1, 2, 3, 4, 5, 678900, UTC)
    bare = instant.replace(tzinfo=None)
    assert dump_json({"items": [{"at": bare, "n": beside}]}) == to_json(
        {"items": [{"at": instant, "n": beside}]}
    )


async def test_real_answers_are_the_same_by_either_writer(api: Api) -> None:
    await api.team("mail")
    agent = await api.client("Lin 林", Role.agent, teams=("mail",))
    record = await agent.post_ok("/v1/incidents", an_incident())
    await agent.post_ok(f"/v1/incidents/{record['id']}/assign", {"team": "mail"})
    record_path = f"/v1/incidents/{record['id']}"
    for path in (
        "/v1/incidents",
        "/v1/incidents?fields=number,title&limit=1",
        record_path,
        f"{record_path}/events",
        "/v1/me/work",
    ):
        answer = (await agent.get(path)).content
        assert answer == to_json(from_json(answer)), path
