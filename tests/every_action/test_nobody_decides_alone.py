"""Whoever makes what is decided about, or asks for it, neither decides nor chooses who does: a search.

One person with every role makes as much of it as they can, and asks; or hands it over, and others ask. Those
who vote are compared with the rule, and with the events.
"""

from __future__ import annotations

import json
from math import ceil
from typing import Any

from app.common.records import CodeEnum
from app.foundation.decisions.approval_rules.definition import ApprovalRuleDefinition
from app.foundation.decisions.approval_rules.shipped import SHIPPED
from app.foundation.decisions.matters import Matter
from app.foundation.decisions.payloads import AskBoard, AskDecision
from app.foundation.decisions.records import DecisionKind
from app.governance.documents.preparation import COUNTERSIGNATURE, REVIEW
from app.governance.process_changes.preparation import CHANGE
from app.kernel.access.reads import ReadContext, load
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Payload
from app.processes.changes.approval import APPROVAL, EMERGENCY
from app.processes.changes.policies.freeze_exceptions import EXCEPTION
from app.processes.improvement_plans.preparation import ADJUSTMENT, CLOSING, PLAN
from app.processes.improvements.preparation import (
    CHARTER,
    CLASS,
    PEOPLE,
    PILOT,
    PROJECT_PLAN,
    PROPOSAL,
    REVERT,
)
from app.processes.releases.approvals import GO_MATTER, PLAN_CHANGE
from tests.cases import each_case
from tests.client import Json
from tests.every_action.samples import PREREQUISITES
from tests.every_action.search import QUESTIONS, Search
from tests.every_action.settings import ASKED_AS_WELL
from tests.every_action.world import ROWS, World, case_name, of_kind, possible_states
from tests.every_action.world_data import IDS
from tests.extent import WHOLE

MATTERS: dict[str, Matter] = {
    str(one.decision): one
    for one in (
        APPROVAL,
        EMERGENCY,
        EXCEPTION,
        PLAN,
        ADJUSTMENT,
        CLOSING,
        PROPOSAL,
        CLASS,
        CHARTER,
        PROJECT_PLAN,
        PILOT,
        PEOPLE,
        REVERT,
        GO_MATTER,
        PLAN_CHANGE,
        REVIEW,
        COUNTERSIGNATURE,
        CHANGE,
    )
}
#: The rows that put a question to those whom a rule names, in each state in which they can.
ASKING = [
    (lifecycle, row, state)
    for lifecycle, row in ROWS
    if issubclass(row.body, QUESTIONS) and lifecycle.kind != "meeting"
    for state in possible_states(lifecycle, row)
]
#: What takes several times as many steps as all else: `make test` has others ask, who are given all of it.
LONG = "improvement"
SET = """
select v.definition from fold.approval_rule r
  join fold.approval_rule_version v on v.record = 'approval_rule/' || r.id
where r.key = %s and v.edition = %s"""
EVENTS = "select type, actor, data from log.event where stream = %s order by position"


def test_every_kind_of_decision_is_asked_for_by_a_row_and_by_a_rule_with_voters() -> None:
    assert set(MATTERS) == {str(kind) for kind in DecisionKind}
    assert {rule.decision for rule in SHIPPED.values()} == set(DecisionKind)
    assert all(rule.definition.voters for rule in SHIPPED.values())
    asking = {*AskBoard.__subclasses__(), *AskDecision.__subclasses__()} - {AskDecision}
    assert {row.body for _, row, _ in ASKING} >= asking


def test_whoever_asks_says_nothing_of_who_decides_and_how() -> None:
    assert AskDecision.model_fields.keys() - Payload.model_fields.keys() == {"question", "due_at"}
    for lifecycle, row, _ in ASKING:
        named = {"role", "group", "persons", "approver", "voters", "rule", "quorum", "chair"}
        assert named.isdisjoint(row.body.model_fields), f"{lifecycle.kind}.{row.name}"


async def kept_apart(search: Search, record: Json, matter: Matter, body: Json) -> set[str]:
    """The ids of those who must not vote on it: for what they did themselves, by the events before the
    question, or for what they proposed and it carries out.
    """
    db, kind = search.world.api.ledger.db, search.lifecycle.kind
    apart: set[str] = set()
    if matter.origins is not None:
        ledger = search.world.api.ledger
        loaded = await load(db, search.lifecycle, record["id"])
        assert loaded is not None
        reads = ReadContext(db, ledger.lifecycles, ledger.directory)
        origins = await matter.origins(reads, loaded.record)
        apart |= {str(person) for person in origins.parties}
    if matter.without_asker:
        apart.add(body["asked_by"]["id"])
    for event in await db.rows(EVENTS, (f"{kind}/{record['id']}",)):
        changed = json.loads(event["data"])["set"]
        if f"decision/{body['id']}" in changed:
            break
        if event["type"] in search.lifecycle.decision_events:
            continue  # the last voter has caused it, and it is the work of none
        actor = event["actor"].removeprefix("person:")
        if event["type"].partition(".")[2] in matter.acts or _made_by(actor, changed, record, matter):
            apart.add(actor)
    return apart


