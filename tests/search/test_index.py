"""The index: the same in whatever spans the log was taken, and without what was erased."""

from __future__ import annotations

import random

import pytest

from app.common.people import Role, rule_caller
from app.log.follow import process_next_batch, reset
from tests.extent import first_of
from tests.kernel.incidents import report
from tests.people import act, add_caller
from tests.search.conftest import SearchIndex, fill


async def test_the_index_made_event_by_event_is_that_made_at_once(shelf: SearchIndex) -> None:
    await fill(shelf, seed=1, cases=6)
    for batch in (1, 7, 1000):
        await shelf.follow(batch)
    as_it_went = await shelf.table()
    await fill(shelf, seed=2, cases=6)
    for batch in (1, 7, 1000):
        await reset(shelf.connection, shelf.index)
        await shelf.follow(batch)
        indexed = await shelf.table()
        assert len([row for row in indexed if row["kind"] == "incident"]) == 12
        assert [row for row in indexed if row["id"] in {old["id"] for old in as_it_went}] == as_it_went
    await shelf.follow()
    assert await shelf.table() == indexed


@pytest.mark.parametrize("seed", first_of(range(3), 1))
async def test_followed_while_it_is_written_the_index_is_that_made_afterwards(
    shelf: SearchIndex, seed: int
) -> None:
    chance = random.Random(seed)
    for part in range(4):
        await fill(shelf, seed=part * 10 + seed, cases=3)
        await shelf.follow(chance.choice((1, 7, 1000)))
    as_it_went = await shelf.table()
    await reset(shelf.connection, shelf.index)
    await shelf.follow()
    assert await shelf.table() == as_it_went


async def test_a_record_in_which_no_word_has_changed_is_not_written_again(shelf: SearchIndex) -> None:
    lin = await add_caller(shelf.ledger, "Lin", Role.agent)
    incident = await report(shelf.ledger, lin)
    await shelf.follow()
    place = "select ctid::text as place from search.record"
    before = await shelf.ledger.db.rows(place)
    await act(shelf.ledger, lin, "incident", "acknowledge", incident.id)
    await shelf.follow()
    assert await shelf.ledger.db.rows(place) == before


async def test_words_of_an_erased_person_go_and_those_of_others_stay(shelf: SearchIndex) -> None:
    zhao, lin = [await add_caller(shelf.ledger, name, Role.agent) for name in ("Zhao Min", "Lin")]
    mine = await report(shelf.ledger, zhao, title="A title stays", description="My daughter is ill")
    theirs = await report(shelf.ledger, lin, description="Nobody's daughter")
    await shelf.comment(lin, mine, "Get well soon")
    await shelf.comment(zhao, theirs, "My daughter too")
    await shelf.follow()
    assert await shelf.search(lin, "daughter") == {mine.id, theirs.id}
    await act(shelf.ledger, rule_caller("tests"), "person", "erase", zhao.person_id)
    await shelf.follow()
    assert await shelf.search(lin, "daughter") == {theirs.id}
    assert await shelf.search(lin, "too") == set()
    assert await shelf.search(lin, "title") == await shelf.search(lin, "well") == {mine.id}
    assert "daughter" not in str([row for row in await shelf.table() if row["id"] == mine.id])
    indexed = await shelf.table()
    await reset(shelf.connection, shelf.index)
    await shelf.follow()
    assert await shelf.table() == indexed


async def test_what_was_erased_before_the_index_came_to_it_is_never_in_it(shelf: SearchIndex) -> None:
    zhao = await add_caller(shelf.ledger, "Zhao Min")
    incident = await report(shelf.ledger, zhao, description="My daughter is ill")
    await act(shelf.ledger, rule_caller("tests"), "person", "erase", zhao.person_id)
    # As a lagging index would: it takes the report and has not yet come to the erasing.
    await process_next_batch(shelf.connection, shelf.index)
    assert await shelf.search(rule_caller("tests"), "daughter") == set()
    assert await shelf.search(rule_caller("tests"), incident.number) == {incident.id}


async def test_a_ticket_with_more_to_say_than_is_searched_stops_nobody(shelf: SearchIndex) -> None:
    zhao = await add_caller(shelf.ledger, "Zhao Min")
    rare = "".join(chr(0x4E00 + n % 20_000) for n in range(20_000))
    incident = await report(shelf.ledger, zhao, description=rare)
    for start in (0, 1, 7):
        await shelf.comment(zhao, incident, rare[start::2] + rare[start + 1 :: 2])
    await shelf.follow()
    assert await shelf.search(zhao, rare[:2]) == {incident.id}
