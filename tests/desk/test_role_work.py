"""The sentence on a role's work states truly what the role sees."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role, RoleGrant
from app.desk.forms.role_work import ROLE_WORK
from app.kernel.access.kinds import RecordKind
from app.kernel.access.visibility import sees_every_record
from app.registry import LIFECYCLES

TICKETS = tuple(lifecycle for lifecycle in LIFECYCLES if lifecycle.is_ticket)
KINDS_BY_PLURAL = {lifecycle.plural: lifecycle for lifecycle in LIFECYCLES}
#: What a sentence states that the role sees all of.
ALL = re.compile(r"sees all ([a-z, ]+?)(?:, but|[;.])")


def sees_all(role: Role, kinds: Iterable[RecordKind[Any]]) -> bool:
    """Return whether the role, held everywhere, shows all records of these kinds."""
    caller = Caller("person:1", UUID(int=1), (RoleGrant(role),))
    return all(sees_every_record(caller, kind, agents_see="teams") for kind in kinds)


@pytest.mark.parametrize("role", Role)
def test_a_role_is_described_to_see_all_records_exactly_as_it_does(role: Role) -> None:
    work = ROLE_WORK[role]
    described = " ".join(ALL.findall(work.en.lower()))
    names = set(re.findall(r"[a-z]+", described))
    assert ("tickets" in names, "查看全部工单" in work.zh) == (sees_all(role, TICKETS),) * 2
    for plural in names & KINDS_BY_PLURAL.keys():
        assert sees_all(role, [KINDS_BY_PLURAL[plural]]), plural
