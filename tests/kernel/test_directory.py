"""Persons, teams and keys as a process knows them: forgotten when the log says that they changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from app.common.keys import hash_of, new_secret
from app.common.people import Caller, PersonKind, Role, RoleGrant, rule_caller
from app.common.personal import Fingerprints
from app.foundation.people import keys, persons
from app.kernel import ledger as ledgers
from app.kernel.access.directory import Directory
from app.kernel.access.vault import Vault
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.platform.db import Connection, Database, Row, connect
from tests.conftest import DatabaseUrls
from tests.people import act, add_person, add_team, grant
from tests.waiting import Blocked, until


async def make_key(ledger: Ledger, person: UUID, *roles: str, ends: datetime | None = None) -> UUID:
    """A key that stands for the person, for roles that they hold."""
    roles = roles or ("agent",)
    await grant(ledger, person, *roles)
    body = keys.MakeKey(
        name="a key",
        person=str(person),
        roles=roles,
        secret_hash=hash_of(new_secret()),
        expires_at=ends,
    )
    key_id: UUID = (await act(ledger, rule_caller("tests"), "key", "make", body=body)).record.id
    return key_id


async def behind_its_back(place: DatabaseUrls, statement: str) -> None:
    """Changes a row without an event, so that there are no news of it: what is cached then shows."""
    owner: Connection = await connect(place.owner_url)
    await owner.execute(statement.encode())
    await owner.close()


async def test_a_key_says_whom_it_stands_for_and_what_they_may(ledger: Ledger, other: Ledger) -> None:
    mail, net = await add_team(ledger, "mail"), await add_team(ledger, "net")
    person = await add_person(ledger, "Wang Wei", "net", "mail")
    ends = datetime(2027, 1, 1, tzinfo=UTC)
    key = await make_key(ledger, person.id, "agent", f"engineer@team/{mail.id}", ends=ends)
    api_key = await other.directory.key(key)
    assert api_key is not None
    assert api_key.caller == Caller(
        actor=f"person:{person.id}",
        person_id=person.id,
        roles=(RoleGrant(Role.agent), RoleGrant(Role.engineer, mail.id)),
        teams=frozenset({mail.id, net.id}),
        team_id=net.id,
        key_id=key,
        restricted_to=(RoleGrant(Role.agent), RoleGrant(Role.engineer, mail.id)),
        ends_at=ends,
        lasts_until=ends,
        secret_hash=api_key.secret_hash,
    )


async def test_a_machines_key_acts_as_an_integration(ledger: Ledger) -> None:
    body = persons.AddPerson(name="Zabbix", kind=PersonKind.machine, locale="zh")
    machine = (await act(ledger, rule_caller("tests"), "person", "add", body=body)).record
    api_key = await ledger.directory.key(await make_key(ledger, machine.id, "integration"))
    assert api_key is not None
    assert api_key.caller.actor == f"integration:{machine.id}"
    assert api_key.caller.locale == "zh"


async def test_a_key_that_there_is_none_of_is_not_known(ledger: Ledger) -> None:
    assert await ledger.directory.key(uuid7()) is None


@pytest.fixture
def quiet(ledger: Ledger) -> Ledger:
    """A process to which no news come from outside."""
    return Ledger(ledger.db, ledger.writer, ledger.vault, ledger.lifecycles, ledger.settings)


async def test_a_revoked_key_is_forgotten_by_the_process_that_revokes_it_before_it_answers(
    quiet: Ledger,
) -> None:
    key = await make_key(quiet, (await add_person(quiet, "Wang Wei")).id)
    assert await quiet.directory.key(key) is not None
    await act(quiet, rule_caller("tests"), "key", "revoke", key)
    assert await quiet.directory.key(key) is None


async def test_a_revoked_key_is_forgotten_by_other_processes_when_the_news_come(
    ledger: Ledger, other: Ledger
) -> None:
    key = await make_key(ledger, (await add_person(ledger, "Wang Wei")).id)
    assert await other.directory.key(key) is not None
    await act(ledger, rule_caller("tests"), "key", "revoke", key)
    await until(lambda: gone(other, key))


async def gone(ledger: Ledger, key: UUID) -> bool:
    return await ledger.directory.key(key) is None


@pytest.fixture
def deaf(ledger: Ledger) -> Directory:
    """A directory to which no news come but those that the test brings."""
    return Directory(ledger.db)


async def test_a_key_is_looked_up_once(ledger: Ledger, deaf: Directory, place: DatabaseUrls) -> None:
    key = await make_key(ledger, (await add_person(ledger, "Wang Wei")).id)
    assert await deaf.key(key) is not None
    await behind_its_back(place, "update fold.key set state = 'revoked'")
    assert await deaf.key(key) is not None
    deaf.forget()
    assert await deaf.key(key) is None


@pytest.mark.parametrize("what", ["key", "names", "teams"])
async def test_what_was_fetched_during_a_change_is_not_kept(
    ledger: Ledger, deaf: Directory, place: DatabaseUrls, what: str
) -> None:
    await add_team(ledger, "mail")
    person = await add_person(ledger, "Wang Wei", "mail")
    key = await make_key(ledger, person.id)
    fetch: dict[str, Callable[[], Awaitable[Any]]] = {
        "key": lambda: deaf.key(key),
        "names": lambda: deaf.names([person.id]),
        "teams": deaf.teams,
    }
    async with Blocked(place.owner_url, "lock table fold.key, fold.person, fold.team") as blocked:
        fetching = asyncio.ensure_future(fetch[what]())
        await blocked.waiting()
        deaf.forget()  # the news come while the answer is under way
    assert await fetching
    await behind_its_back(place, "delete from fold.key; delete from fold.person; delete from fold.team")
    assert not await fetch[what]()


async def test_names_and_teams_are_looked_up_once_and_again_after_news(
    ledger: Ledger, deaf: Directory, place: DatabaseUrls
) -> None:
    team = await add_team(ledger, "mail")
    person = await add_person(ledger, "Wang Wei", "mail")
    names = await deaf.names([person.id])
    assert names == {person.id: person.name}
    assert {stub.key for stub in (await deaf.teams()).values()} == {"mail"}
    await behind_its_back(
        place, "update fold.person set name = 'enc1:x:y'; update fold.team set name = 'another'"
    )
    assert await deaf.names([person.id]) == names
    assert (await deaf.teams([team.id]))[team.id].name == "The mail team"
    deaf.forget()
    assert await deaf.names([person.id]) == {person.id: "enc1:x:y"}
    assert (await deaf.teams([team.id]))[team.id].name == "another"


async def test_a_team_that_is_asked_for_by_id_is_found_even_before_the_news_of_it(
    ledger: Ledger, deaf: Directory
) -> None:
    await add_team(ledger, "mail")
    await deaf.teams()
    team = await add_team(ledger, "net")
    assert team.id in await deaf.teams([team.id])


class Counted(Database):
    """Counts its statements."""

    asked = 0

    async def rows(self, *arguments: Any, **more: Any) -> list[Row]:
        self.asked += 1
        return await super().rows(*arguments, **more)


async def test_what_many_requests_look_up_at_once_is_a_statement_or_two(
    ledger: Ledger, place: DatabaseUrls
) -> None:
    persons = [await add_person(ledger, f"Person {n}") for n in range(12)]
    db = Counted(place.url, 4)
    await db.open()
    try:
        directory = Directory(db)
        vault = Vault(db, ledger.vault.master, Fingerprints(b"x" * 32))
        names = await asyncio.gather(*(directory.names([person.id]) for person in persons))
        assert names == [{person.id: person.name} for person in persons]
        assert db.asked <= 2
        texts = await asyncio.gather(*(vault.texts([person.name or ""]) for person in persons))
        assert [text for texts_of_person in texts for text in texts_of_person.values()] == [
            f"Person {n}" for n in range(12)
        ]
        assert db.asked <= 4
    finally:
        await db.close()


async def test_a_person_that_is_not_there_has_no_name(ledger: Ledger) -> None:
    person = await add_person(ledger, "Wang Wei")
    assert await ledger.directory.names([person.id, uuid7()]) == {person.id: person.name}
    assert await ledger.directory.names([]) == {}


async def test_what_changes_nothing_of_persons_teams_and_keys_leaves_the_caches_alone(
    ledger: Ledger, quiet: Ledger
) -> None:
    key = await make_key(ledger, (await add_person(ledger, "Wang Wei")).id)
    api_key = await quiet.directory.key(key)
    quiet.invalidate({"incident", "problem"})
    assert await quiet.directory.key(key) is api_key
    quiet.invalidate({"incident", "team"})
    assert await quiet.directory.key(key) is not api_key


async def hears(ledger: Ledger) -> bool:
    """Whether its connection for news is there: what it had cached before that, it has dropped then."""
    return ledger.directory._epoch > 0


@pytest.fixture
async def revocable(ledger: Ledger) -> UUID:
    """A key, made before the process `other` begins, to which so no news of it are under way."""
    return await make_key(ledger, (await add_person(ledger, "Wang Wei")).id)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes that begin after this look, and connect, again soon."""
    monkeypatch.setattr(ledgers, "POLL_SECONDS", 0.1)


