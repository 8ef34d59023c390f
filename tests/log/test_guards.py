"""What can never get into the log: each CHECK of log.event, from both sides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.log.writer import AppendRequest, ConstraintViolation, Writer
from tests.cases import each_case
from tests.conftest import DatabaseUrls
from tests.log.commands import NOW, an_event

ID = "0199c0de-0000-7000-8000-000000000001"
GOOD: dict[str, Any] = {
    "position": 1,
    "recorded_at": NOW,
    "occurred_at": NOW,
    "id": UUID(ID),
    "causation_id": None,
    "version": 1,
    "schema_version": 1,
    "staff_only": False,
    "stream": f"incident/{ID}",
    "type": "incident.reported",
    "actor": f"person:{ID}",
    "credential": None,
    "on_behalf_of": None,
    "correlation_id": "a-test",
    "source": "api",
    "source_ref": None,
    "data": b'{"given":{},"set":{}}',
}
INSERT = (
    f"insert into log.event ({', '.join(GOOD)}) values ({', '.join(f'%({name})s' for name in GOOD)})".encode()
)

REFUSED: list[tuple[str, str, Any]] = [
    ("version_counts_from_one", "version", 0),
    ("version_counts_from_one", "version", -1),
    ("version_counts_from_one", "schema_version", 0),
    ("occurred_in_our_time", "occurred_at", "infinity"),
    ("occurred_in_our_time", "occurred_at", "-infinity"),
    ("occurred_in_our_time", "occurred_at", datetime(1899, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ("occurred_in_our_time", "occurred_at", "2201-01-01T00:00:00.000001Z"),
    ("occurred_in_our_time", "occurred_at", "4713-01-01 BC"),
    ("stream_is_a_record", "stream", ""),
    ("stream_is_a_record", "stream", "incident"),
    ("stream_is_a_record", "stream", "incident/"),
    ("stream_is_a_record", "stream", f"/{ID}"),
    ("stream_is_a_record", "stream", f"Incident/{ID}"),
    ("stream_is_a_record", "stream", f"incident/{ID.upper()}"),
    ("stream_is_a_record", "stream", f"incident/{ID}\n"),
    ("stream_is_a_record", "stream", f"\nincident/{ID}"),
    ("stream_is_a_record", "stream", f"incident/{ID}0"),
    ("stream_is_a_record", "stream", f"incident/{ID[:-1]}"),
    ("stream_is_a_record", "stream", f"incident/{ID.replace('-', '')}"),
    ("stream_is_a_record", "stream", f"incident/{ID[:7]}-{ID[7]}{ID[9:]}"),
    ("stream_is_a_record", "stream", f"in/cident/{ID}"),
    ("stream_is_a_record", "stream", f"incident2/{ID}"),
    ("stream_is_a_record", "stream", f"{'k' * 42}/{ID}"),
    ("type_is_past_tense", "type", ""),
    ("type_is_past_tense", "type", "incident"),
    ("type_is_past_tense", "type", "incident."),
    ("type_is_past_tense", "type", ".reported"),
    ("type_is_past_tense", "type", "incident.Reported"),
    ("type_is_past_tense", "type", "incident.re.ported"),
    ("type_is_past_tense", "type", "incident.reported\n"),
    ("type_is_past_tense", "type", f"incident.{'r' * 94}"),
    ("actor_is_somebody", "actor", ""),
    ("actor_is_somebody", "actor", "person:"),
    ("actor_is_somebody", "actor", "somebody:x"),
    ("actor_is_somebody", "actor", "rule:Upper"),
    ("actor_is_somebody", "actor", "rule:_begins_with_a_sign"),
    ("actor_is_somebody", "actor", "rule:a b"),
    ("actor_is_somebody", "actor", "rule:a\n"),
    ("actor_is_somebody", "actor", "rule:" + "r" * 72),
    ("source_is_a_channel", "source", ""),
    ("source_is_a_channel", "source", "API"),
    ("source_is_a_channel", "source", "import:"),
    ("source_is_a_channel", "source", "import:a:b"),
    ("source_is_a_channel", "source", "import:Snow"),
    ("source_is_a_channel", "source", "api\n"),
    ("source_is_a_channel", "source", "import:" + "s" * 74),
    ("names_are_short", "correlation_id", "c" * 129),
    ("names_are_short", "source_ref", "s" * 129),
    ("credential_is_a_key", "credential", ""),
    ("credential_is_a_key", "credential", ID),
    ("credential_is_a_key", "credential", "key:1"),
    ("credential_is_a_key", "credential", f"key:{ID.upper()}"),
    ("credential_is_a_key", "credential", f"key:{ID}\n"),
    ("credential_is_a_key", "credential", f"ldk:{ID}"),
    ("on_behalf_of_a_person", "on_behalf_of", ""),
    ("on_behalf_of_a_person", "on_behalf_of", ID),
    ("on_behalf_of_a_person", "on_behalf_of", f"team:{ID}"),
    ("on_behalf_of_a_person", "on_behalf_of", f"person:{ID}0"),
    ("on_behalf_of_a_person", "on_behalf_of", "person:Li Na"),
    ("data_says_and_sets", "data", b"[]"),
    ("data_says_and_sets", "data", b'[{"given":{},"set":{}}]'),
    ("data_says_and_sets", "data", b'"text"'),
    ("data_says_and_sets", "data", b"null"),
    ("data_says_and_sets", "data", b"7"),
    ("data_says_and_sets", "data", b"{}"),
    ("data_says_and_sets", "data", b'{"given":{}}'),
    ("data_says_and_sets", "data", b'{"set":{}}'),
    ("data_says_and_sets", "data", b'{"given":[{}],"set":{}}'),
    ("data_says_and_sets", "data", b'{"given":{},"set":null}'),
    ("data_says_and_sets", "data", b'{"given":{},"set":{"nonsense":{}}}'),
    ("data_says_and_sets", "data", b'{"given":{},"set":{"incident/0199":{}}}'),
    ("data_says_and_sets", "data", f'{{"given":{{}},"set":{{"incident/{ID}\\n":{{}}}}}}'.encode()),
    ("data_says_and_sets", "data", f'{{"given":{{}},"set":{{"incident/{ID}":"text"}}}}'.encode()),
    ("data_says_and_sets", "data", f'{{"given":{{}},"set":{{"team/{ID}":{{}},"x/1":{{}}}}}}'.encode()),
]
UNREADABLE = [
    b"",
    b"{",
    b"{} {}",
    b'{"a":NaN}',
    b'{"a":"\xff"}',
    b'{"a":"\\u0000"}',
    b'{"a":"\\ud800"}',
    b"{'a':1}",
]
KEPT: list[tuple[str, Any]] = [
    ("occurred_at", datetime(1900, 1, 1, tzinfo=UTC)),
    ("occurred_at", datetime(2200, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)),
    ("stream", f"{'k' * 41}/{ID}"),
    ("stream", f"external_reference/{ID}"),
    ("type", "k.p"),
    ("actor", "rule:" + "r" * 64),
    ("actor", "import:service-now.2"),
    ("actor", f"integration:{ID}"),
    ("source", "import:" + "s" * 64),
    ("source", "webhook:zabbix"),
    ("correlation_id", "c" * 128),
    ("source_ref", "s" * 128),
    ("credential", f"key:{ID}"),
    ("on_behalf_of", f"person:{ID}"),
    ("data", '{"given":{"汉":"😀\x7f"},"set":{}}'.encode()),
    ("data", f'{{"given":{{}},"set":{{"team/{ID}":{{}},"comment/{ID}":null}}}}'.encode()),
    ("data", b'{"given":{' + b'"a":{' * 32 + b"}" * 33 + b',"set":{}}'),
]


@pytest.fixture
def as_owner(place: DatabaseUrls) -> Iterator[psycopg.Connection[Any]]:
    """Whoever could write past log.append."""
    with psycopg.connect(place.owner_url) as connection:
        yield connection
        connection.rollback()


def refuses(connection: psycopg.Connection[Any], field: str, value: Any) -> psycopg.Error:
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        connection.execute(INSERT, GOOD | {field: value})
    return refusal.value


def test_what_breaks_the_grammar_is_refused_by_its_guard(as_owner: psycopg.Connection[Any]) -> None:
    for guard, field, value in REFUSED:
        error = refuses(as_owner, field, value)
        assert (type(error), error.diag.constraint_name) == (psycopg.errors.CheckViolation, guard), (
            field,
            value,
        )


def test_data_that_sql_could_not_read_are_refused(as_owner: psycopg.Connection[Any]) -> None:
    for data in UNREADABLE:
        assert isinstance(refuses(as_owner, "data", data), psycopg.DataError), data


def test_what_must_be_there_must_be_there(as_owner: psycopg.Connection[Any]) -> None:
    optional = {"causation_id", "credential", "on_behalf_of", "source_ref"}
    for field in GOOD.keys() - optional:
        assert refuses(as_owner, field, None).sqlstate in {"23502", "23514"}, field


def test_what_is_just_within_the_grammar_is_kept(as_owner: psycopg.Connection[Any]) -> None:
    for n, (field, value) in enumerate(KEPT, 1):
        numbered = {"position": n, "id": UUID(int=n), "version": n}
        as_owner.execute(INSERT, GOOD | numbered | {field: value})


def test_every_guard_of_the_log_is_tested_here(as_owner: psycopg.Connection[Any]) -> None:
    triggers = as_owner.execute(
        "select conname from pg_constraint where conrelid = 'log.event'::regclass and contype = 'c'"
    ).fetchall()
    assert {name for (name,) in triggers} == {guard for guard, _, _ in REFUSED}


def test_the_same_place_version_or_id_cannot_be_taken_twice(as_owner: psycopg.Connection[Any]) -> None:
    as_owner.execute(INSERT, GOOD)
    another = {"position": 2, "version": 2, "id": UUID(int=2)}
    for field in another:
        changed = GOOD | another | {field: GOOD[field]}
        with pytest.raises(psycopg.errors.UniqueViolation), as_owner.transaction():
            as_owner.execute(INSERT, changed)
    as_owner.execute(INSERT, GOOD | another)


@each_case(
    ("guard", "changed"),
    [
        ("stream_is_a_record", {"stream": f"Incident/{ID}"}),
        ("type_is_past_tense", {"type": "incident"}),
        ("actor_is_somebody", {"actor": "somebody"}),
        ("source_is_a_channel", {"source": "API"}),
        ("credential_is_a_key", {"credential": "key:1"}),
        ("on_behalf_of_a_person", {"on_behalf_of": "somebody"}),
        ("names_are_short", {"correlation_id": "c" * 200}),
        ("occurred_in_our_time", {"occurred_at": datetime(1850, 1, 1, tzinfo=UTC)}),
    ],
)
async def test_a_command_that_breaks_the_grammar_is_rejected_with_the_guards_name(
    log: Writer, guard: str, changed: dict[str, Any]
) -> None:
    event = an_event(**({"name": f"incident/{ID}"} | {k: v for k, v in changed.items() if k != "stream"}))
    if "stream" in changed:
        event = an_event(changed["stream"], type="incident.reported")
    with pytest.raises(ConstraintViolation) as rejected:
        await log.write(AppendRequest(reads={event.stream: 0}, events=(event,)))
    assert rejected.value.constraint == guard
