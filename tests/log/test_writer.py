"""The one way in: what is told to each of those who wait, and what is in the tables then."""

from __future__ import annotations

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row, tuple_row

from app.log import follow
from app.log.canonical import NotCanonical
from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import (
    LARGEST_BATCH,
    MOST_SUBTRANSACTIONS,
    AppendRequest,
    ConcurrencyConflict,
    ConstraintViolation,
    DuplicateCommand,
    IdempotencyRecord,
    LogPosition,
    RecordedOutcome,
    Writer,
    append,
    encode,
    encode_batch,
)
from app.platform.db import Connection
from tests.cases import each_case
from tests.conftest import DatabaseUrls, Server
from tests.log.commands import a_row, a_team, an_event, client_key, event_only, naming


async def rows(eyes: Connection, query: str, parameters: Any = None) -> list[Any]:
    cursor = await eyes.execute(query.encode(), parameters)
    return await cursor.fetchall()


async def value(eyes: Connection, query: str, parameters: Any = None) -> Any:
    return (await rows(eyes, query, parameters))[0][0]


async def each(log: Writer, *commands: AppendRequest) -> list[LogPosition | BaseException]:
    """What each is told. All that are handed over at once share a batch if none is in another's way."""
    return await asyncio.gather(*map(log.write, commands), return_exceptions=True)


async def keys(eyes: Connection) -> list[str]:
    return [key for (key,) in await rows(eyes, "select key from fold.team order by key")]


async def test_all_that_wait_are_written_in_their_order_without_a_gap(log: Writer, eyes: Connection) -> None:
    commands = [a_team(f"t{n:03d}") for n in range(LARGEST_BATCH * 2 + 5)]
    told_each = await each(log, *commands)
    positions = [told_one.position for told_one in told_each if isinstance(told_one, LogPosition)]
    assert positions == list(range(1, len(commands) + 1))
    events = await rows(eyes, "select position, id, recorded_at from log.event order by position")
    assert [(position, event_id) for position, event_id, _ in events] == [
        (n, command.events[0].id) for n, command in enumerate(commands, 1)
    ]
    assert [told_one.recorded_at for told_one in told_each if isinstance(told_one, LogPosition)] == [
        recorded_at for _, _, recorded_at in events
    ]
    # One instant per batch, each later than the one before: an instant of the past is a position.
    instants = [recorded_at for _, _, recorded_at in events]
    assert instants == sorted(instants)
    assert len(set(instants)) == 3
    assert await keys(eyes) == [f"t{n:03d}" for n in range(len(commands))]


async def test_a_command_is_told_the_position_of_its_last_event(log: Writer, eyes: Connection) -> None:
    first, other = stream("team", uuid7()), stream("team", uuid7())
    events = (an_event(first), an_event(other), an_event(first, 2))
    written, neighbour = await each(
        log, AppendRequest(reads={first: 0, other: 0}, events=events), a_team("after")
    )
    assert isinstance(written, LogPosition)
    assert isinstance(neighbour, LogPosition)
    assert (written.position, neighbour.position) == (3, 4)
    appended = await rows(eyes, "select stream, version from log.event where position < 4 order by position")
    assert appended == [(first, 1), (other, 1), (first, 2)]
    assert (
        dict(await rows(eyes, "select stream, version from log.stream_head")).items()
        >= {first: 2, other: 1}.items()
    )


async def test_an_event_is_kept_as_it_was_given(log: Writer, eyes: Connection) -> None:
    person, cause, key = uuid7(), uuid7(), uuid7()
    name = stream("team", uuid7())
    event = an_event(
        name,
        schema_version=3,
        staff_only=True,
        actor=f"person:{person}",
        credential=f"key:{key}",
        on_behalf_of=f"person:{cause}",
        causation_id=cause,
        source="webhook:zabbix",
        source_ref="delivery 7",
        data={"given": {"汉": "😀\x7f"}, "set": {}},
    )
    await log.write(AppendRequest(reads={name: 0}, events=(event,)))
    async with eyes.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("select * from log.event")
        row = await cursor.fetchone()
    assert row is not None
    assert row.pop("data") == '{"given":{"汉":"😀\x7f"},"set":{}}'.encode()
    assert row.pop("position") == 1
    assert row.pop("recorded_at") is not None
    assert row == {name: getattr(event, name) for name in row}


