"""What can be asked, and what is said to a question that cannot be answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.kpis.catalogue import KPIS
from app.kpis.declaration.dimensions import Dimension
from app.kpis.questions.periods import Grain
from app.kpis.questions.question import CannotAnswer, KpiQuestion, QuestionParameters, parse_question
from tests.cases import each_case

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)


def asked(**parameters: Any) -> KpiQuestion:
    return parse_question(
        KPIS["backlog"], QuestionParameters(**parameters), now=NOW, organisation_zone="Asia/Shanghai"
    )


def test_without_a_word_it_is_the_last_twelve_months_of_the_organisation() -> None:
    question = asked()
    assert (question.grain, question.zone.key, len(question.bounds)) == (Grain.month, "Asia/Shanghai", 13)
    assert question.bounds[0] == datetime(2025, 11, 30, 16, tzinfo=UTC)
    assert question.bounds[-1] == datetime(2026, 11, 30, 16, tzinfo=UTC)


def test_without_a_beginning_it_begins_twelve_months_before_the_end() -> None:
    question = asked(end="2026-03-01", zone="UTC")
    assert question.bounds[0] == datetime(2025, 3, 1, tzinfo=UTC)
    assert len(question.bounds) == 13


def test_a_date_is_midnight_in_the_zone_and_a_time_has_its_offset() -> None:
    question = asked(begin="2026-03-01", end="2026-03-02T00:00:00Z", zone="Europe/Berlin", grain="all")
    assert question.bounds == (datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))


def test_a_plus_sign_that_an_address_has_lost_is_found_again() -> None:
    question = asked(begin="2026-03-01T00:00:00 08:00", end="2026-04-01", grain="all")
    assert question.bounds[0] == datetime(2026, 2, 28, 16, tzinfo=UTC)


def test_dimensions_are_named_once_and_filters_without_values_are_none() -> None:
    question = asked(by=["team", "priority", "team"], filters={"priority": ["P1", "none"], "service": []})
    assert question.by == (Dimension.team, Dimension.priority)
    assert question.filters == {Dimension.priority: ("P1", "none")}


@each_case(
    ("parameters", "field", "code"),
    [
        ({"grain": "decade"}, "grain", "unknown_grain"),
        ({"zone": "Europe/Atlantis"}, "tz", "unknown_zone"),
        ({"zone": "../../etc/passwd"}, "tz", "unknown_zone"),
        ({"zone": "America"}, "tz", "unknown_zone"),
        ({"zone": "localtime"}, "tz", "unknown_zone"),
        ({"begin": "yesterday"}, "from", "not_an_instant"),
        ({"begin": "2026-02-30"}, "from", "not_an_instant"),
        ({"end": "2026-02-03T08:00:00"}, "to", "not_an_instant"),
        ({"end": "20260203"}, "to", "not_an_instant"),
        ({"begin": "0001-01-01"}, "from", "not_an_instant"),
        ({"begin": "0001-01-01T00:00:00+14:00"}, "from", "not_an_instant"),
        ({"end": "9999-12-31T23:59:59-14:00"}, "to", "not_an_instant"),
        ({"begin": "2026-03-01", "end": "2026-03-01"}, "to", "ends_before_it_begins"),
        ({"begin": "2020-01-01", "grain": "day"}, "grain", "too_many_periods"),
        ({"by": ["colour"]}, "by", "unknown_dimension"),
        ({"filters": {"colour": ["red"]}}, "colour", "unknown_dimension"),
        ({"filters": {"priority": ["P1", "P9"]}}, "priority", "unknown_value"),
        ({"filters": {"assignee": ["me"]}}, "assignee", "unknown_value"),
    ],
)
def test_what_cannot_be_answered_is_said_with_its_place_and_reason(
    parameters: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(CannotAnswer) as refused:
        asked(**parameters)
    assert (refused.value.field, refused.value.code) == (field, code)


def test_a_kpi_that_is_cut_by_nothing_says_so() -> None:
    for parameters, field in (({"by": ["team"]}, "by"), ({"filters": {"team": ["desk"]}}, "team")):
        with pytest.raises(CannotAnswer) as refused:
            parse_question(
                KPIS["knowledge_deflection"],
                QuestionParameters(**parameters),
                now=NOW,
                organisation_zone="UTC",
            )
        assert (refused.value.field, refused.value.code) == (field, "no_dimension")
        assert refused.value.sentence("en").endswith("cannot be broken down or filtered")
