"""What is found is what can be read, and nothing else."""

from __future__ import annotations

import asyncio
import random
import re
from itertools import product
from uuid import UUID

import pytest

from app.common.people import Caller, Role, RoleGrant
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.search import query
from app.search.query import is_searchable, wait_for_index
from app.ticketing.work.assignment import AssignTicket
from tests.cases import each_case
from tests.extent import first_of
from tests.kernel.incidents import report
from tests.people import act, add_caller, add_team
from tests.search.conftest import WORDS, SearchIndex, fill
from tests.waiting import Blocked

ROWS = """
select r.id, r.number, array[r.title, r.service] as plain,
  array[r.description, r.cause, r.resolution] as encrypted,
  array(select c.text from fold.comment c
        where c.record = 'incident/' || r.id and c.visibility = 'public') as said,
  array(select c.text from fold.comment c
        where c.record = 'incident/' || r.id and c.visibility = 'internal') as internal
from fold.incident r
"""


async def texts(ledger: Ledger, *, staff: bool) -> dict[UUID, str]:
    """By incident, all that can be read in it."""
    read = {}
    for row in await ledger.db.rows(ROWS):
        encrypted = [
            ciphertext
            for ciphertext in row["encrypted"] + row["said"] + row["internal"] * staff
            if ciphertext
        ]
        opened = await ledger.vault.texts(encrypted)
        plain = [text for text in row["plain"] if text]
        read[row["id"]] = " / ".join(
            [row["number"], *plain, *(opened[ciphertext] or "" for ciphertext in encrypted)]
        )
    return read


def holds(text: str, word: str) -> bool:
    """Whether the word is in the text, as people would say, with an s of the plural or without."""
    if not word.isascii():
        return word in text
    bare = word.lower().removesuffix("s")
    return re.search(rf"(?<![a-z0-9]){bare}s?(?![a-z0-9])", text.lower()) is not None


@pytest.mark.parametrize("seed", first_of(range(3), 1))
async def test_a_search_finds_exactly_the_incidents_whose_readable_text_has_the_words(
    shelf: SearchIndex, seed: int
) -> None:
    zhao, lin = await fill(shelf, seed, cases=25)
    await shelf.follow()
    for caller, staff in ((zhao, False), (lin, True)):
        read = await texts(shelf.ledger, staff=staff)
        searches = [(word,) for word in WORDS] + random.Random(seed).sample(list(product(WORDS, WORDS)), 30)
        for words in searches:
            expected = {
                incident for incident, text in read.items() if all(holds(text, word) for word in words)
            }
            assert await shelf.search(caller, " ".join(words)) == expected, words


async def test_a_number_and_keys_are_found_whole_and_by_their_beginning(shelf: SearchIndex) -> None:
    zhao = await add_caller(shelf.ledger, "Zhao Min")
    incident = await report(shelf.ledger, zhao, service="sap-basis", title="It hangs")
    other = await report(shelf.ledger, zhao, title="It does not")
    await shelf.follow()
    for text in (
        incident.number,
        incident.number.lower(),
        f"({incident.number})",
        "sap-basis",
        "SAP-b",
        "basis",
    ):
        assert await shelf.search(zhao, text) == {incident.id}, text
    assert await shelf.search(zhao, incident.number[:-1]) >= {incident.id}
    assert await shelf.search(zhao, incident.number.partition("-")[0]) == {incident.id, other.id}
    assert await shelf.search(zhao, f"{incident.number} hangs") == {incident.id}
    assert await shelf.search(zhao, f"{other.number} hangs") == set()


async def test_of_a_longer_run_of_characters_every_pair_must_be_there(shelf: SearchIndex) -> None:
    zhao = await add_caller(shelf.ledger, "Zhao Min")
    incident = await report(shelf.ledger, zhao, description="今天收不到邮件")
    await report(shelf.ledger, zhao, description="收到邮件了")
    await shelf.follow()
    assert await shelf.search(zhao, "收不到邮件") == {incident.id}


async def test_who_is_staff_for_one_team_finds_what_is_internal_there_and_nowhere_else(
    shelf: SearchIndex,
) -> None:
    mine, other = await add_team(shelf.ledger, "network"), await add_team(shelf.ledger, "mail")
    lin = await add_caller(shelf.ledger, "Lin", Role.agent, teams=("network", "mail"))
    incidents = {}
    for team in (mine, other, None):
        incident = await report(shelf.ledger, lin, description="Everybody reads this")
        await shelf.comment(lin, incident, "A secret among us", internal=True)
        if team is not None:
            await act(shelf.ledger, lin, "incident", "assign", incident.id, AssignTicket(team=team.key))
        incidents[team and team.id] = incident.id
    await shelf.follow()

    def caller(*held: RoleGrant) -> Caller:
        return Caller(f"person:{uuid7()}", uuid7(), held)

    of_team, of_service = (
        caller(RoleGrant(Role.engineer, mine.id)),
        caller(RoleGrant(Role.engineer, service="x")),
    )
    assert await shelf.search(of_team, "secret") == {incidents[mine.id]}
    assert await shelf.search(of_service, "secret") == await shelf.search(caller(), "secret") == set()
    for anybody in (of_team, of_service, caller(), caller(RoleGrant(Role.requester))):
        assert await shelf.search(anybody, "everybody") == set(incidents.values())
    for everywhere in (RoleGrant(Role.auditor), RoleGrant(Role.agent, process="incident")):
        assert await shelf.search(caller(everywhere), "secret everybody") == set(incidents.values())


async def test_the_lag_is_nothing_once_the_index_has_what_was_there_on_arrival(shelf: SearchIndex) -> None:
    assert await wait_for_index(shelf.ledger.db) == 0
    await add_caller(shelf.ledger, "Zhao Min")
    behind = await wait_for_index(shelf.ledger.db)
    assert behind >= query.WAIT_SECONDS
    waiting = asyncio.ensure_future(wait_for_index(shelf.ledger.db))
    await shelf.follow()
    assert await waiting == 0


async def test_an_index_that_is_held_up_delays_a_list_by_a_moment_only(
    shelf: SearchIndex, administrator_url: str
) -> None:
    await add_caller(shelf.ledger, "Zhao Min")
    async with Blocked(administrator_url, "lock table search.record") as blocked:
        following = asyncio.ensure_future(shelf.follow())
        await blocked.waiting()
        assert await wait_for_index(shelf.ledger.db) >= query.WAIT_SECONDS
    await following
    assert await wait_for_index(shelf.ledger.db) == 0


@each_case("text", ["'", "' | 'x", "\\", "a:*", "!!", "\x00", "(((", "a & !b", "<-> 邮件", "😀", " "])
async def test_nothing_that_is_typed_breaks_a_search(shelf: SearchIndex, text: str) -> None:
    if is_searchable(text):
        await shelf.search(await add_caller(shelf.ledger, "Zhao Min"), text)
