"""Every reference to a person, a team or a group takes only those who are eligible for its duty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from app.common.duties import BUSINESS_ROLES, DUTY_KINDS, STAFF, GivenDuty
from app.common.people import Grade, PersonKind, Role, rule_caller
from app.common.records import ForeignRef
from app.foundation.people.persons import AddPerson
from app.foundation.people.records import RepresentedSide, TeamKind
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks, part_types
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Json
from tests.every_action.samples import sample, valid_body
from tests.every_action.world import (
    OF_PEOPLE,
    ROWS,
    Row,
    World,
    case_name,
    nearest_first,
    of_decisions,
    of_kind,
    possible_states,
    record_address,
    send,
)
from tests.every_action.world_data import CUSTOMER, GROUP, IDS, TEAM
from tests.people import act, add_person
from tests.selection import covering


def references(model: type[BaseModel], within: str = "") -> Iterator[tuple[str, ForeignRef]]:
    """The references to persons, teams and groups, by their pointers."""
    for name, mark in marks(model, ForeignRef).items():
        if mark.kind in DUTY_KINDS:
            several = "tuple" in str(model.model_fields[name].annotation)
            yield f"{within}/{name}{'/0' if several else ''}", mark
    for name, part in part_types(model).items():
        yield from references(part, f"{within}/{name}/0")


#: Rows in which people name somebody for a duty.
NAMING = [
    (lifecycle, row)
    for lifecycle, row in OF_PEOPLE
    if not of_decisions(row) and any(mark.duty is not GivenDuty.recorded for _, mark in references(row.body))
]


def duties_of(case: Row) -> set[GivenDuty | None]:
    """The duties that the row gives: `make test` tries each once."""
    return {mark.duty for _, mark in references(case[1].body)}


def test_each_reference_in_a_payload_has_its_duty() -> None:
    unmarked = {
        f"{row.body.__name__}{pointer}"
        for _, row in ROWS
        for pointer, mark in references(row.body)
        if mark.duty is None
    }
    assert not unmarked


#: Actions that name somebody for a duty and are not tried here, by why not.
NOT_TRIED = {
    "rules name whom others have named": {"ask_acceptor", "ask_reviewer", "ask", "list_newcomer"},
    "tried where duties are handed over, by the marks of the fields": {"hand_over_duties", "transfer_duties"},
    "tried where a group has lost its members": {"name_acceptance_group"},
}


def test_each_reference_of_the_contract_that_gives_a_duty_is_tried() -> None:
    duties, tried = [
        {
            (lifecycle.kind, row.name)
            for lifecycle, row in rows
            for _, mark in references(row.body)
            if mark.duty is not GivenDuty.recorded
        }
        for rows in (ROWS, NAMING)
    ]
    assert {name for _, name in duties - tried} == {name for names in NOT_TRIED.values() for name in names}


def test_each_duty_that_not_everybody_may_hold_is_tried_with_everybody() -> None:
    assert {duty for duty in GivenDuty if duty.any_of} == {*ELIGIBLE}


def test_duties_name_codes_that_exist() -> None:
    for duty in GivenDuty:
        assert bool(duty.any_of) == bool(duty.because), duty
        for option in duty.any_of:
            roles = () if option.roles == STAFF else option.roles
            assert set(option.sides) <= set(TeamKind)
            assert set(option.grades) <= set(Grade)
            assert set(roles) <= set(Role)
            assert set(option.seats) <= set(RepresentedSide)
            assert any((option.sides, option.grades, option.roles, option.seats))
    assert set(BUSINESS_ROLES) <= set(Role)


async def candidates(world: World) -> dict[str, dict[str, str]]:
    """One of each sort, by kind of record and sort; the same for all cases of a world."""
    if "machine" in IDS:
        return {kind: {name: IDS[name] for name in SORTS[kind]} for kind in DUTY_KINDS}
    ledger = world.api.ledger
    IDS["asker"] = str((await add_person(ledger, "Asker")).id)
    IDS["customer"] = str((await add_person(ledger, "Customer", CUSTOMER)).id)
    senior = await add_person(ledger, "Principal", CUSTOMER, grade=Grade.senior)
    IDS["senior_customer"] = str(senior.id)
    IDS["fitter"] = str((await add_person(ledger, "Fitter", "cabling-co")).id)
    contractor = await add_person(ledger, "Contractor", "cabling-co", roles=(Role.engineer.value,))
    IDS["contractor"] = str(contractor.id)
    IDS["newcomer"] = str((await add_person(ledger, "Newcomer", roles=(Role.engineer.value,))).id)
    inspector = await add_person(ledger, "Inspector", TEAM, roles=(Role.auditor.value,))
    IDS["inspector"] = str(inspector.id)
    leaver = await add_person(ledger, "Leaver", TEAM, roles=(Role.engineer.value,), grade=Grade.management)
    await act(ledger, rule_caller("tests"), "person", "deactivate", leaver.id)
    IDS["leaver"] = str(leaver.id)
    body = AddPerson(name="Monitor", kind=PersonKind.machine, roles=(Role.integration.value,))
    machine = (await act(ledger, rule_caller("tests"), "person", "add", body=body)).record
    IDS["machine"] = str(machine.id)
    IDS["customers"] = IDS.get("customers") or str(await world.api.team("clients", TeamKind.customer))
    IDS["retired"] = str(await world.api.team("dissolved"))
    await act(ledger, rule_caller("tests"), "team", "retire", IDS["retired"])
    group = await world.everybody.post_ok("/v1/groups", {"key": "it-only", "name": "IT alone", "chair": "me"})
    IDS["it_only"] = group["id"]
    await world.everybody.post_ok(
        "/v1/groups/it-only/add_member", {"person": IDS["newcomer"], "side": "operations"}
    )
    return await candidates(world)


#: The sorts of persons, teams and groups that are named.
SORTS: dict[str, tuple[str, ...]] = {
    "person": (
        "asker",
        "customer",
        "senior_customer",
        "fitter",
        "newcomer",
        "contractor",
        "inspector",
        "leaver",
        "machine",
    ),
    "team": ("customers", "supplier", "retired", "team"),
    "group": ("it_only",),
}
#: Who is eligible among the active persons and teams that are no machines, where not all are.
OF_IT = {"newcomer", "contractor"}
#: Whoever is an auditor and nothing else is recorded as having judged, and does no work.
JUDGES = OF_IT | {"inspector"}
ELIGIBLE: dict[GivenDuty, set[str]] = {
    GivenDuty.work: OF_IT,
    GivenDuty.ownership: OF_IT,
    GivenDuty.review: OF_IT,
    GivenDuty.judgement: JUDGES,
    GivenDuty.auditing: {"inspector"},
    GivenDuty.appraisal: JUDGES,
    GivenDuty.award: JUDGES - {"contractor"},
    GivenDuty.representation: OF_IT,
    GivenDuty.process_ownership: {"senior_customer"},
    GivenDuty.step_ownership: OF_IT | {"senior_customer"},
    GivenDuty.scoring: OF_IT,
    GivenDuty.answering: set(),
    GivenDuty.agreement: set(),
    GivenDuty.co_authorship: set(),
    GivenDuty.sponsorship: set(),
    GivenDuty.project_management: set(),
    GivenDuty.chairing: OF_IT | {"asker", "customer", "senior_customer"},
    GivenDuty.convening: OF_IT | {"asker", "customer", "senior_customer"},
    GivenDuty.approval: OF_IT | {"asker", "customer", "senior_customer"},
    GivenDuty.change_request: OF_IT | {"asker", "customer", "senior_customer"},
    GivenDuty.business_voice: {"asker", "customer", "senior_customer"},
    GivenDuty.management_seat: OF_IT,
    GivenDuty.team_work: {"team"},
    GivenDuty.team_handling: {"team"},
    GivenDuty.custom: {"team", "customers"},
    GivenDuty.supply: {"supplier"},
    GivenDuty.group_acceptance: set(),
}


def refusal(kind: str, duty: GivenDuty, sort: str) -> str | None:
    """The code with which naming one of that sort is refused; None: it is not."""
    if sort == "leaver":
        return "person_inactive"
    if sort == "retired":
        return "team_retired"
    if sort == "machine":
        return None if duty is GivenDuty.account else "machine_gets_no_duty"
    if sort in ELIGIBLE.get(duty, {sort}):
        return None
    if duty in (GivenDuty.team_work, GivenDuty.team_handling):
        return "supplier_gets_no_work" if sort == "supplier" else GivenDuty.team_work.because
    return duty.because


def naming(body: Json, pointer: str, named: str) -> Json | None:
    """The body that names this one at the pointer; None: there is no entry that could."""
    first, *rest = pointer.strip("/").split("/")
    # A ticket is escalated to a team or to a person.
    payload = body if body.keys() != {"person", "reason"} else {"reason": body["reason"]}
    if not rest:
        return payload | {first: named}
    if rest == ["0"]:
        return payload | {first: [named]}
    if not payload.get(first):
        return None
    inner = naming(payload[first][0], "/".join(rest[1:]), named)
    return None if inner is None else payload | {first: [inner, *payload[first][1:]]}


@each_case(("lifecycle", "row"), covering(nearest_first(NAMING), duties_of), ids=case_name, by=of_kind)
async def test_a_reference_takes_only_those_who_are_eligible_for_its_duty(
    world: World, lifecycle: Lifecycle[Any], row: Action[Any, Any]
) -> None:
    by_kind = await candidates(world)
    record = await _record(world, (lifecycle, row))
    usual = sample(row)
    if record is not None:
        usual = await valid_body(world.everybody, row, record_address(lifecycle, record))
    wrong = []
    for pointer, mark in references(row.body):
        assert mark.duty is not None
        if mark.duty is GivenDuty.recorded:
            continue
        for sort, named in by_kind[mark.kind].items():
            code = refusal(mark.kind, mark.duty, sort)
            body = naming(usual, pointer, named)
            if code is None or body is None:
                continue
            answer = await send(world.everybody, lifecycle, row, record, body)
            errors = [(error["pointer"], error["code"]) for error in answer.json().get("errors", ())]
            if answer.status_code != 422 or (pointer, code) not in errors:
                wrong.append((pointer, sort, code, answer.status_code, errors or answer.json().get("code")))
    assert not wrong


async def _record(world: World, case: Row) -> Json | None:
    lifecycle, row = case
    return None if row.opens else await world.untouched(lifecycle, possible_states(lifecycle, row)[0], row)


#: Duties that ask their holder for no action, by why not. An auditor may be named to these only.
WITHOUT_ACTION = {
    "what was done or given is recorded": {
        *(GivenDuty.judgement, GivenDuty.auditing, GivenDuty.appraisal, GivenDuty.award),
    },
    "whoever it is does what they may": {GivenDuty.participation, GivenDuty.deputising, GivenDuty.account},
    "checked by the side of the agreement": {GivenDuty.party},
}


def test_whoever_only_reads_is_named_to_nothing_that_asks_them_to_act() -> None:
    without_action = {duty for duties in WITHOUT_ACTION.values() for duty in duties}
    every = {
        mark.duty
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for _, mark in references(row.body)
        if mark.kind == "person" and mark.duty not in (None, GivenDuty.recorded)
    }
    to_auditors = {duty for duty in every if "inspector" in ELIGIBLE.get(duty, {"inspector"})}
    assert to_auditors == without_action


async def test_a_picker_offers_those_who_are_eligible_and_nobody_else(world: World) -> None:
    by_kind = await candidates(world)
    for duty, kind in (
        (GivenDuty.process_ownership, "person"),
        (GivenDuty.approval, "person"),
        (GivenDuty.supply, "team"),
        (GivenDuty.group_acceptance, "group"),
    ):
        query = {"kind": kind, "open": "true", "duty": duty.value}
        items = (await world.everybody.read("/v1/lookup", **query))["items"]
        offered = {item["id"] for item in items}
        for sort, named in by_kind[kind].items():
            assert (named in offered) is (refusal(kind, duty, sort) is None), (duty, sort)
    assert GROUP in {item["key"] for item in items}
