"""What a record shows as open to somebody is taken from them, if they send what the schema permits."""

from __future__ import annotations

import ast
import inspect
from textwrap import dedent
from typing import Any
from uuid import UUID

from app.common.people import Caller, Person, Role, RoleGrant
from app.common.records import CodeEnum, ForeignRef
from app.foundation.people.succession.handing_over import hand_over_duties
from app.kernel.access.reads import load
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks
from app.kernel.actions.refusals import CALLER_CHECKS, Refusal, WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.offers import NOTHING_TO_CHOOSE, offers, required_children
from app.kernel.commands.perform import decide_command
from app.kernel.visible_records import is_visible
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Json
from tests.every_action.samples import sample, valid_body
from tests.every_action.world import (
    DYNAMIC_RELATIONS,
    IN_STATE,
    World,
    case_name,
    of_kind,
    record_address,
)
from tests.every_action.world import _steps_to_states as steps_to_states
from tests.extent import WHOLE
from tests.people import context
from tests.selection import covering

#: `make test` leaves what is reached only after so many steps to the stories of the processes.
FAR = 2
#: Refusals that depend on what the payload names, which the sample cannot choose better.
OF_SAMPLE = frozenset({"being_decided", "before_it_was_added", "unknown_reference"})
#: Nobody has left here, and these replace only people who have.
OF_LEAVERS = {hand_over_duties.__name__}
OF_THE_ACTIVE = {"finding"}
#: What a route computes before the command, which is sent directly here.
COMPUTED = "neither command nor a prepare of its row gives"
StateOf = tuple[Lifecycle[Any], CodeEnum]


def asked_of_rows(case: StateOf) -> list[str]:
    """What is open there to whom child rows name, or by what child rows there are."""
    lifecycle, state = case
    if steps_to_states(lifecycle.kind).get(state, FAR) >= FAR and not WHOLE:
        return []
    return [
        row.name
        for row in lifecycle.rows
        if row.is_open_in(state) and (row.policy.relations & DYNAMIC_RELATIONS or required_children(row))
    ]


#: By `make test` a state for each of these actions.
CASES = covering([case for case in IN_STATE if WHOLE or asked_of_rows(case)], asked_of_rows)


def caller_of(world: World, person: Person, role: Role) -> Caller:
    """The person with that role, and nothing else."""
    team = UUID(world.team_id)
    roles = (RoleGrant(role),)
    return Caller(f"person:{person.id}", person.id, roles, teams=frozenset({team}), team_id=team)


#: What refuses by fields of the record is shown at these fields, once the action is tried.
SAYS_WHAT_TO_FILL_IN = {
    *("change_incomplete", "consent_needed", "has_open_work", "outlives_credential"),
    "emergency_wanted_late",
    *("standard_without_items", "text_missing", "too_many_revisions"),
}
#: What a check reads of the context that depends on the payload.
OF_PAYLOAD = {"input", "prepared", "prepared_if_any", "ref", "refs", "required_ref"}


def reads_payload(check: Any) -> bool:
    """Whether the check reads the payload, or hands it or the context on."""
    function = ast.parse(dedent(inspect.getsource(check))).body[0]
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef), check
    body, ctx = (argument.arg for argument in function.args.args[2:])
    names = [node.id for node in ast.walk(function) if isinstance(node, ast.Name)]
    of_context = [
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == ctx
    ]
    return body in names or names.count(ctx) > len(of_context) or not OF_PAYLOAD.isdisjoint(of_context)


def test_what_no_payload_can_change_closes_the_action() -> None:
    """A check that looks at nothing of the payload is asked before an action is shown as open."""
    asked_too_late = {
        check.__name__
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for check in row.checks.wrong
        if inspect.isfunction(check) and not row.opens
        if check not in CALLER_CHECKS and not reads_payload(check)
    }
    assert asked_too_late == SAYS_WHAT_TO_FILL_IN


#: Refusals of the record that a payload can avoid: by whom, what or which time it names, or by a reason.
AVOIDED_BY_PAYLOAD = {
    *("access_not_requested", "change_not_approved", "holds_no_duty", "not_on_review_side"),
    *("nothing_differs", "nothing_has_changed", "not_publishable", "optimised_too_early"),
    *("process_is_frozen", "proposal_was_rewritten", "results_of_other_targets", "role_already_held"),
    *("role_not_held", "side_already_reviewed", "targets_changed_meanwhile", "already_issued"),
    *("checked_it", "gap_beneath", "statement_of_another"),
    # What a route computes beforehand; of the steps, `no_step_to_complete` and `no_later_step` are asked.
    *("nothing_to_transfer", "not_the_step_owner", "step_out_of_order"),
}


def raises_refusal(check: Any) -> bool:
    """Whether the check raises a refusal of its own, and not only of values of the payload."""
    return any(
        isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and isinstance(node.exc.func, ast.Name)
        and node.exc.func.id not in ("WrongValue", "AssertionError")
        for node in ast.walk(ast.parse(dedent(inspect.getsource(check))))
    )


