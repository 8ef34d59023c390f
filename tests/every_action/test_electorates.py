"""No party shuts a voter out: whatever it does that names somebody or gives them a task, the same people
vote, by the same quorum and for as long.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.common.records import CodeEnum, ForeignRef
from app.foundation.decisions.approval_rules.definition import SUBJECTS
from app.foundation.decisions.approval_rules.electors import persons_of
from app.foundation.decisions.approval_rules.shipped import SHIPPED
from app.foundation.decisions.approval_rules.versions import MatterOpening
from app.foundation.decisions.matters import Matter
from app.foundation.decisions.voters.electorate import Electorate, pose, ruled_electorate
from app.kernel.access.reads import ReadContext, load
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks, part_types
from app.kernel.actions.refusals import PreparationRefused, Refusal
from app.processes.changes.policies.templates import TEMPLATE
from tests.cases import each_case
from tests.client import Client, Json
from tests.every_action.samples import valid_body
from tests.every_action.search import QUESTIONS
from tests.every_action.test_nobody_decides_alone import ASKING, MATTERS
from tests.every_action.world import (
    OF_PEOPLE,
    World,
    case_name,
    of_decisions,
    of_kind,
    record_address,
    send,
)
from tests.every_action.world_data import IDS, TEAM

#: How much sooner a vote may end that is asked for a moment later.
MOMENT = timedelta(minutes=5)


#: Who holds the posts when the matter begins, and who gets them then.
FIRST, NEXT = "it", "business"
#: Where posts are held by which people vote, and their fields.
POSTS: tuple[tuple[Callable[[], str], str], ...] = (
    (lambda: f"/v1/teams/{TEAM}", "lead"),
    (lambda: f"/v1/services/{IDS['service']}", "owner"),
    (lambda: f"/v1/cis/{IDS['ci']}", "owner"),
)


@dataclass
class Polled:
    """Who would vote on a matter of a record now, and by when."""

    voters: set[UUID]
    quorum: int
    time: timedelta


async def polled(world: World, lifecycle: Lifecycle[Any], record: Json, party: UUID) -> dict[str, Polled]:
    """By matter, who would vote on the record if the party asked now; nothing of what cannot be asked."""
    ledger, now = world.api.ledger, datetime.now(UTC)
    loaded = await load(ledger.db, lifecycle, record["id"])
    assert loaded is not None
    electorates: dict[str, Electorate] = {}
    for name, matter in _matters(lifecycle):
        reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
        try:
            electorate = await ruled_electorate(reads, loaded.record, matter, party, now)
        except PreparationRefused:
            continue
        electorates[name] = electorate
        posed = await pose(reads, loaded.record, matter, now)
        for rule in electorate.rules:
            seats = await persons_of(reads, posed.record, rule.definition.voters, MatterOpening(), now)
            person_ids = electorate.voters.keys() | electorate.left_out.keys()
            assert seats.keys() <= person_ids, f"{rule.key} names people who are neither asked nor shown"
    return {
        name: Polled(set(electorate.voters) - {party}, electorate.quorum, electorate.least_at - now)
        for name, electorate in electorates.items()
    }


def _matters(lifecycle: Lifecycle[Any]) -> Iterator[tuple[str, Matter]]:
    if lifecycle.kind == "change_template":  # decided like changes
        yield "change", TEMPLATE
    yield from (
        (name, matter)
        for name, matter in MATTERS.items()
        if matter.decision is not None and SUBJECTS[matter.decision][0] == lifecycle.kind
    )


def naming_everywhere(model: type[BaseModel], body: Json, person: str) -> Json:
    """The same body, in which every field that may name persons names this one, and every team is theirs."""
    named = dict(body)
    for name, mark in marks(model, ForeignRef).items():
        value = {"person": person, "team": TEAM}.get(mark.kind)
        if value is not None:
            several = "tuple" in str(model.model_fields[name].annotation)
            named[name] = [value] if several else value
    for name, part in part_types(model).items():
        if isinstance(named.get(name), list):
            named[name] = [naming_everywhere(part, entry, person) for entry in named[name]]
    return named


def names_somebody(model: type[BaseModel]) -> bool:
    """Whether a body of that model can name persons or teams."""
    own = any(mark.kind in ("person", "team") for mark in marks(model, ForeignRef).values())
    return own or any(names_somebody(part) for part in part_types(model).values())


async def acts(
    world: World, party: Client, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json, voter: str
) -> bool:
    """Whether the party has done it, naming the voter wherever it can."""
    try:
        body = await valid_body(party, row, record_address(lifecycle, record))
    except (Refusal, AssertionError):  # what must be there before cannot be there
        return False
    for sent in (naming_everywhere(row.body, body, voter), body):
        if (await send(party, lifecycle, row, record, sent)).status_code == 200:
            return True
    return False


@each_case(("lifecycle", "row", "state"), ASKING, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_whoever_is_named_given_a_task_or_replaced_in_a_post_keeps_the_vote(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
) -> None:
    party = world.everybody
    for path, field in POSTS:
        await edit(party, path(), {field: world.people[FIRST].id})
    record = await world.make_record(lifecycle, state, row)
    before = await polled(world, lifecycle, record, UUID(party.id))
    assert before, "somebody can be asked"
    voter = str(min(next(iter(before.values())).voters))
    for giving in lifecycle.rows:
        if giving.opens or of_decisions(giving) or issubclass(giving.body, QUESTIONS):
            continue
        if not names_somebody(giving.body) or (lifecycle, giving) not in OF_PEOPLE:
            continue
        if not giving.is_open_in(state) or not await acts(world, party, lifecycle, giving, record, voter):
            continue
        after = await polled(world, lifecycle, record, UUID(party.id))
        for matter in before.keys() & after.keys():
            assert after[matter].voters >= before[matter].voters, f"{giving.name} shuts a voter out"
            assert after[matter].quorum >= before[matter].quorum, f"{giving.name} lowers the quorum"
            assert after[matter].time >= before[matter].time - MOMENT, f"{giving.name} takes time away"
        assert before.keys() <= after.keys(), f"{giving.name} leaves too few voters"
        if (await party.read(record_address(lifecycle, record)))["state"] != state:
            record = await world.make_record(lifecycle, state, row)
    await changes_nothing_by_posts_and_rules(world, lifecycle, record)


@each_case(("lifecycle", "row", "state"), ASKING, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_whoever_is_said_to_have_asked_for_it_keeps_the_vote(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
) -> None:
    if "requester" not in lifecycle.opening().body.model_fields:
        return
    party = world.everybody
    before = await polled(world, lifecycle, await world.make_record(lifecycle, state, row), UUID(party.id))
    voter = min(next(iter(before.values())).voters)
    record = await world.make_record(lifecycle, state, row, {"requester": str(voter)})
    after = await polled(world, lifecycle, record, UUID(party.id))
    assert {name: polled_now.voters for name, polled_now in after.items()} == {
        name: polled_before.voters for name, polled_before in before.items()
    }


async def changes_nothing_by_posts_and_rules(world: World, lifecycle: Lifecycle[Any], record: Json) -> None:
    """The party gives the posts to others, and sets looser rules: the voters of its own matter stay."""
    party = world.everybody
    before = await polled(world, lifecycle, record, UUID(party.id))
    kinds = {str(MATTERS[name].decision) for name in before if name in MATTERS}
    steps: list[Callable[[], Awaitable[str]]] = [
        *(partial(edit, party, path(), {field: world.people[NEXT].id}) for path, field in POSTS),
        *(partial(loosen, party, kind) for kind in sorted(kinds)),
    ]
    for change in steps:
        undo = await change()
        after = await polled(world, lifecycle, record, UUID(party.id))
        for matter, electorate in before.items():
            assert matter in after, f"{change} leaves too few voters"
            assert after[matter].voters >= electorate.voters, f"{change} shuts a voter out"
            assert after[matter].quorum >= electorate.quorum, f"{change} lowers the quorum"
            assert after[matter].time >= electorate.time - MOMENT, f"{change} takes time away"
        if undo:
            await party.post_ok(f"{undo}/end")


@each_case(("lifecycle", "row", "state"), ASKING, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_a_preview_names_those_whom_the_question_asks(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
) -> None:
    asker = world.everybody
    record = await world.make_record(lifecycle, state, row)
    path = record_address(lifecycle, record)
    body = await valid_body(asker, row, path)
    change = {"change": body["change"]} if lifecycle.kind == "freeze" else {}
    before = {
        item["decision"]: item for item in (await asker.read(f"{path}/approval_preview", **change))["items"]
    }
    answer = await send(asker, lifecycle, row, record, body)
    if answer.status_code != 200:
        refusals = {item["refusal"]["code"] for item in before.values() if item["refusal"]}
        assert answer.json()["code"] in refusals, answer.text
        return
    ballots = (await asker.read(f"{path}/votes"))["items"]
    for decision in (await asker.read(f"{path}/decisions"))["items"]:
        if decision["state"] != "open":
            continue
        preview = before[decision["decision"]]
        voter_ids = {ballot["person"]["id"] for ballot in ballots if ballot["decision_id"] == decision["id"]}
        assert {voter["id"] for voter in preview["voters"]} == voter_ids
        assert [preview[name] for name in ("rules", "rule", "quorum")] == [
            decision[name] for name in ("rules", "rule", "quorum")
        ]
        assert [(row["person"]["id"], row["because"]) for row in preview["left_out"]] == [
            (row["person"], row["because"]) for row in decision["left_out"]
        ]


async def edit(party: Client, path: str, fields: Json) -> str:
    """The party gives the post to somebody else, and leaves it so."""
    answer = await party.patch(path, json=fields, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    return ""


async def loosen(party: Client, decision: str) -> str:
    """The party adds a rule by which two agents decide within a minute. Gives where the rule is."""
    definition = {"voters": [{"role": "agent"}], "rule": "majority", "quorum": 1, "least_voters": 1}
    definition |= {"due_within_seconds": 60, "least_seconds": 60, "conditions": []}
    for key in sorted(key for key, rule in SHIPPED.items() if rule.decision == decision):
        shipped = SHIPPED[key].definition
        conditions = [condition.model_dump(mode="json") for condition in shipped.conditions]
        body = {"key": key, "decision": decision, "name": "Mine"}
        answer = await party.post(
            "/v1/approval_rules", json={**body, "definition": {**definition, "conditions": conditions}}
        )
        if answer.status_code in (200, 201):
            return f"/v1/approval_rules/{answer.json()['id']}"
    return ""
