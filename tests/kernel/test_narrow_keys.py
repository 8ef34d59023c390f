"""What is done in person is done with a credential that may use the role by which it is done, or by one for
all that its person may do; the list is of all lifecycles, so that a new action is in it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.common.people import Caller, Role, RoleGrant, is_narrower
from app.common.records import Record
from app.foundation.absences.absences import absence_keeper
from app.foundation.people.keys import calendar_reader
from app.foundation.statements.actions import named_person
from app.kernel.actions.actor_policy import ProcessRelation, Relation
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.log.ids import uuid7
from app.registry import LIFECYCLES
from app.subscriptions.lifecycle import subscriber
from tests.cases import each_case
from tests.every_action.world import case_name

ROLES = [RoleGrant(role) for role in Role if role not in (Role.auditor, Role.admin)]
IN_PERSON = [(lc, row) for lc in LIFECYCLES for row in lc.rows if row.policy.bars_assistants]
#: Relations by which a narrow key does things in person, each with what keeps it within its roles.
BOUNDED = {
    Relation.anybody: "everybody may, who holds nothing, too",
    Relation.reporter: "what requesters do, and every key may do what they do",
    Relation.staff: "the key has a role of staff for the record",
    Relation.voter: "a check asks for the role of the ballot, or for a key for everything",
    Relation.chair: "the same",
    Relation.asker: "a check asks who put the question",
    **dict.fromkeys(named_person.relations, "every key may object to what is said of its person"),
    **dict.fromkeys(calendar_reader.relations, "a check keeps it within the key"),
    **dict.fromkeys(absence_keeper.relations, "a check asks for a key for everything"),
    **dict.fromkeys(subscriber.relations, "it sees no more than the key"),
}


def _theirs(lifecycle: Lifecycle[Any], row: Action[Any, Any], caller: Caller) -> Record:
    """A record of which the caller is everything that its row or a relation asks for."""
    record: Record = lifecycle.record(id=uuid7())
    named = {"requester_id", "author_id", "assignee_id", "person_id", "reported_by_id"}.union(
        *(relation.fields for relation in row.policy.relations if isinstance(relation, ProcessRelation))
    )
    for name in named & type(record).model_fields.keys():
        setattr(record, name, caller.person_id)
    return record


def _callers() -> tuple[Caller, list[tuple[RoleGrant, Caller]]]:
    """Somebody who holds every role but two, and the same with a key narrowed to each single role."""
    person_id = uuid7()
    whole_caller = Caller(f"person:{person_id}", person_id, tuple(ROLES))
    narrow = [
        (
            role,
            Caller(
                whole_caller.actor,
                person_id,
                (role,),
                restricted_to=(role,),
                is_narrowed=is_narrower((role,), ROLES),
            ),
        )
        for role in ROLES
    ]
    return whole_caller, narrow


@each_case(("lifecycle", "row"), IN_PERSON, ids=case_name)
def test_a_key_narrowed_to_one_role_does_in_person_what_that_role_may_and_nothing_by_relation(
    lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    whole_caller, narrow = _callers()
    record = _theirs(lifecycle, row, whole_caller)
    relations = {relation for relation in row.policy.relations if relation.relates(whole_caller, record)}
    for grant, caller in narrow:
        by_role = grant.role in row.policy.roles
        bounded = {relation for relation in relations if relation in BOUNDED}
        allowed = row.policy.allows(caller, record)
        assert not allowed or by_role or any(each.relates(caller, record) for each in bounded), grant
    if relations:
        assert row.policy.allows(whole_caller, record), "with a key for everything they may"


@each_case(("lifecycle", "row"), IN_PERSON, ids=case_name)
def test_a_secret_that_was_replaced_does_nothing_in_person(
    lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    whole_caller, _ = _callers()
    everything = replace(whole_caller, roles=(*ROLES, RoleGrant(Role.admin)))
    record = _theirs(lifecycle, row, everything)
    assert not row.policy.allows(replace(everything, is_superseded=True), record)
    assert not row.policy.roles or row.policy.allows(everything, record), "the newest secret may"


def test_a_key_is_narrow_if_it_lacks_anything_that_its_person_holds() -> None:
    agent, engineer = RoleGrant(Role.agent), RoleGrant(Role.engineer)
    of_team = RoleGrant(Role.agent, team_id=uuid7())
    for to, held, narrow in (
        (None, (agent, engineer), False),
        ((agent,), (agent, engineer), True),
        ((agent, engineer), (engineer,), False),
        ((of_team,), (agent,), True),
        ((agent,), (of_team,), False),
        ((RoleGrant(Role.requester),), (), False),
        ((RoleGrant(Role.requester),), (agent,), True),
        ((RoleGrant(Role.admin),), (agent, RoleGrant(Role.admin)), False),
        ((RoleGrant(Role.admin),), (agent,), True),
    ):
        assert is_narrower(to, held) is narrow, (to, held)
