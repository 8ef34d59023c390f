"""Who may act, by role and by what they are to the record; and how it is said."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Held, Role, rule
from app.kernel import who
from app.kernel.who import Who
from app.log.ids import uuid7

ME, TEAM, OTHER_TEAM = uuid7(), uuid7(), uuid7()


def a_caller(*roles: Role | Held, person: UUID = ME, teams: tuple[UUID, ...] = ()) -> Caller:
    held = tuple(role if isinstance(role, Held) else Held(role) for role in roles)
    return Caller(f"person:{person}", person, held, frozenset(teams))


def a_record(**fields: Any) -> Any:
    return SimpleNamespace(**({"requester_id": None, "assignee_id": None, "team_id": None} | fields))


@pytest.mark.parametrize(
    ("allowed", "caller", "record", "may"),
    [
        (who.agent, a_caller(Role.agent), a_record(), True),
        (who.agent, a_caller(Role.engineer), a_record(), False),
        (who.agent, a_caller(), a_record(), False),
        (who.agent, a_caller(Held(Role.agent, TEAM)), a_record(team_id=TEAM), True),
        (who.agent, a_caller(Held(Role.agent, TEAM)), a_record(team_id=OTHER_TEAM), False),
        (who.agent, a_caller(Held(Role.agent, TEAM)), a_record(), False),
        (who.agent | who.engineer, a_caller(Role.engineer), a_record(), True),
        (who.role(Role.management, Role.admin), a_caller(Role.admin), a_record(), True),
        (who.anybody, a_caller(), a_record(), True),
        (who.anybody, a_caller(Role.auditor), a_record(), False),
        (who.anybody, a_caller(Role.auditor, Role.agent), a_record(), True),
        (who.anybody, rule("close_after_agreed_days"), a_record(), False),
        (who.anybody | who.rule, rule("x"), a_record(), True),
        (who.rule, a_caller(Role.admin), a_record(), False),
        (who.agent, rule("x"), a_record(), False),
        (who.reporter, a_caller(), a_record(requester_id=ME), True),
        (who.reporter, a_caller(), a_record(requester_id=uuid7()), False),
        (who.reporter, a_caller(), a_record(), False),
        (who.reporter, a_caller(), object(), False),
        (who.reporter, a_caller(Role.auditor), a_record(requester_id=ME), False),
        (who.reporter, rule("x"), a_record(requester_id=None), False),
        (who.assignee, a_caller(), a_record(assignee_id=ME), True),
        (who.assignee, a_caller(), a_record(assignee_id=uuid7()), False),
        (who.assignee, a_caller(teams=(TEAM,)), a_record(team_id=TEAM), True),
        (who.assignee, a_caller(teams=(TEAM,)), a_record(team_id=OTHER_TEAM), False),
        (who.assignee, a_caller(teams=(TEAM,)), a_record(), False),
        (who.assignee, a_caller(teams=(TEAM,)), a_record(team_id=TEAM, assignee_id=uuid7()), False),
        (who.assignee, a_caller(Role.admin), a_record(assignee_id=uuid7()), False),
        (who.assignee | who.agent, a_caller(Role.agent), a_record(assignee_id=uuid7()), True),
        (Who(), a_caller(Role.admin), a_record(requester_id=ME, assignee_id=ME), False),
    ],
)
def test_who_may_act(allowed: Who, caller: Caller, record: Any, may: bool) -> None:
    assert allowed.allows(caller, record) is may


def test_who_may_act_is_said_in_both_languages() -> None:
    assert who.agent.phrase("en") == "Service desk agent"
    everyone = who.agent | who.engineer | who.assignee
    assert everyone.phrase("en") == "Engineer, Service desk agent or the assignee"
    assert everyone.phrase("zh") == "工程师、服务台坐席、受理人"
