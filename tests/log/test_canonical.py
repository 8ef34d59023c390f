"""Canonical bytes: the vectors of RFC 8785, an independent writer beside ours, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.common.people import Role
from app.common.personal import Ciphertext
from app.log.canonical import (
    DEEPEST,
    LARGEST_WHOLE_NUMBER,
    NotCanonical,
    canonical,
    from_instant,
    instant,
)
from tests.cases import each_case
from tests.conftest import DatabaseUrls
from tests.extent import examples

# RFC 8785, 3.2.2 and 3.2.3, and the test data published with it, but for what holds fractions.
VECTORS = [
    (
        r'{"string": "\u20ac$\u000F\u000aA\u0027\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}',
        r'{"literals":[null,true,false],"string":"€$\u000f\nA' + r"'B\"\\\\\"/" + '"}',
    ),
    (
        r'{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\ufb33": "Hebrew Letter Dalet With Dagesh", '
        r'"1": "One", "\ud83d\ude00": "Emoji: Grinning Face", "\u0080": "Control", '
        r'"\u00f6": "Latin Small Letter O With Diaeresis"}',
        '{"\\r":"Carriage Return","1":"One","\x80":"Control","ö":"Latin Small Letter O With Diaeresis",'
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ),
    (
        '{"peach": "This sorting order", "péché": "is wrong according to French", '
        '"pêche": "but canonicalization MUST", "sin": "ignore locale"}',
        '{"peach":"This sorting order","péché":"is wrong according to French",'
        '"pêche":"but canonicalization MUST","sin":"ignore locale"}',
    ),
    (
        '{"1": {"f": {"f": "hi","F": 5} ,"\\n": 56}, "10": { }, "": "empty", "a": { }, '
        '"111": [ {"e": "yes","E": "no" } ], "A": { }}',
        '{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}',
    ),
    ('{"Unnormalized Unicode":"A\u030a"}', '{"Unnormalized Unicode":"A\u030a"}'),
    (
        r'{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\u000a": "Newline", "1": "One", '
        r'"\u0080": "Control\u007f", "\ud83d\ude02": "Smiley", '
        r'"\u00f6": "Latin Small Letter O With Diaeresis", '
        r'"\ufb33": "Hebrew Letter Dalet With Dagesh", "</script>": "Browser Challenge"}',
        '{"\\n":"Newline","\\r":"Carriage Return","1":"One","</script>":"Browser Challenge",'
        '"\x80":"Control\x7f","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😂":"Smiley",'
        '"\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ),
]

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
# Those on which sorting by code point and sorting by code unit disagree, and those that are escaped.
EDGES = st.sampled_from(
    '\x01\x08\t\n\x0b\x0c\r\x1f "\\/\x7f\x80\u2028\ud7ff\ue000\ufb33\uffff\U00010000😀\U0010ffff'
)
TEXTS = st.text(st.one_of(CHARACTERS, EDGES), max_size=8)
NUMBERS = st.integers(-LARGEST_WHOLE_NUMBER, LARGEST_WHOLE_NUMBER)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(TEXTS, VALUES, max_size=5)


def written(value: Any) -> str:
    """RFC 8785 once more, from its text and character by character, without a JSON library."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(map(escaped, value)) + '"'
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(written, value)) + "]"
    in_order = sorted(value.items(), key=lambda item: code_units(item[0]))
    return "{" + ",".join(f"{written(name)}:{written(item)}" for name, item in in_order) + "}"


def escaped(character: str) -> str:
    short = {"\b": r"\b", "\t": r"\t", "\n": r"\n", "\f": r"\f", "\r": r"\r", '"': r"\"", "\\": r"\\"}
    if character in short:
        return short[character]
    return f"\\u{ord(character):04x}" if character < " " else character


def code_units(text: str) -> list[int]:
    units: list[int] = []
    for point in map(ord, text):
        if point < 0x10000:
            units.append(point)
        else:
            units += [0xD800 + ((point - 0x10000) >> 10), 0xDC00 + ((point - 0x10000) & 0x3FF)]
    return units


@pytest.mark.parametrize(("text", "canon"), VECTORS)
def test_the_vectors_of_the_rfc_come_out_as_printed_there(text: str, canon: str) -> None:
    assert canonical(json.loads(text)).decode() == canon


@given(OBJECTS)
def test_an_independent_writer_writes_the_same_bytes(value: dict[str, Any]) -> None:
    assert canonical(value) == written(value).encode()


@given(OBJECTS)
def test_what_is_written_is_read_back_and_written_the_same_again(value: dict[str, Any]) -> None:
    once = canonical(value)
    assert json.loads(once) == value
    assert canonical(json.loads(once)) == once


@given(st.permutations(["a", "Z", "😀", "\ufb33", "\x7f", "10", "9"]))
def test_the_order_in_which_keys_were_put_in_makes_no_difference(keys: list[str]) -> None:
    assert canonical(dict.fromkeys(keys)) == canonical(dict.fromkeys(sorted(keys)))


def test_true_is_not_one_and_a_code_is_its_text() -> None:
    assert canonical({"a": True, "b": 1, "c": False, "d": 0}) == b'{"a":true,"b":1,"c":false,"d":0}'
    assert (
        canonical({"role": Role.agent, "text": Ciphertext("enc1:x:y")})
        == b'{"role":"agent","text":"enc1:x:y"}'
    )
    assert canonical({"list": [1, 2]}) == canonical({"list": (1, 2)})