@pytest.mark.usefixtures("soon")
async def test_news_that_were_lost_are_made_up_for_by_looking_at_the_head(
    revocable: UUID, other: Ledger, place: DatabaseUrls
) -> None:
    await until(lambda: hears(other))
    assert await other.directory.key(revocable) is not None
    await behind_its_back(
        place, "update fold.key set state = 'revoked'; update log.head set position = position + 1"
    )
    await until(lambda: gone(other, revocable))


@pytest.mark.usefixtures("soon")
async def test_news_that_are_none_of_ours_do_not_make_a_process_deaf(
    revocable: UUID, ledger: Ledger, other: Ledger, place: DatabaseUrls
) -> None:
    await until(lambda: hears(other))
    await behind_its_back(place, "notify ledgerdesk_log, 'not a position'; notify ledgerdesk_log")
    assert await other.directory.key(revocable) is not None
    await act(ledger, rule_caller("tests"), "key", "revoke", revocable)
    await until(lambda: gone(other, revocable))


@pytest.mark.usefixtures("soon")
async def test_a_process_whose_connection_for_news_is_cut_hears_again(
    revocable: UUID, ledger: Ledger, other: Ledger, place: DatabaseUrls, administrator_url: str
) -> None:
    await until(lambda: hears(ledger))
    await until(lambda: hears(other))
    assert await other.directory.key(revocable) is not None
    administrator = await connect(administrator_url)
    cursor = await administrator.execute(
        "select count(pg_terminate_backend(pid, 20000)) from pg_stat_activity "
        "where datname = current_database() and query like 'listen %'"
    )
    assert await cursor.fetchone() == (2,)
    await administrator.close()
    await behind_its_back(place, "update fold.key set state = 'revoked'")
    # Whatever it has missed meanwhile, it drops what it knew when it hears again.
    await until(lambda: gone(other, revocable))