async def test_a_stale_command_is_refused_and_its_neighbours_are_written(
    log: Writer, eyes: Connection
) -> None:
    team = uuid7()
    await log.write(a_team("before", team_id=team))
    outcomes = await each(log, a_team("left"), a_team("stale", team_id=team, expected=0), a_team("right"))
    assert [type(outcome) for outcome in outcomes] == [LogPosition, ConcurrencyConflict, LogPosition]
    assert await keys(eyes) == ["before", "left", "right"]
    assert await value(eyes, "select position from log.head") == 3


async def test_a_command_is_stale_when_anything_that_it_read_has_moved(log: Writer, eyes: Connection) -> None:
    team, other = uuid7(), stream("team", uuid7())
    await log.write(event_only(other))
    for version in (0, 2):
        with pytest.raises(ConcurrencyConflict):
            await log.write(
                AppendRequest(
                    reads={stream("team", team): 0, other: version}, events=(an_event(stream("team", team)),)
                )
            )
    assert await value(eyes, "select count(*) from log.event") == 1


async def test_a_batch_of_nothing_but_stale_commands_writes_nothing(log: Writer, eyes: Connection) -> None:
    await log.write(a_team("first"))
    outcomes = await each(log, *(a_team(f"stale {n}", expected=7) for n in range(3)))
    assert [type(outcome) for outcome in outcomes] == [ConcurrencyConflict] * 3
    assert await rows(eyes, "select position, (select count(*) from log.event) from log.head") == [(1, 1)]


async def test_every_mixture_of_outcomes_is_told_to_the_right_one(log: Writer, eyes: Connection) -> None:
    team = uuid7()
    await log.write(a_team("taken", team_id=team, once=client_key("used", stream("team", team))))
    another = uuid7()
    outcomes = await each(
        log,
        a_team("stale", expected=3),
        a_team("new 1"),
        a_team("again", once=client_key("used", "team/x")),
        a_team("new 2", team_id=another, once=client_key("fresh", stream("team", another))),
        a_team("stale again", expected=4),
        a_team("new 3"),
    )
    assert [type(outcome) for outcome in outcomes] == [
        ConcurrencyConflict,
        LogPosition,
        DuplicateCommand,
        LogPosition,
        ConcurrencyConflict,
        LogPosition,
    ]
    positions = [outcome.position for outcome in outcomes if isinstance(outcome, LogPosition)]
    assert positions == [2, 3, 4]
    assert await keys(eyes) == ["new 1", "new 2", "new 3", "taken"]


async def test_a_repeated_key_is_answered_with_what_was_done_and_its_neighbours_are_written(
    log: Writer, eyes: Connection
) -> None:
    team = uuid7()
    name = stream("team", team)
    await log.write(a_team("first", team_id=team, once=client_key("k", name, fingerprint="00ff")))
    left, again, right = await each(
        log,
        a_team("left"),
        a_team("again", once=client_key("k", "team/another", fingerprint="1234")),
        a_team("right"),
    )
    assert isinstance(again, DuplicateCommand)
    assert again.earlier == RecordedOutcome(fingerprint="00ff", stream=name, version=1, status=201)
    assert isinstance(left, LogPosition)
    assert isinstance(right, LogPosition)
    assert await keys(eyes) == ["first", "left", "right"]


async def test_a_key_is_somebodys_and_for_one_way(log: Writer, eyes: Connection) -> None:
    for n, (principal, route) in enumerate([("a", "r"), ("b", "r"), ("a", "s")]):
        team = uuid7()
        key = IdempotencyRecord(principal, route, "k", "00", stream("team", team), 1, 201)
        await log.write(a_team(str(n), team_id=team, once=key))
    assert await keys(eyes) == ["0", "1", "2"]


async def test_a_repeated_command_is_told_so_even_if_it_is_stale_as_well(log: Writer) -> None:
    team = uuid7()
    command = a_team("first", team_id=team, once=client_key("k", stream("team", team)))
    await log.write(command)
    with pytest.raises(DuplicateCommand):
        await log.write(command)


