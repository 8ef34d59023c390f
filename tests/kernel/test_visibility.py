"""Who may see a record: tokens that a caller can show against those that a record asks for."""

from __future__ import annotations

from itertools import combinations_with_replacement, product
from typing import Any

from app.common.people import OVERSIGHT_ROLES, STAFF_ROLES, Caller, Role, RoleGrant, rule_caller
from app.common.records import ChildRecord, empty
from app.foundation.statements.records import PersonStatement
from app.kernel.access.visibility import ROW_TOKENS, can_see, sees_every_record, staff_condition, tokens
from app.kernel.ledger import Ledger
from app.log.ids import uuid7
from app.processes.incidents.records import Incident
from app.registry import LIFECYCLES_BY_KIND
from tests.cases import each_case
from tests.kernel.test_who import ME, OTHER_TEAM, TEAM, a_caller

INCIDENTS = LIFECYCLES_BY_KIND["incident"]
PERSONS = LIFECYCLES_BY_KIND["person"]
MINE = f"person:{ME}"


@each_case(
    ("caller", "shown"),
    [
        (a_caller(), {"everybody", MINE}),
        (a_caller(teams=(TEAM,)), {"everybody", MINE}),
        (a_caller(Role.requester, teams=(TEAM,)), {"everybody", MINE}),
        (a_caller(Role.integration, teams=(TEAM,)), {"everybody", MINE}),
        (a_caller(Role.engineer, teams=(TEAM,)), {"everybody", MINE, "staff", f"team:{TEAM}"}),
        (a_caller(Role.agent, teams=(TEAM,)), {"everybody", MINE, "staff", f"team:{TEAM}", "desk"}),
        (a_caller(Role.agent), {"everybody", MINE, "staff", "desk"}),
        (
            a_caller(RoleGrant(Role.engineer, TEAM), teams=(OTHER_TEAM,)),
            {"everybody", MINE, "staff", f"team:{TEAM}"},
        ),
        (
            a_caller(RoleGrant(Role.engineer, TEAM), Role.agent, teams=(OTHER_TEAM,)),
            {"everybody", MINE, "staff", f"team:{TEAM}", f"team:{OTHER_TEAM}", "desk"},
        ),
        (
            a_caller(RoleGrant(Role.engineer, service="mail"), teams=(OTHER_TEAM,)),
            {"everybody", MINE, "staff", "service:mail"},
        ),
        (
            a_caller(RoleGrant(Role.agent, process="incident"), teams=(TEAM,)),
            {"everybody", MINE, "staff", f"team:{TEAM}", "desk"},
        ),
        (a_caller(RoleGrant(Role.agent, process="problem"), teams=(TEAM,)), {"everybody", MINE, "staff"}),
        (
            a_caller(RoleGrant(Role.incident_manager, TEAM)),
            {"everybody", MINE, "staff", f"team:{TEAM}", f"overseer:{TEAM}"},
        ),
        (
            a_caller(RoleGrant(Role.problem_manager, TEAM)),
            {"everybody", MINE, "staff", f"team:{TEAM}", f"overseer:{TEAM}"},
        ),
        (a_caller(Role.knowledge_editor, teams=(TEAM,)), {"everybody", MINE, "staff"}),
        (rule_caller("x"), {"everybody", "staff"}),
    ],
)
def test_the_tokens_that_a_caller_can_show(caller: Caller, shown: set[str]) -> None:
    assert tokens(caller, INCIDENTS) - {f"{kind}:{ME}" for kind in ROW_TOKENS} == shown


@each_case("role", list(Role))
def test_who_sees_every_incident(role: Role) -> None:
    everywhere = a_caller(role, teams=(TEAM,))
    managers = {Role.incident_manager, Role.problem_manager, Role.change_manager}
    always = role in OVERSIGHT_ROLES | managers
    works = role in {Role.agent, Role.engineer}
    assert sees_every_record(everywhere, INCIDENTS, agents_see="teams") is always
    assert sees_every_record(everywhere, INCIDENTS, agents_see="all") is (always or works)
    for held in (RoleGrant(role, TEAM), RoleGrant(role, service="mail"), RoleGrant(role, process="problem")):
        scoped = a_caller(held, teams=(TEAM,))
        assert not sees_every_record(scoped, INCIDENTS, agents_see="teams")
        assert not sees_every_record(scoped, INCIDENTS, agents_see="all")
    of_the_process = a_caller(RoleGrant(role, process="incident"))
    for agents_see in ("teams", "all"):
        assert sees_every_record(of_the_process, INCIDENTS, agents_see=agents_see) is sees_every_record(
            everywhere, INCIDENTS, agents_see=agents_see
        )


def test_that_agents_see_all_tickets_does_not_show_them_more_of_persons_and_keys() -> None:
    for kind in ("person", "key", "team"):
        assert not sees_every_record(a_caller(Role.agent), LIFECYCLES_BY_KIND[kind], agents_see="all")


def test_a_rule_sees_everything() -> None:
    assert sees_every_record(rule_caller("x"), INCIDENTS, agents_see="teams")
    assert can_see(rule_caller("x"), PERSONS, [], agents_see="teams")