def test_whole_numbers_are_kept_as_far_as_every_reader_can_tell_them_apart() -> None:
    largest = LARGEST_WHOLE_NUMBER
    assert canonical({"n": [largest, -largest]}).decode() == f'{{"n":[{2**53 - 1},{1 - 2**53}]}}'
    for number in (largest + 1, -largest - 1, 10**400):
        with pytest.raises(NotCanonical, match="too large"):
            canonical({"n": number})


@each_case(
    "value",
    [
        {"n": 1.0},
        {"n": [{"deep": float("nan")}]},
        {"n": b"bytes"},
        {"n": datetime.now(UTC)},
        {"n": {1, 2}},
        {"n": ZoneInfo("UTC")},
        {1: "a number for a key"},
        {"a": {None: "nothing for a key"}},
        {Role.agent: "a code for a key"},
        [1, 2.5],
    ],
)
def test_what_is_neither_text_nor_whole_number_nor_list_nor_object_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


@each_case(
    ("where", "text"),
    product(["key", "value", "list", "deep"], ["\x00", "a\x00b", "😀\x00", "\\u0000\x00"]),
    ids=repr,
)
def test_nul_is_refused_wherever_it_stands(text: str, where: str) -> None:
    value: dict[str, dict[str, Any]] = {
        "key": {text: 1},
        "value": {"a": text},
        "list": {"a": ["b", text]},
        "deep": {"a": [{"b": {"c": text}}]},
    }
    with pytest.raises(NotCanonical, match="0000"):
        canonical(value[where])


def test_a_text_that_only_spells_nul_is_kept() -> None:
    assert canonical({"a": "\\u0000"}) == b'{"a":"\\\\u0000"}'


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "😀\ud83d", "\udc00\ud800"])
def test_half_of_a_surrogate_pair_is_refused_in_keys_and_values(text: str) -> None:
    for value in ({text: 1}, {"a": text}, {"a": [text, "😀"]}):
        with pytest.raises(NotCanonical, match="surrogate"):
            canonical(value)


@each_case(
    ("kind", "leaf"),
    product(["object", "list"], ["text", 1, None, True, {}, [], Ciphertext("enc1:x:y")]),
    ids=repr,
)
def test_objects_and_lists_are_kept_to_the_last_allowed_depth_whatever_stands_in_them(
    leaf: Any, kind: str
) -> None:
    def nested(levels: int) -> dict[str, Any]:
        value = leaf
        for _ in range(levels - 1):
            value = {"a": value} if kind == "object" else [value]
        return {"top": value}

    holds_levels = isinstance(leaf, dict | list)
    assert canonical(nested(DEEPEST - holds_levels))
    with pytest.raises(NotCanonical, match=str(DEEPEST)):
        canonical(nested(DEEPEST + 1 - holds_levels))


def test_a_value_that_holds_itself_is_refused_and_not_followed_for_ever() -> None:
    value: dict[str, Any] = {}
    value["self"] = [value]
    with pytest.raises(NotCanonical):
        canonical(value)


def test_postgresql_reads_every_canonical_text_as_the_same_value(place: DatabaseUrls) -> None:
    with psycopg.connect(place.url, autocommit=True) as connection:

        @settings(max_examples=examples(150))
        @given(OBJECTS)
        def reads_the_same(value: dict[str, Any]) -> None:
            row = connection.execute(
                "select convert_from(%s, 'UTF8')::jsonb::text", (canonical(value),)
            ).fetchone()
            assert row is not None
            assert json.loads(row[0]) == value

        reads_the_same()


@given(
    st.datetimes(timezones=st.just(UTC)),
    st.integers(-24 * 60 + 1, 24 * 60 - 1),
)
def test_an_instant_is_written_in_utc_with_six_decimals_and_read_back(at: datetime, minutes: int) -> None:
    assume(1 < at.year < 9999)
    moment = at.astimezone(timezone(timedelta(minutes=minutes)))
    text = instant(moment)
    assert len(text) == len("2026-11-20T08:00:00.000000Z")
    assert text.endswith("Z")
    assert from_instant(text) == moment
    assert from_instant(text).utcoffset() == timedelta(0)


def test_texts_of_instants_sort_as_the_instants_do() -> None:
    first = datetime(2026, 3, 29, 2, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    other = datetime(2026, 3, 28, 18, 30, 0, 1, tzinfo=UTC)
    assert instant(first) == "2026-03-28T18:30:00.000000Z" < instant(other) == "2026-03-28T18:30:00.000001Z"


def test_of_an_hour_that_comes_twice_each_is_a_time_of_its_own() -> None:
    """Where clocks are set back, Python calls the two equal."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    second = first.replace(fold=1)
    assert first == second
    assert instant(first) == "2026-10-25T00:30:00.000000Z"
    assert instant(second) == "2026-10-25T01:30:00.000000Z"


def test_a_time_without_a_zone_is_a_mistake_of_the_programmer() -> None:
    with pytest.raises(AssertionError):
        instant(datetime(2026, 11, 20))  # noqa: DTZ001  # that is the point