async def test_a_stale_commands_key_is_not_used_up(log: Writer, eyes: Connection) -> None:
    team = uuid7()
    name = stream("team", team)
    with pytest.raises(ConcurrencyConflict):
        await log.write(a_team("too early", team_id=team, expected=5, once=client_key("k", name, 6)))
    await log.write(a_team("right", team_id=team, once=client_key("k", name)))
    assert await keys(eyes) == ["right"]


async def test_of_two_commands_with_one_key_that_wait_together_one_is_written(
    log: Writer, eyes: Connection
) -> None:
    first, other = uuid7(), uuid7()
    outcomes = await each(
        log,
        a_team("one", team_id=first, once=client_key("k", stream("team", first))),
        a_team("other", team_id=other, once=client_key("k", stream("team", other))),
    )
    assert [type(outcome) for outcome in outcomes] == [LogPosition, DuplicateCommand]
    assert await keys(eyes) == ["one"]


async def test_two_commands_with_one_key_in_one_call_are_refused_by_the_database(eyes: Connection) -> None:
    first, other = uuid7(), uuid7()
    batch = [
        encode(a_team("one", team_id=first, once=client_key("k", stream("team", first)))),
        encode(a_team("other", team_id=other, once=client_key("k", stream("team", other)))),
    ]
    with pytest.raises(psycopg.errors.UniqueViolation):
        await append(eyes, batch)
    assert await value(eyes, "select position from log.head") == 0


async def test_a_rejected_command_does_not_hurt_its_neighbours(log: Writer, eyes: Connection) -> None:
    await log.write(a_team("taken"))
    outcomes = await each(log, *(a_team("taken" if n == 20 else f"t{n}") for n in range(LARGEST_BATCH)))
    rejected = outcomes.pop(20)
    assert isinstance(rejected, ConstraintViolation)
    assert rejected.constraint == "team_key_key"
    positions = [outcome.position for outcome in outcomes if isinstance(outcome, LogPosition)]
    assert positions == list(range(2, LARGEST_BATCH + 1))
    assert LARGEST_BATCH > MOST_SUBTRANSACTIONS, "so that the batch was written in two pieces"
    assert len(await keys(eyes)) == LARGEST_BATCH


async def test_beside_a_rejected_command_a_stale_and_a_repeated_one_are_told_as_ever(
    log: Writer, eyes: Connection
) -> None:
    team = uuid7()
    await log.write(a_team("taken", team_id=team, once=client_key("k", stream("team", team))))
    outcomes = await each(
        log,
        a_team("taken"),
        a_team("stale", expected=9),
        a_team("again", once=client_key("k", "team/x")),
        a_team("good"),
    )
    assert [type(outcome) for outcome in outcomes] == [
        ConstraintViolation,
        ConcurrencyConflict,
        DuplicateCommand,
        LogPosition,
    ]
    assert await keys(eyes) == ["good", "taken"]


async def test_two_new_rows_with_one_unique_name_in_one_batch_one_is_written(
    log: Writer, eyes: Connection
) -> None:
    outcomes = await each(log, a_team("same"), a_team("same"), a_team("other"))
    assert [type(outcome) for outcome in outcomes] == [LogPosition, ConstraintViolation, LogPosition]
    assert await keys(eyes) == ["other", "same"]


async def test_a_value_that_is_too_large_for_its_index_is_rejected_alone(
    log: Writer, eyes: Connection
) -> None:
    # PostgreSQL counts this among its own limits, not among the errors in the data.
    too_long = "".join(chr(0x4E00 + n * 7919 % 20000) for n in range(3000))
    outcomes = await each(log, a_team("left"), a_team(too_long), a_team("right"))
    assert [type(outcome) for outcome in outcomes] == [LogPosition, ConstraintViolation, LogPosition]
    assert await keys(eyes) == ["left", "right"]


async def test_what_has_no_canonical_form_hurts_nobody_else(log: Writer, eyes: Connection) -> None:
    name = stream("team", uuid7())
    outcomes = await each(
        log, a_team("left"), event_only(name, data={"given": {"n": 1.5}, "set": {}}), a_team("right")
    )
    assert [type(outcome) for outcome in outcomes] == [LogPosition, NotCanonical, LogPosition]
    assert await keys(eyes) == ["left", "right"]


