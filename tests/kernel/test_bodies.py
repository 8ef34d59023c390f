"""Bodies: whatever a client sends becomes a body or a validation error, and what is accepted can be kept."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Annotated, Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError

from app.common.children import Visibility
from app.common.personal import Ciphertext, Personal
from app.common.records import ForeignRef
from app.foundation.people.teams import AddTeam
from app.kernel.actions import payloads as bodies
from app.kernel.actions.payloads import (
    LONGEST_LINE,
    LONGEST_PARAGRAPH,
    FreeText,
    Instant,
    Payload,
    Reason,
    RecordKey,
    Reference,
    ShortText,
    Title,
)
from app.log.canonical import canonical, instant
from app.log.ids import uuid7
from app.processes.incidents.payloads import HoldIncident, ReportIncident
from app.registry import LIFECYCLES
from app.ticketing.comments import CommentTicket
from app.ticketing.work.assignment import AssignTicket
from tests.cases import each_case
from tests.extent import ALL_EXAMPLES, WHOLE, examples
from tests.kernel.incidents import a_report
from tests.selection import covering

BODIES = sorted(
    {row.body for lifecycle in LIFECYCLES for row in lifecycle.rows}, key=lambda body: body.__name__
)
TEXTS = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "a\x00b",
            "\ud800",
            "a\nb",
            "\x7f",
            "enc1:",
            "me",
            "x" * 300,
            "汉" * 201,
            "2026-11-20T08:00:00Z",
            "2026-11-20",
            "1900-01-01T00:00:00+14:00",
            "2200-12-31T23:59:59-12:00",
            "0001-01-01T00:00:00+23:59",
            "9999-12-31T23:59:59-23:59",
            "2026-02-30T00:00:00Z",
            "1e400",
            "NaN",
            "agent",
            "agent@team/",
            "a" * 64,
            "x@y",
        ]
    ),
)
CODES = st.sampled_from(["1", "2", "3", "api", "down", "fixed", "internal", "human", "other", "public"])
NUMBERS = st.integers() | st.sampled_from([10**400, -(2**63), 2**53]) | st.floats()
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS | CODES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=10,
)
GOOD_TIMES = st.datetimes(timezones=st.timezones()).map(datetime.isoformat)


def nearly(body: type[Payload]) -> st.SearchStrategy[Any]:
    """What has the right names, and anything for values."""
    values = JSON | GOOD_TIMES | CODES
    return st.fixed_dictionaries({}, optional=dict.fromkeys([*body.model_fields, "unknown"], values))


def parts(body: type[Payload]) -> Iterator[str]:
    """Of what its fields are made."""
    for field in body.model_fields.values():
        yield from _types(field.annotation)
        yield from (type(constraint).__name__ for constraint in field.metadata)


def _types(annotation: object) -> Iterator[str]:
    if arguments := get_args(annotation):
        for argument in arguments:
            yield from _types(argument)
    elif isinstance(annotation, type) and not issubclass(annotation, Enum):
        yield annotation.__name__
    else:
        yield "code" if isinstance(annotation, type) else type(annotation).__name__


#: Of each body; there are hundreds of them.
EXAMPLES = 20 if ALL_EXAMPLES else 5 if WHOLE else 2


class Named:
    """A record that a reference stands for."""

    def __init__(self) -> None:
        self.id = uuid7()


@each_case("body", covering(BODIES, parts), ids=lambda body: body.__name__)
def test_any_json_gives_a_body_that_can_be_kept_or_a_validation_error(body: type[Payload]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(JSON | nearly(body))
    def gives(value: Any) -> None:
        try:
            payload = body.model_validate(value)
        except ValidationError:
            return
        data = bodies.to_event_data(
            payload, {name: [Named()] * 50 for name, _, _ in bodies.references(payload)}, encrypt
        )
        canonical(data)
        assert payload.occurred_at is None or 1900 <= payload.occurred_at.year <= 2200

    gives()


@settings(max_examples=examples(150), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, st.sampled_from(BODIES))
def test_the_same_holds_for_the_text_that_came_in(value: Any, body: type[Payload]) -> None:
    with contextlib.suppress(ValidationError):
        body.model_validate_json(json.dumps(value))


def encrypt(text: str) -> Ciphertext:
    return Ciphertext(f"enc1:{text}")


class Everything(Payload):
    """A body with a field of every kind."""

    line: ShortText
    words: FreeText | None = None
    at: Instant | None = None
    whom: Annotated[Reference, ForeignRef("person", on_behalf=True)] | None = None
    teams: tuple[Annotated[Reference, ForeignRef("team")], ...] = ()
    code: Visibility = Visibility.public
    count: int | None = None
    note: Annotated[ShortText | None, Personal()] = Field(default=None)


@each_case(
    "wrong",
    [
        *("-1", "0", "1700000000", "1.7e9", "+5", "Infinity", 1_700_000_000, -1, 1.5, True),
        *("2026-11-20", "2026-11-20T08:00:00", "2026-11-20T08:00Z", "20261120T080000Z", "08:00:00Z"),
        *("２026-11-20T08:00:00Z", "2026-11-20T08:00:00 Z", "2026-11-20T08:00:00Z\n", "2026-13-01T00:00:00Z"),
        "1899-12-31T23:59:59Z",
    ],
)
def test_a_point_in_time_is_said_as_rfc_3339_has_it_and_never_as_a_number(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        Everything.model_validate({"line": "a", "at": wrong})


@pytest.mark.parametrize(
    "right", ["2026-11-20T08:00:00Z", "2026-11-20t08:00:00.123456789z", "2026-11-20 16:00:00+08:00"]
)
def test_however_rfc_3339_writes_it_it_is_kept_in_utc(right: str) -> None:
    instant = Everything.model_validate({"line": "a", "at": right}).at
    assert instant is not None
    assert (instant.replace(microsecond=0), instant.tzinfo) == (datetime(2026, 11, 20, 8, tzinfo=UTC), UTC)


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(ValidationError, match="extra_forbidden"):
        Everything.model_validate({"line": "a", "linne": "b"})


def test_a_body_cannot_be_changed_once_it_is_made() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Everything(line="a").line = "b"


@each_case(
    "wrong",
    [
        *("", "  ", "a\nb", "a\tb", "a\x7f", "a\x00", "a\x85b", "a\x9bb", "a\u2028b", "a\u2029b"),
        *(
            "\u202eabc",
            "a\u202ab",
            "a\u202c",
            "a\u2066b",
            "a\u2069",
            "x" * (LONGEST_LINE + 1),
            7,
            None,
            ["a"],
        ),
    ],
    ids=ascii,
)
def test_a_line_is_one_line_of_text(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        Everything.model_validate({"line": wrong})


@pytest.mark.parametrize("name", [ShortText, Title, RecordKey])
def test_marks_that_some_scripts_need_are_taken_in_lines(name: Any) -> None:
    for text in ("\u05d0\u05d1\u05d2 mail", "\u062e\u0648\u0627\u0647", "e\u0301tage", "三楼 打印机"):
        assert TypeAdapter(name).validate_python(text) == text


@pytest.mark.parametrize("key", ["Group 70", "三楼", "mail", "none of these", "a.b", "x" * 100, "Ünïcödé 📮"])
def test_a_key_is_what_people_call_something(key: str) -> None:
    assert TypeAdapter(RecordKey).validate_python(f"  {key} ") == key


@each_case(
    "wrong",
    [
        *("", "  ", "a\nb", "A,B", ",", "none", "None", " NONE ", "enc1:x", "x" * 101, 7, None, ["a"]),
        *(
            "\u202eabc",
            "a\u2028b",
            "a\xa0b",
            "a\u200bb",
            "a\u3000b",
            "a\ue000",
            "Bob Smith's laptop, tel 555",
        ),
        "01970000-0000-7000-8000-000000000000",
        "01970000000070008000000000000000",
        "{01970000-0000-7000-8000-00000000ABCD}",
        "urn:uuid:01970000-0000-7000-8000-000000000000",
        *("a/b", "/", "a\\b", ".", ".."),
    ],
    ids=ascii,
)
def test_a_key_is_nothing_that_addresses_filters_and_kpis_would_take_for_something_else(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(RecordKey).validate_python(wrong)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (AddTeam, "key"),
        (ReportIncident, "service"),
        (ReportIncident, "ci"),
        (ReportIncident, "category"),
    ],
)
def test_whatever_is_named_by_a_key_is_named_by_a_right_one(body: type[Payload], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        body.model_validate({field: "A,B"})
    assert (field, "not_a_key") in {(error["loc"][0], error["type"]) for error in caught.value.errors()}


@pytest.mark.parametrize("title", ["邮箱", "死机", "火", "PC"])
def test_a_title_is_as_short_as_a_word_is_in_chinese(title: str) -> None:
    assert TypeAdapter(Title).validate_python(title) == title


@pytest.mark.parametrize("nothing", ["", "  "])
def test_a_title_says_something(nothing: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Title).validate_python(nothing)


def test_white_space_around_a_text_does_not_count() -> None:
    body = Everything.model_validate({"line": f"  {'x' * LONGEST_LINE}\n", "words": "\n two\nlines\t\n"})
    assert (body.line, body.words) == ("x" * LONGEST_LINE, "two\nlines")


def test_a_paragraph_may_have_lines_and_tabs_and_no_other_control_characters() -> None:
    assert Everything(line="a", words="one\r\n\ttwo").words == "one\r\n\ttwo"
    assert Everything(line="a", words="one\x0btwo\x0cthree").words == "one\ntwo\nthree"
    assert len(Everything(line="a", words="汉" * LONGEST_PARAGRAPH).words or "") == LONGEST_PARAGRAPH
    for wrong in ("a\x00b", "a\x1bb", "a\x7f", " ", "汉" * (LONGEST_PARAGRAPH + 1)):
        with pytest.raises(ValidationError):
            Everything(line="a", words=wrong)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-11-20T08:00:00Z", "2026-11-20T08:00:00.000000Z"),
        ("2026-11-20T16:00:00+08:00", "2026-11-20T08:00:00.000000Z"),
        ("2026-11-20 08:00:00.1234567Z", "2026-11-20T08:00:00.123456Z"),
        ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00.000000Z"),
        ("1900-01-01T00:00:00-14:00", "1900-01-01T14:00:00.000000Z"),
        ("2200-12-31T23:59:59.999999Z", "2200-12-31T23:59:59.999999Z"),
    ],
)
def test_a_time_with_a_zone_becomes_utc(said: str, kept: str) -> None:
    body = Everything.model_validate({"line": "a", "at": said})
    assert body.at is not None
    assert body.at.tzinfo is UTC
    assert instant(body.at) == kept


@each_case(
    "wrong",
    [
        "2026-11-20T08:00:00",
        "2026-11-20",
        "yesterday",
        1_700_000_000,
        1.5,
        True,
        "1899-12-31T23:59:59Z",
        "1900-01-01T00:00:00+00:01",
        "2201-01-01T00:00:00Z",
        "2200-12-31T23:59:59-00:01",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        datetime(2026, 11, 20),  # noqa: DTZ001  # that is the point
    ],
)
def test_a_time_that_is_not_a_point_in_our_time_is_refused(wrong: Any) -> None:
    with pytest.raises(ValidationError):
        Everything.model_validate({"line": "a", "at": wrong})


def test_what_was_said_is_kept_as_data_with_ids_for_names_and_ciphertext_for_words() -> None:
    whom, one, other = Named(), Named(), Named()
    at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    body = Everything(
        occurred_at=at, line="a", words="w", at=at, whom="me", teams=("mail", "net"), count=7, note="n"
    )
    assert bodies.to_event_data(body, {"whom": [whom], "teams": [one, other]}, encrypt) == {
        "line": "a",
        "words": "enc1:w",
        "at": "2026-11-20T08:00:00.000000Z",
        "whom": str(whom.id),
        "teams": [str(one.id), str(other.id)],
        "code": "public",
        "count": 7,
        "note": "enc1:n",
    }


def test_defaults_are_kept_and_what_was_left_out_is_not() -> None:
    assert bodies.to_event_data(Everything(line="a"), {}, encrypt) == {
        "line": "a",
        "teams": [],
        "code": "public",
    }
    nothing = Everything(line="a", words=None, whom=None, count=None)
    assert bodies.to_event_data(nothing, {}, encrypt) == bodies.to_event_data(
        Everything(line="a"), {}, encrypt
    ), "as was null"


def test_the_fields_that_name_other_records_are_found() -> None:
    body = Everything(line="a", whom="me", teams=("x", "y"))
    references = {field: (mark.kind, mark.on_behalf, names) for field, mark, names in bodies.references(body)}
    assert references == {"whom": ("person", True, "me"), "teams": ("team", False, ("x", "y"))}
    assert list(bodies.references(a_report())) == []


class Step(bodies.PayloadPart):
    what: bodies.FreeText
    who: Annotated[bodies.Reference, ForeignRef("person")] | None = None


class Plan(bodies.Payload):
    steps: tuple[Step, ...]


def test_what_stands_in_the_parts_of_a_body_is_found_encrypted_and_kept_as_well() -> None:
    named = Named()
    plan = Plan(steps=(Step(what="first"), Step(what="then", who="me")))
    assert [(field, names) for field, _, names in bodies.references(plan)] == [("steps/1/who", "me")]
    assert bodies.has_personal_text(plan)
    assert not bodies.has_personal_text(Plan(steps=()))
    assert bodies.to_event_data(plan, {"steps/1/who": [named]}, encrypt) == {
        "steps": [{"what": "enc1:first"}, {"what": "enc1:then", "who": str(named.id)}]
    }


def test_whether_something_must_be_encrypted_is_known() -> None:
    assert bodies.has_personal_text(a_report())
    assert bodies.has_personal_text(Reason(reason="because"))
    assert bodies.has_personal_text(Everything(line="a", note="n"))
    assert not bodies.has_personal_text(Everything(line="a"))
    assert not bodies.has_personal_text(HoldIncident.model_validate({"reason": "other"}))


def test_values_become_data_with_a_canonical_form() -> None:
    class Colour(Enum):
        RED = 1

    record = uuid7()
    assert bodies.to_json_value({1: (record, Visibility.internal, None, True, 7)}) == {
        "1": [str(record), "internal", None, True, 7]
    }
    for wrong in (1.5, b"bytes", {1, 2}, Colour.RED, timedelta(1)):
        with pytest.raises(AssertionError):
            bodies.to_json_value({"a": [wrong]})


def test_somebody_must_be_named_when_work_is_given() -> None:
    with pytest.raises(ValidationError, match="choose a team, a person, or both"):
        AssignTicket()
    assert AssignTicket(team="mail").person is None
    assert CommentTicket(text="x").visibility is Visibility.public
