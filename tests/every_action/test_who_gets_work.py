"""Whoever gets work by an action is told so, and sees what it is for: by a mark on what names them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from pydantic import BaseModel

from app.common.duties import GivenDuty
from app.common.notices import ANSWERS, NoticeType, RecipientRule, Responsible
from app.common.people import Person, Role, rule_caller
from app.common.records import ForeignRef, empty
from app.foundation.decisions.payloads import AskDecision
from app.kernel.access.audience_rules import EVERYBODY
from app.kernel.access.reads import load
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks, part_types
from app.kernel.ledger import Ledger
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.notifications import notices
from app.platform.db import connect
from app.registry import LIFECYCLES
from tests.client import Client, Json
from tests.every_action import agreements, documents, rollouts
from tests.every_action.samples import valid_body as prepared
from tests.every_action.world import (
    OF_RULES,
    ROWS,
    Row,
    World,
    nearest_first,
    of_decisions,
    possible_states,
    record_address,
    send,
    when,
)
from tests.every_action.world_data import TEAM
from tests.people import act, add_person
from tests.selection import covering


def with_parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The payload or row, and the parts of its lists."""
    yield model
    for part in part_types(model).values():
        yield from with_parts(part)


def test_each_duty_of_a_person_is_told_to_them_by_its_field_or_is_said_not_to_be() -> None:
    models: list[type[BaseModel]] = [row.body for _, row in ROWS]
    models += [record for lifecycle in LIFECYCLES for record in (lifecycle.record, *lifecycle.children)]
    duties = [
        (f"{model.__name__}.{name}", name in marks(model, Responsible), mark.quiet)
        for model in {part for each in models for part in with_parts(each)}
        for name, mark in marks(model, ForeignRef).items()
        if mark.kind == "person" and mark.duty not in (None, GivenDuty.recorded)
    ]
    assert len(duties) > 60
    unsaid = {name for name, is_told, is_quiet in duties if is_told is is_quiet}
    assert not unsaid, "mark it as Responsible(…), or as quiet if another field or event notifies them"


def test_whom_a_record_itself_gives_work_its_lifecycle_shows_it() -> None:
    person = UUID(int=7)
    for lifecycle in LIFECYCLES:
        for name in marks(lifecycle.record, Responsible):
            if name == "assignee_id" and "assign" not in lifecycle.by_name:
                continue  # nobody is given it
            record = empty(lifecycle.record, UUID(int=1))
            setattr(record, name, person)
            audience = lifecycle.audience(record)
            assert {f"person:{person}", EVERYBODY} & audience, f"{lifecycle.kind}.{name}"


def steps_of(model: type[BaseModel]) -> set[NoticeType]:
    """What those are told whom the marked fields name."""
    own = {mark.step for mark in marks(model, Responsible).values()}
    return own.union(*(steps_of(part) for part in part_types(model).values()))


def naming(model: type[BaseModel], body: Json, person: str) -> Json:
    """What is said, with that person in all fields that give work."""
    named = dict(body)
    for name in marks(model, Responsible):
        several = "tuple" in str(model.model_fields[name].annotation)
        named[name] = [person] if several else person
    for name, part in part_types(model).items():
        if named.get(name):
            named[name] = [naming(part, entry, person) for entry in named[name]]
    return named


#: What else is to be said so that somebody can be named.
BESIDES: dict[str, Json] = {
    "request.record_acceptance": {
        "verdict": "failed",
        "issues": [{"title": "Mend the sum", "due_at": "2199-01-01T00:00:00Z"}],
    },
}


#: Which role whoever is named must hold, by the action.
HOLDING = {
    "assign_complaint": (Role.service_level_manager.value,),
    "open": (Role.committee_member.value,),
    # The co-authors of an improvement plan own processes.
    "draft": (Role.process_owner.value,),
    "revise": (Role.process_owner.value,),
    # A copy is lent to whoever sees the record.
    "lend_document": (Role.quality_manager.value,),
}
#: What must have been done for whoever is named, by the action.
FITTED = {
    "start_pilot": rollouts.license_for,
    "appoint": agreements.take_side,
    **dict.fromkeys(("refuse_access", "refuse_document_access"), documents.ask_as),
}
#: What is made for whoever is named: of its end those are told who were told of it, and a meeting is seen by
#: those alone whom it names.
MADE_FOR = frozenset({"attention_alert.end", "meeting.flag_task", "meeting.flag_document_loan"})