async def raw(eyes: Connection, commands: list[AppendRequest], **sections: Any) -> None:
    """Hands the commands to log.append with sections of the batch replaced, as no Python of ours would."""
    batch, data = encode_batch([encode(command) for command in commands])
    await eyes.execute(
        "select log.append(%s::text::jsonb || %s, %s)", (batch, psycopg.types.json.Jsonb(sections), data)
    )


async def test_rows_without_an_event_are_impossible(eyes: Connection) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="Nothing changes without an event"):
        await raw(eyes, [a_team("bare")], events=[])
    table, row = a_row(uuid7(), "smuggled")
    with pytest.raises(psycopg.errors.RaiseException, match="command 1 of the batch"):
        await raw(eyes, [a_team("good")], rows={table: [{"n": 1, **row}]})
    assert await keys(eyes) == []


async def test_a_removal_without_an_event_is_impossible(log: Writer, eyes: Connection) -> None:
    team = uuid7()
    await log.write(a_team("stays", team_id=team))
    removals = [{"n": 1, "table": "fold.team", "id": str(team)}]
    with pytest.raises(psycopg.errors.RaiseException, match="command 1 of the batch"):
        await raw(eyes, [a_team("good")], removals=removals)
    assert await keys(eyes) == ["stays"]


async def test_who_may_see_a_record_does_not_change_without_an_event(log: Writer, eyes: Connection) -> None:
    team = uuid7()
    await log.write(a_team("stays", team_id=team))
    audiences = [{"n": 1, "stream": stream("team", team), "audience": ["everybody"]}]
    with pytest.raises(psycopg.errors.RaiseException, match="command 1 of the batch"):
        await raw(eyes, [a_team("good")], audiences=audiences)
    assert await value(eyes, "select audience from log.stream_head where version = 1") == []


async def test_a_stream_without_a_record_says_whose_audience_counts(log: Writer, eyes: Connection) -> None:
    clock, team, other = (stream(kind, uuid7()) for kind in ("clock", "team", "team"))
    begun = AppendRequest(reads={clock: 0, team: 0}, events=(an_event(clock),), abouts={clock: team})
    by_its_audience = AppendRequest(
        reads={other: 0}, events=(an_event(other),), audiences={other: ("everybody",)}
    )
    outcomes = await each(log, begun, by_its_audience)
    assert all(isinstance(outcome, LogPosition) for outcome in outcomes)
    await log.write(event_only(clock, 1))
    query = "select stream, version, audience, about from log.stream_head order by stream"
    assert await rows(eyes, query) == [(clock, 2, [], team), (other, 1, ["everybody"], None)]


async def test_a_stream_has_an_audience_or_says_whose_counts_and_not_both() -> None:
    clock, team = stream("clock", uuid7()), stream("team", uuid7())
    with pytest.raises(AssertionError):
        AppendRequest(
            reads={clock: 0},
            events=(an_event(clock),),
            audiences={clock: ("everybody",)},
            abouts={clock: team},
        )


def test_a_command_without_events_cannot_be_made() -> None:
    with pytest.raises(AssertionError):
        AppendRequest(reads={}, events=(), rows=(a_row(uuid7(), "bare"),))


@each_case("versions", [(2,), (1, 3), (1, 1), (0,), (1, 1, 3), (2, 1), (1, 3, 2)])
async def test_events_that_do_not_follow_the_versions_of_their_stream_are_refused(
    eyes: Connection, versions: tuple[int, ...]
) -> None:
    name = stream("team", uuid7())
    request = AppendRequest(
        reads={name: 0}, events=tuple(an_event(name, n) for n in range(1, len(versions) + 1))
    )
    encoded = encode(request)
    for n, version in enumerate(versions):
        encoded.events[n] = encoded.events[n].replace(b'"version":%d,' % (n + 1), b'"version":%d,' % version)
    with pytest.raises(psycopg.Error):
        await append(eyes, [encoded])
    assert await value(eyes, "select count(*) from log.event") == 0