@each_case(
    ("caller", "audience", "may"),
    [
        (a_caller(), [MINE], True),
        (a_caller(), [f"person:{uuid7()}"], False),
        (a_caller(), [], False),
        (a_caller(), ["everybody"], True),
        (a_caller(), ["staff"], False),
        (a_caller(Role.integration), ["staff"], False),
        (a_caller(Role.knowledge_editor), ["staff"], True),
        (a_caller(teams=(TEAM,)), [f"team:{TEAM}"], False),
        (a_caller(Role.engineer, teams=(TEAM,)), [f"team:{TEAM}"], True),
        (a_caller(Role.engineer, teams=(OTHER_TEAM,)), [f"team:{TEAM}"], False),
        (a_caller(Role.agent), ["desk"], True),
        (a_caller(Role.engineer), ["desk"], False),
        (a_caller(Role.incident_manager), [], True),
        (a_caller(Role.problem_manager), [], True),
        (a_caller(Role.change_manager), [], True),
        (a_caller(Role.configuration_manager), [], False),
        (a_caller(Role.auditor), [], True),
    ],
)
def test_who_may_see_an_incident_with_that_audience(caller: Caller, audience: list[str], may: bool) -> None:
    assert can_see(caller, INCIDENTS, audience, agents_see="teams") is may


def test_everybody_who_works_here_is_staff_and_nobody_else() -> None:
    assert {role for role in Role if a_caller(role).is_staff} == STAFF_ROLES
    assert Role.requester not in STAFF_ROLES
    assert Role.integration not in STAFF_ROLES


@each_case("role", list(Role))
def test_staff_see_what_is_internal_where_they_hold_their_role(role: Role) -> None:
    theirs, another, nobodys = (empty(Incident, uuid7()) for _ in range(3))
    theirs.team_id, another.team_id = TEAM, OTHER_TEAM
    staff = role in STAFF_ROLES
    for record in (theirs, another, nobodys):
        assert a_caller(role).is_staff_for(record) is staff
        assert rule_caller("x").is_staff_for(record)
    scoped = a_caller(RoleGrant(role, TEAM), teams=(OTHER_TEAM,))
    visible = [scoped.is_staff_for(record) for record in (theirs, another, nobodys)]
    assert visible == [staff, False, False]
    another.service = "mail"
    of_the_service = a_caller(RoleGrant(role, service="mail"))
    visible = [of_the_service.is_staff_for(record) for record in (theirs, another, nobodys)]
    assert visible == [False, staff, False]
    assert a_caller(RoleGrant(role, process="incident")).is_staff_for(nobodys) is staff
    assert not a_caller(RoleGrant(role, process="problem")).is_staff_for(nobodys)


SCOPES = (
    None,
    RoleGrant(Role.engineer, TEAM),
    RoleGrant(Role.agent, OTHER_TEAM),
    RoleGrant(Role.engineer, service="mail"),
)
OTHERS = (
    RoleGrant(Role.agent, process="incident"),
    RoleGrant(Role.agent, process="problem"),
    RoleGrant(Role.requester, TEAM),
    RoleGrant(Role.auditor),
)


@each_case("held", [*combinations_with_replacement(SCOPES, 2), *product(SCOPES, OTHERS)])
async def test_the_condition_for_what_is_internal_is_what_a_caller_is_staff_for(
    ledger: Ledger, held: tuple[RoleGrant | None, ...]
) -> None:
    caller = a_caller(*filter(None, held))
    records = [empty(Incident, uuid7()) for _ in range(6)]
    for record, (team, service) in zip(
        records, product((None, TEAM, OTHER_TEAM), (None, "mail")), strict=True
    ):
        record.team_id, record.service = team, service
    parameters: dict[str, Any] = {
        "ids": [record.id for record in records],
        "teams": [record.team_id for record in records],
        "services": [record.service for record in records],
    }

    def bind(value: Any) -> str:
        parameters[f"p{len(parameters)}"] = value
        return f"%(p{len(parameters) - 1})s"

    condition = staff_condition(caller, INCIDENTS, bind)
    rows = await ledger.db.rows(
        "select r.id from unnest(%(ids)s::uuid[], %(teams)s::uuid[], %(services)s::text[]) "
        f"as r(id, team_id, service) where {condition}",
        parameters,
    )
    assert {row["id"] for row in rows} == {r.id for r in records if caller.is_staff_for(r)}


def test_statements_of_people_share_their_token_with_no_other_rows() -> None:
    """A statement that is removed must not hide the record from its followers, nor stand for following it."""
    lifecycles = [each for each in LIFECYCLES_BY_KIND.values() if PersonStatement in each.children]
    assert lifecycles
    for lifecycle in lifecycles:
        children = set(lifecycle.children) - {PersonStatement}
        kinds = {other.AUDIENCE_KIND for other in children if issubclass(other, ChildRecord)}
        assert PersonStatement.AUDIENCE_KIND not in kinds, lifecycle.kind