async def drive(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], person: Person
) -> tuple[str, str]:
    """Somebody does it, and names the person. Gives the record's name in the log, and who did it."""
    record = None
    if not row.opens:
        theirs = f"{lifecycle.kind}.{row.name}" in MADE_FOR
        more = naming(lifecycle.opening().body, {}, str(person.id)) if theirs else None
        record = await world.make_record(lifecycle, possible_states(lifecycle, row)[0], row, more)
    if (lifecycle, row) in OF_RULES:
        path = "" if record is None else record_address(lifecycle, record)
        more_json = await prepared(world.everybody, row, path)
        body = row.body.model_validate(naming(row.body, more_json, str(person.id)))
        name = None if record is None else record["id"]
        rule, now = rule_caller("tests"), when(lifecycle, row)
        done = await act(world.api.ledger, rule, lifecycle.kind, row.name, name, body, now=now)
        return done.event.stream, ""
    answers: list[httpx.Response] = []
    if record is not None and row.name in FITTED:
        await FITTED[row.name](world.everybody, record_address(lifecycle, record), str(person.id))
    for client in (*world.people.values(), world.everybody):
        body = await prepared(client, row, "" if record is None else record_address(lifecycle, record))
        if row.name == "record_requirement":  # the signatory of a customer leads it
            await agreements.lead(world.everybody, body["customer"], str(person.id))
        besides = BESIDES.get(f"{lifecycle.kind}.{row.name}") or BESIDES.get(row.name) or {}
        more_json = naming(row.body, body | besides, str(person.id))
        if lifecycle.kind == "sla" and await agreements.is_of_it(world.everybody, str(person.id)):
            more_json.pop("party_representative", None)
        answers.append(await send(client, lifecycle, row, record, more_json))
        if answers[-1].is_success:
            return f"{lifecycle.kind}/{answers[-1].json()['id']}", client.id
    raise AssertionError((lifecycle.kind, row.name, [answer.text for answer in answers]))


async def tell(world: World) -> None:
    """All that there is to tell is told."""
    await tell_all(world.api.ledger)


async def tell_all(ledger: Ledger) -> None:
    """All that the log has to tell is told."""
    now = datetime.now(UTC)

    def fails(name: str, error: Exception) -> None:
        raise error

    connection = await connect(ledger.db.url, FOLLOW_LIMITS)
    try:
        await catch_up(connection, notices.consumer(ledger, lambda: now))
        while await notices.send_due(connection, ledger, now + timedelta(minutes=2), failed=fails):
            pass
    finally:
        await connection.close()


TOLD = "select person_id::text, about, unnest(steps) as step from fold.notice"


#: The rows by which somebody gets work, and those that tell others besides.
GIVING = [(lc, row) for lc, row in ROWS if steps_of(row.body)]
TELLING = [(lc, row) for lc, row in ROWS if row.consequences.notifies and not of_decisions(row)]


def way_of_giving(case: Row) -> set[Hashable]:
    """Whether a rule gives the work, whether the record is new, and whether a part of the body names them."""
    _, row = case
    return {(case in OF_RULES, row.opens, bool(marks(row.body, Responsible)))}


def ways_of_telling(case: Row) -> set[Hashable]:
    """The fields of a rule that find the recipients."""
    names = [field.name for field in fields(RecipientRule) if field.name != "step"]
    return {tuple(name for name in names if getattr(rule, name)) for rule in case[1].consequences.notifies}


def test_many_rows_give_work_and_some_tell_others_besides() -> None:
    assert len(GIVING) > 20
    assert sum(len(row.consequences.notifies) for _, row in TELLING) > 8