def _made_by(actor: str, changed: Json, record: Json, matter: Matter) -> bool:
    """Whether who did it is an author, or has named themselves."""
    duties = [(f"/{record['id']}", name) for duty in matter.duties for name in duty.fields]
    duties += [(f"{duty.kind}/", duty.field) for duty in matter.child_duties]
    for key, values in changed.items():
        own = key.endswith(f"/{record['id']}") and not set(matter.fields).isdisjoint(values or ())
        if own or key.partition("/")[0] in matter.children:
            return True
        if any(place in key and actor in str((values or {}).get(name)) for place, name in duties):
            return True
    return False


async def least_votes(search: Search, body: Json, voters: set[str]) -> int:
    """How many must have voted by the rules by which it was asked: the most that one of them says. It counts
    all whom the rule names, also those who are left out, and not those who are asked as well.
    """
    asked = voters | {exclusion["person"] for exclusion in body["left_out"]}
    of_board, counts = asked - {IDS[name] for name in ASKED_AS_WELL}, []
    for used in body["rules"]:
        value = await search.world.api.ledger.db.value(SET, (used["rule"], used["edition"]))
        shipped = SHIPPED[used["rule"]].definition
        rule = shipped if value is None else ApprovalRuleDefinition.model_validate(value)
        named = len(of_board if rule.otherwise else asked)
        usual = len(voters) if rule.rule == "unanimous" else named // 2 + 1
        share = usual if rule.quorum_percent is None else ceil(named * rule.quorum_percent / 100)
        counts.append(rule.quorum or share)
    return max(counts)


@each_case(("lifecycle", "row", "state"), ASKING, ids=case_name, by=of_kind, one_of_each=of_kind)
async def test_nobody_decides_about_their_own_and_so_many_decide_as_the_rule_says(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], state: CodeEnum
) -> None:
    for handed_over in (False, True) if WHOLE or lifecycle.kind != LONG else (True,):
        search, questions = Search(world, lifecycle, hands_over=handed_over), 0
        async for record in search.records(state, row):
            for move in search.hand_overs(state) if handed_over else ():
                await search.hand_over(move, record)
            for name in PREREQUISITES.get(row.name, ()):
                if name in lifecycle.by_name:
                    await world.by_rule(lifecycle, lifecycle[name], record)
            clients = search.helpers if handed_over else [search.alone, *search.helpers]
            if await search.one_does(clients, row, record, {}):
                await _is_decided_by_others(search, record)
                questions += 1
                break
        assert questions, "nobody comes so far as to ask"


async def _is_decided_by_others(search: Search, record: Json) -> None:
    """The newest question on the record is put to others than its authors, and decided by enough of them."""
    path, reader = search.at(record), search.world.everybody
    decision = (await reader.read(f"{path}/decisions", limit=200))["items"][-1]
    assert decision["rules"], "it is asked by a rule"
    ballots = (await reader.read(f"{path}/votes", limit=200))["items"]
    voters = {ballot["person"]["id"] for ballot in ballots if ballot["decision_id"] == decision["id"]}
    matter = MATTERS[decision["decision"]]
    apart = await kept_apart(search, record, matter, decision)
    assert voters & apart == set()
    assert not (matter.fields and search.alone.id not in apart), "the one has made some of it"
    left_out = {exclusion["person"] for exclusion in decision["left_out"]}
    assert matter.related is not None or left_out <= apart
    vote = {"decision": decision["id"], "verdict": "approve", "comment": "Go on."}
    if search.alone.id not in voters:
        refused = await search.alone.post(f"{path}/vote", json=vote)
        assert refused.status_code == 403, refused.text
    needed = await least_votes(search, decision, voters)
    assert decision["quorum"] == needed >= 1
    cast: set[str] = set()
    for client in [client for client in (*search.helpers, search.alone) if client.id in voters]:
        if (await reader.read(f"{path}/decisions", limit=200))["items"][-1]["state"] != "open":
            break
        await client.post_ok(f"{path}/vote", vote)
        cast.add(client.id)
    decision_taken = (await reader.read(f"{path}/decisions", limit=200))["items"][-1]
    if decision_taken["state"] != "open":
        assert len(cast) >= needed, "fewer have decided than the rule says"
        assert cast.isdisjoint(apart)