async def test_a_command_whose_events_skip_a_version_cannot_be_made() -> None:
    name = stream("team", uuid7())
    with pytest.raises(AssertionError):
        AppendRequest(reads={name: 0}, events=(an_event(name, 2),))
    with pytest.raises(AssertionError):
        AppendRequest(reads={name: 3}, events=(an_event(name, 4), an_event(name, 6)))


async def test_only_record_tables_are_written_through_the_log(eyes: Connection) -> None:
    _, row = a_row(uuid7(), "x")
    other_tables = (
        "log.checkpoint",
        "plumbing.refused_row",
        "pg_catalog.pg_class",
        "log.event",
        "log.told",
        "vault.master",
    )
    for table in (*other_tables, "team", "fold.nothing", "append", 'fold.team"; select 1; --'):
        for sections in (
            {"rows": {table: [{"n": 0, **row}]}},
            {"removals": [{"n": 0, "table": table, "id": str(uuid7())}]},
        ):
            with pytest.raises(psycopg.errors.RaiseException, match=r"Only record tables|names the row"):
                await raw(eyes, [a_team("good")], **sections)
    assert await keys(eyes) == []


async def test_a_process_that_does_not_know_a_column_yet_leaves_it_as_it_is(
    log: Writer, eyes: Connection, place: DatabaseUrls
) -> None:
    team = uuid7()
    await log.write(a_team("before", team_id=team))
    with psycopg.connect(place.owner_url, autocommit=True) as owner:
        owner.execute("alter table fold.team add column colour text default 'red'")
        owner.execute("select log.takes_rows('fold.team')")
    await log.write(a_team("after", team_id=team, expected=1))
    assert await value(eyes, "select key || ' ' || colour from fold.team") == "after red"


async def audience(eyes: Connection, name: str) -> list[str]:
    tokens: list[str] = await value(eyes, "select audience from log.stream_head where stream = %s", (name,))
    return tokens


async def test_an_audience_is_set_kept_changed_and_emptied(log: Writer, eyes: Connection) -> None:
    name = stream("team", uuid7())

    def command(version: int, *audience: tuple[str, ...]) -> AppendRequest:
        return AppendRequest(
            reads={name: version},
            events=(an_event(name, version + 1),),
            audiences=dict(zip([name], audience, strict=False)),
        )

    await log.write(command(0, ("person:a", "staff")))
    assert await audience(eyes, name) == ["person:a", "staff"]
    await log.write(command(1))
    assert await audience(eyes, name) == ["person:a", "staff"], "what is not mentioned stays"
    await log.write(command(2, ("desk",)))
    assert await audience(eyes, name) == ["desk"]
    await log.write(command(3, ()))
    assert await audience(eyes, name) == []
    await log.write(command(4, ("desk",)))
    assert await audience(eyes, name) == ["desk"]


async def test_a_stale_command_changes_no_audience(log: Writer, eyes: Connection) -> None:
    name = stream("team", uuid7())
    await log.write(AppendRequest(reads={name: 0}, events=(an_event(name),), audiences={name: ("staff",)}))
    outcomes = await each(
        log,
        AppendRequest(reads={name: 0}, events=(an_event(name),), audiences={name: ("everybody",)}),
        a_team("neighbour"),
    )
    assert [type(outcome) for outcome in outcomes] == [ConcurrencyConflict, LogPosition]
    assert await audience(eyes, name) == ["staff"]


async def test_a_new_stream_without_an_audience_is_for_nobody(log: Writer, eyes: Connection) -> None:
    name = stream("team", uuid7())
    await log.write(event_only(name))
    assert await audience(eyes, name) == []


async def test_a_unique_name_can_pass_from_a_removed_row_to_a_new_one_in_one_command(
    log: Writer, eyes: Connection
) -> None:
    old, new = uuid7(), uuid7()
    await log.write(a_team("name", team_id=old))
    old_stream, new_stream = stream("team", old), stream("team", new)
    await log.write(
        AppendRequest(
            reads={old_stream: 1, new_stream: 0},
            events=(
                an_event(old_stream, 2, data=naming(old_stream)),
                an_event(new_stream, data=naming(new_stream)),
            ),
            rows=(a_row(new, "name"),),
            removals=(("fold.team", str(old)),),
        )
    )
    assert await rows(eyes, "select id, key from fold.team") == [(new, "name")]