async def test_whoever_an_action_gives_work_is_told_and_sees_what_for(world: World) -> None:
    cases: list[tuple[str, str, set[NoticeType], Person, tuple[str, ...]]] = []
    # test_what_waits.py tries each type of notice that asks something of its reader.
    for lifecycle, row in covering(nearest_first(GIVING), way_of_giving):
        # A rule reminds those who see it by what they are; others see what they are given.
        roles: tuple[str, ...] = (Role.engineer.value,) if (lifecycle, row) in OF_RULES else ()
        roles = HOLDING.get(row.name, roles)
        person = await add_person(world.api.ledger, f"Chosen {len(cases)}", TEAM, roles=roles)
        about, _ = await drive(world, lifecycle, row, person)
        cases.append((row.name, about, steps_of(row.body), person, roles))
    await tell(world)
    notices = {(row["person_id"], row["about"], row["step"]) for row in await world.api.ledger.db.rows(TOLD)}
    missed = []
    for name, about, steps, person, roles in cases:
        # Whoever is to chair it is invited by that.
        expected_steps = steps | {NoticeType.invited} if NoticeType.in_charge in steps else steps
        if not {(str(person.id), about, step.value) for step in expected_steps} & notices:
            missed.append(f"{name} of {about}: not told")
        client: Client = await world.api.client_of(person, *roles)
        kind, _, record_id = about.partition("/")
        (plural,) = (lifecycle.plural for lifecycle in LIFECYCLES if lifecycle.kind == kind)
        # An answer is told without what it is about.
        if not steps <= ANSWERS and (await client.get(f"/v1/{plural}/{record_id}")).status_code != 200:
            missed.append(f"{name} of {about}: not seen")
    assert cases
    assert not missed


async def expected(world: World, about: str, tells: RecipientRule) -> set[str]:
    """Whom the row tells of that record, as far as they are people of this world."""
    kind, _, record_id = about.partition("/")
    (lifecycle,) = (lifecycle_of_kind for lifecycle_of_kind in LIFECYCLES if lifecycle_of_kind.kind == kind)
    if tells.field is not None:
        query = f"select {tells.field}::text from {lifecycle.table} where id = %s"
        return {await world.api.ledger.db.value(query, (record_id,))}
    if (rows := tells.created or tells.children) is not None:
        query = f"select person_id::text from fold.{rows.KIND} where record = %s"
        return {row["person_id"] for row in await world.api.ledger.db.rows(query, (about,))}
    if tells.teams is not None:
        return {client.id for client in (world.everybody, *world.people.values())}
    if tells.responsible:
        # Nobody leads the team of this world: where a record has no assignee, its members are told.
        query = f"select assignee_id::text from {lifecycle.table} where id = %s"
        assignee = await world.api.ledger.db.value(query, (record_id,))
        if assignee is not None:
            return {assignee}
    return {client.id for client in (world.everybody, world.worker, *world.people.values())}


def steps_to_named(lifecycle: Lifecycle[Any], row: Action[Any, Any]) -> set[str]:
    """What those are told in place of it who are to do something: they vote, where the row asks them, or the
    fields of a new record name them.
    """
    if row.opens:
        return {mark.step.value for mark in marks(lifecycle.record, Responsible).values()}
    return {NoticeType.to_vote.value} if issubclass(row.body, AskDecision) else set()


async def test_whom_the_table_tells_besides_is_told(world: World) -> None:
    cases: list[tuple[str, str, str, RecipientRule, set[str]]] = []
    for lifecycle, row in covering(nearest_first(TELLING), ways_of_telling):
        about, actor = await drive(world, lifecycle, row, world.colleague)
        named = steps_to_named(lifecycle, row)
        record = await load(world.api.ledger.db, lifecycle, about.partition("/")[2])
        assert record is not None
        telling = [
            rule
            for rule in row.consequences.notifies
            if rule.when is None or getattr(record.record, rule.when)
        ]
        # The samples set no login; tests/api/test_logins_of_others.py does.
        telling = [rule for rule in telling if rule.sets is None]
        # An award is a person's or a team's.
        telling = [rule for rule in telling if not rule.team or getattr(record.record, "team_id", None)]
        cases += [(row.name, about, actor, tells, {tells.step.value, *named}) for tells in telling]
    await tell(world)
    notices = {(row["person_id"], row["about"], row["step"]) for row in await world.api.ledger.db.rows(TOLD)}
    missed = []
    told_first: dict[str, set[str]] = defaultdict(set)
    for name, about, actor, tells, steps in cases:
        recipients = await expected(world, about, tells)
        # Whoever acts is told nothing, even if it is they whom the row names: the project's own manager.
        persons = recipients - {actor, None}  # a minor improvement has no project manager
        assert recipients, f"{name}: nobody is told"
        missed += [
            f"{name} of {about}: {tells.step.value}"
            for person in persons - told_first[about]
            if notices.isdisjoint((person, about, step) for step in steps)
        ]
        # Each is told once, by the first of its rules that finds them.
        told_first[about] |= persons
    assert cases
    assert not missed