def test_a_role_for_one_team_is_never_read_as_one_for_all() -> None:
    team = uuid7()
    assert RoleGrant.parse("agent") == RoleGrant(Role.agent)
    assert RoleGrant.parse(f"agent@team/{team}") == RoleGrant(Role.agent, team)
    scoped = (
        RoleGrant(Role.agent, team),
        RoleGrant(Role.agent, service="a@b"),
        RoleGrant(Role.agent, process="incident"),
    )
    for held in scoped:
        assert RoleGrant.parse(str(held)) == held
    for wrong in (
        "",
        "nobody",
        "agent@",
        "agent@team",
        "agent@team/",
        "agent@team/x",
        "agent@service",
        "agent@service/",
        "agent@process/",
        "agent@services/mail",
        " agent",
    ):
        with pytest.raises(ValueError, match=r".*"):
            RoleGrant.parse(wrong)


def test_a_scoped_role_counts_only_for_records_in_its_scope() -> None:
    team, another = uuid7(), uuid7()
    caller = Caller("person:x", uuid7(), roles=(RoleGrant(Role.agent, team), RoleGrant(Role.auditor)))

    class InTeam:
        def __init__(self, team_id: UUID | None) -> None:
            self.team_id = team_id

    assert caller.has_role(Role.agent, InTeam(team))
    assert not caller.has_role(Role.agent, InTeam(another))
    assert not caller.has_role(Role.agent, InTeam(None))
    assert not caller.has_role(Role.agent, object())
    assert caller.has_role(Role.auditor, InTeam(None))
    assert not caller.is_read_only
    assert Caller("person:x", uuid7(), roles=(RoleGrant(Role.auditor),)).is_read_only
