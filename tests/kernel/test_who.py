"""Who may act, by role and by what they are to the record; and how it is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.kernel.actions import actor_policy as who
from app.kernel.actions.actor_policy import ActorPolicy
from app.log.ids import uuid7
from tests.cases import each_case
from tests.extent import examples

ME, SOMEBODY, TEAM, OTHER_TEAM = uuid7(), uuid7(), uuid7(), uuid7()

#: A relation of one process's own: the record names who presides, and who stands in.
PRESIDING = who.ProcessRelation("presiding", "whoever presides", "主持人", ("chair_id", "stand_in_id"))


def a_caller(*roles: Role | RoleGrant, person: UUID = ME, teams: tuple[UUID, ...] = ()) -> Caller:
    held = tuple(role if isinstance(role, RoleGrant) else RoleGrant(role) for role in roles)
    return Caller(f"person:{person}", person, held, frozenset(teams))


def a_record(**fields: Any) -> Any:
    return SimpleNamespace(**({"requester_id": None, "assignee_id": None, "team_id": None} | fields))


presiding = who.process_relation("presiding", "whoever presides", "主持人", "chair_id", "stand_in_id")
#: A relation that the record does not say: a check of the action does.
invited = who.process_relation("invited", "those who are invited", "受邀人")


@each_case(
    ("allowed", "caller", "record", "may"),
    [
        (who.agent, a_caller(Role.agent), a_record(), True),
        (who.agent, a_caller(Role.engineer), a_record(), False),
        (who.agent, a_caller(), a_record(), False),
        (who.agent, a_caller(RoleGrant(Role.agent, TEAM)), a_record(team_id=TEAM), True),
        (who.agent, a_caller(RoleGrant(Role.agent, TEAM)), a_record(team_id=OTHER_TEAM), False),
        (who.agent, a_caller(RoleGrant(Role.agent, TEAM)), a_record(), False),
        (who.agent | who.engineer, a_caller(Role.engineer), a_record(), True),
        (who.role(Role.management, Role.admin), a_caller(Role.admin), a_record(), True),
        (who.anybody, a_caller(), a_record(), True),
        (who.anybody, a_caller(Role.auditor), a_record(), False),
        (who.anybody, a_caller(Role.auditor, Role.agent), a_record(), True),
        (who.anybody, rule_caller("close_after_agreed_days"), a_record(), False),
        (who.anybody | who.rule, rule_caller("x"), a_record(), True),
        (who.rule, a_caller(Role.admin), a_record(), False),
        (who.agent, rule_caller("x"), a_record(), False),
        (who.reporter, a_caller(), a_record(requester_id=ME), True),
        (who.reporter, a_caller(), a_record(requester_id=uuid7()), False),
        (who.reporter, a_caller(), a_record(), False),
        (who.reporter, a_caller(), object(), False),
        (who.reporter, a_caller(Role.auditor), a_record(requester_id=ME), False),
        (who.reporter, rule_caller("x"), a_record(requester_id=None), False),
        (presiding, a_caller(), a_record(chair_id=ME), True),
        (presiding, a_caller(), a_record(chair_id=SOMEBODY, stand_in_id=ME), True),
        (presiding, a_caller(), a_record(chair_id=SOMEBODY), False),
        (presiding, a_caller(), a_record(), False),
        (presiding, a_caller(Role.auditor), a_record(chair_id=ME), False),
        (presiding, rule_caller("x"), a_record(chair_id=None), False),
        (invited, a_caller(), a_record(), True),
        (invited, rule_caller("x"), a_record(), False),
        (who.assignee, a_caller(), a_record(assignee_id=ME), True),
        (who.assignee, a_caller(), a_record(assignee_id=uuid7()), False),
        (who.assignee, a_caller(teams=(TEAM,)), a_record(team_id=TEAM), True),
        (who.assignee, a_caller(teams=(TEAM,)), a_record(team_id=OTHER_TEAM), False),
        (who.assignee, a_caller(teams=(TEAM,)), a_record(), False),
        (who.assignee, a_caller(teams=(TEAM,)), a_record(team_id=TEAM, assignee_id=uuid7()), False),
        (who.assignee, a_caller(Role.admin), a_record(assignee_id=uuid7()), False),
        (who.assignee | who.agent, a_caller(Role.agent), a_record(assignee_id=uuid7()), True),
        (ActorPolicy(), a_caller(Role.admin), a_record(requester_id=ME, assignee_id=ME), False),
    ],
)
def test_who_may_act(allowed: ActorPolicy, caller: Caller, record: Any, may: bool) -> None:
    assert allowed.allows(caller, record) is may


def test_who_may_act_is_said_in_both_languages() -> None:
    assert who.agent.phrase("en") == "Service desk agent"
    everyone = who.agent | who.engineer | who.assignee
    assert everyone.phrase("en") == "Engineer, Service desk agent or the assignee"
    assert everyone.phrase("zh") == "工程师、服务台坐席、处理人"


PLACES = st.sampled_from([None, TEAM, OTHER_TEAM])
PEOPLE = st.sampled_from([None, ME, SOMEBODY])
HELD = st.builds(
    RoleGrant,
    st.sampled_from([Role.agent, Role.admin, Role.requester, Role.auditor]),
    PLACES,
    st.sampled_from([None, "mail"]),
    st.sampled_from([None, "incident"]),
)
CALLERS = st.builds(
    lambda held, teams, is_rule: Caller(
        f"person:{ME}", None if is_rule else ME, tuple(held), frozenset(teams), is_rule=is_rule
    ),
    st.lists(HELD, max_size=2),
    st.sets(st.sampled_from([TEAM, OTHER_TEAM])),
    st.sampled_from([False, False, False, True]),
)
RECORDS = st.builds(
    SimpleNamespace,
    id=st.sampled_from([ME, SOMEBODY]),
    requester_id=PEOPLE,
    reported_by_id=PEOPLE,
    author_id=PEOPLE,
    assignee_id=PEOPLE,
    chair_id=PEOPLE,
    stand_in_id=PEOPLE,
    person_id=PEOPLE,
    team_id=PLACES,
    service=st.sampled_from([None, "mail", "vpn"]),
    roles=st.sampled_from([None, (), ("agent",), ("admin", "agent")]),
    KIND=st.sampled_from(["incident", "person"]),
)


@given(CALLERS, st.lists(RECORDS, min_size=2, max_size=12))
@example(
    a_caller(RoleGrant(Role.agent)),
    [a_record(id=SOMEBODY, reported_by_id=drafter, requester_id=ME) for drafter in (None, SOMEBODY, ME)],
)
@settings(max_examples=examples(200))
def test_who_stands_alike_may_do_alike(caller: Caller, records: list[Any]) -> None:
    results: dict[Any, list[bool]] = {}
    for record in records:
        may = [
            ActorPolicy(relations=frozenset({relation})).allows(caller, record)
            for relation in (*who.Relation, PRESIDING)
        ]
        may += [who.role(role).allows(caller, record) for role in Role]
        assert results.setdefault(who.policy_cache_key(caller, record, PRESIDING.fields), may) == may


SCOPED = RoleGrant(Role.agent, TEAM)


@given(st.lists(st.tuples(CALLERS, RECORDS), min_size=2, max_size=12))
@example([(a_caller(SCOPED, teams=teams), a_record(id=ME, team_id=TEAM)) for teams in ((), (TEAM,))])
@settings(max_examples=examples(200))
def test_so_may_several_callers_of_the_same_roles(pairs: list[tuple[Caller, Any]]) -> None:
    results: dict[Any, list[bool]] = {}
    for caller, record in pairs:
        may = [
            ActorPolicy(relations=frozenset({relation})).allows(caller, record)
            for relation in (*who.Relation, PRESIDING)
        ]
        assert results.setdefault(who.policy_cache_key(caller, record, PRESIDING.fields), may) == may