async def test_a_row_that_is_removed_and_set_in_one_command_is_there(log: Writer, eyes: Connection) -> None:
    team = uuid7()
    name = stream("team", team)
    await log.write(a_team("old", team_id=team))
    removal = (("fold.team", str(team)),)
    await log.write(
        AppendRequest(
            reads={name: 1},
            events=(an_event(name, 2, data=naming(name)),),
            rows=(a_row(team, "new", 2),),
            removals=removal,
        )
    )
    assert await keys(eyes) == ["new"]


async def test_of_two_rows_with_one_id_in_one_command_the_last_counts(log: Writer, eyes: Connection) -> None:
    team = uuid7()
    name = stream("team", team)
    both = (a_row(team, "first"), a_row(team, "last"))
    await log.write(AppendRequest(reads={name: 0}, events=(an_event(name, data=naming(name)),), rows=both))
    assert await keys(eyes) == ["last"]


async def test_a_personal_key_is_made_once_and_never_written_over(log: Writer, eyes: Connection) -> None:
    key, person = uuid7(), uuid7()

    def command(wrapped: str) -> AppendRequest:
        name = stream("person", uuid7())
        row = {"id": str(key), "person_id": str(person), "under": None, "wrapped": wrapped}
        return AppendRequest(reads={name: 0}, events=(an_event(name),), rows=(("vault.personal_key", row),))

    await log.write(command("\\x01"))
    with pytest.raises(ConstraintViolation):
        await log.write(command("\\x02"))
    assert await value(eyes, "select wrapped from vault.personal_key") == b"\x01"


async def test_news_come_once_per_batch_and_say_the_position_and_the_kinds(
    place: DatabaseUrls, log: Writer
) -> None:
    async with follow.log_listener(place.url) as news:
        people = [event_only(stream("person", uuid7())) for _ in range(3)]
        await each(log, a_team("a"), *people, a_team("b"))
        assert await news(20) == ["5 person,team"]
        assert [type(outcome) for outcome in await each(log, a_team("stale", expected=1))] == [
            ConcurrencyConflict
        ]
        await log.write(a_team("c"))
        # A batch that wrote nothing has no news, so these are the next ones.
        assert await news(20) == ["6 team"]


async def backend(server: Server, place: DatabaseUrls) -> int:
    """The process in PostgreSQL that serves the writer."""
    with psycopg.connect(server.administrator, autocommit=True, row_factory=tuple_row) as administrator:
        row = administrator.execute(
            "select pid from pg_stat_activity where datname = %s and query like %s",
            (place.url.rsplit("/", 1)[-1].split("?")[0], "select * from log.append%"),
        ).fetchall()
    ((pid,),) = row
    return int(pid)


def cut(server: Server, pid: int) -> None:
    """Ends the connection that this process in PostgreSQL serves."""
    with psycopg.connect(server.administrator, autocommit=True) as administrator:
        administrator.execute("select pg_terminate_backend(%s, 20000)", (pid,))


@pytest.mark.parametrize("stated", [{}, {"given": {"name": "another"}}], ids=["nothing", "something else"])
async def test_a_row_that_no_event_of_its_command_names_is_refused_alone(
    log: Writer, eyes: Connection, stated: dict[str, Any]
) -> None:
    team_id, other_id = uuid7(), uuid7()
    await log.write(a_team("one", team_id=team_id))
    name = stream("team", other_id)
    unsaid = AppendRequest(
        reads={name: 0},
        events=(an_event(name, data=naming(name) | stated),),
        rows=(a_row(team_id, "changed in secret", 2), a_row(other_id, "two")),
    )
    removing = AppendRequest(
        reads={name: 0}, events=(an_event(name),), removals=(("fold.team", str(team_id)),)
    )
    written = await asyncio.gather(
        log.write(unsaid), log.write(a_team("three")), log.write(removing), return_exceptions=True
    )
    assert [type(outcome) for outcome in written] == [ConstraintViolation, LogPosition, ConstraintViolation]
    assert f"team/{team_id}" in str(written[0])
    assert await keys(eyes) == ["one", "three"]