def refuses_record(check: Any) -> bool:
    """Whether the check refuses by a code of its own, and not only values of the payload."""
    return raises_refusal(check) or any(
        isinstance(node, ast.Return) and any(isinstance(n, ast.Constant) and n.value for n in ast.walk(node))
        for node in ast.walk(ast.parse(dedent(inspect.getsource(check))))
    )


def test_a_refusal_of_the_record_is_asked_before_its_action_is_shown() -> None:
    """It is a `caller_check`, so that nobody is shown as open what no payload of theirs would open."""
    asked_too_late = {
        check.__name__
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for check in row.checks.wrong
        if not row.opens and row.policy.relations | row.policy.roles != {Relation.rule}
        if inspect.isfunction(check) and check not in CALLER_CHECKS and refuses_record(check)
    }
    assert asked_too_late == AVOIDED_BY_PAYLOAD


def test_a_preparation_that_refuses_the_record_is_asked_before_its_action_is_shown() -> None:
    """One that looks at nothing of the payload is a `caller_check`, too."""
    asked_too_late = {
        f"{lifecycle.kind}.{row.name}: {prepare.__name__}"
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for prepare in row.checks.prepare
        if not row.opens and row.policy.relations | row.policy.roles != {Relation.rule}
        if inspect.isfunction(prepare) and prepare not in CALLER_CHECKS
        if raises_refusal(prepare) and not reads_payload(prepare)
    }
    assert asked_too_late == set()


@each_case(("lifecycle", "state"), CASES, ids=case_name, by=of_kind)
async def test_what_is_open_is_taken(world: World, lifecycle: Lifecycle[Any], state: CodeEnum) -> None:
    record = await world.standing(lifecycle, state)
    refusals: set[str] = set()
    for row, caller in await open_to(world, lifecycle, record):
        if row.name in OF_LEAVERS and lifecycle.kind not in OF_THE_ACTIVE:
            refusals.add(f"{row.name}: nobody has left")
        elif WHOLE or row.name in asked_of_rows((lifecycle, state)):
            refusal = await refusal_of(world, lifecycle, row, record, caller)
            refusals |= {f"{row.name}: {refusal}"} if refusal else set()
    assert refusals == set()


async def open_to(
    world: World, lifecycle: Lifecycle[Any], record: Json
) -> list[tuple[Action[Any, Any], Caller]]:
    """What is open to the three, each once with the first of the roles to which it is: in `make test-all`
    with each of them, and to those whom the record names, without a role.
    """
    ledger = world.api.ledger
    loaded = await load(ledger.db, lifecycle, record["id"])
    assert loaded is not None
    offered: dict[tuple[str, UUID, Role | None], tuple[Action[Any, Any], Caller]] = {}
    for person in (world.reporter, world.assignee, world.colleague):
        for role in Role:
            caller = caller_of(world, person, role)
            if is_visible(ledger, lifecycle, caller, loaded.audience):
                for offer in await offers(ledger, lifecycle, loaded, context(caller)):
                    if offer.because is None:
                        key = (offer.action.name, person.id, role if WHOLE else None)
                        offered.setdefault(key, (offer.action, caller))
    for person_id in named_in(loaded.record) if WHOLE else ():
        caller = Caller(f"person:{person_id}", person_id)
        if is_visible(ledger, lifecycle, caller, loaded.audience):
            for offer in await offers(ledger, lifecycle, loaded, context(caller)):
                if offer.because is None:
                    offered.setdefault((offer.action.name, person_id, None), (offer.action, caller))
    return list(offered.values())


def named_in(record: Any) -> list[UUID]:
    """The people whom fields of the record name."""
    fields = marks(type(record), ForeignRef).items()
    named = [getattr(record, name) for name, mark in fields if mark.kind == "person"]
    return [person for person in dict.fromkeys(named) if isinstance(person, UUID)]


async def refusal_of(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json, caller: Caller
) -> str | None:
    """The code of the refusal, if it is none of the sample alone."""
    code = NOTHING_TO_CHOOSE if required_children(row) else None
    for sent in await bodies_for(world, lifecycle, row, record):
        command = Command(lifecycle, row, record["id"], row.body.model_validate(sent), context(caller))
        try:
            await decide_command(world.api.ledger, command)
            return None
        except WrongValue as error:
            # Without a pointer the refusal is about the record, whatever is sent.
            is_of_record = not error.pointer or required_children(row)
            code = error.because if is_of_record and error.because not in OF_SAMPLE else None
        except Refusal as error:
            code = None if error.code in OF_SAMPLE else error.code
        except AssertionError as error:
            if COMPUTED not in str(error):
                raise
    return code


async def bodies_for(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any], record: Json
) -> list[Json]:
    """What can be sent: with each of the child records that there are, if it names one."""
    named = required_children(row)
    if len(named) == 1:
        ((name, mark),) = named.items()
        query = f"select {mark.by} as key from fold.{mark.row.KIND} where record = %s order by {mark.by}"
        rows = await world.api.ledger.db.rows(query, (f"{lifecycle.kind}/{record['id']}",))
        return [{**sample(row), name: child["key"]} for child in rows]
    try:
        return [await valid_body(world.everybody, row, record_address(lifecycle, record))]
    except (AssertionError, IndexError, Refusal):
        return []
