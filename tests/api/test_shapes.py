"""What is open to a caller in a list, where it is worked out for all records of it at once."""

from __future__ import annotations

from itertools import product
from typing import Any
from uuid import UUID

import pytest

from app.api.records.columns import Columns
from app.api.records.shapes import Renderer
from app.common.people import Caller, Role, RoleGrant
from app.processes.incidents.queries import LISTING as INCIDENTS
from app.processes.problems.queries import LISTING as PROBLEMS
from app.processes.requests.queries import LISTING as REQUESTS

ME, OTHER, MY_TEAM, OTHER_TEAM = (UUID(int=n) for n in range(1, 5))
CALLERS = {
    "for a team": (RoleGrant(Role.agent, team_id=MY_TEAM), RoleGrant(Role.engineer, team_id=MY_TEAM)),
    "for a service": (RoleGrant(Role.agent, service="mail"), RoleGrant(Role.engineer, service="mail")),
    "for nobody else": (RoleGrant(Role.requester),),
}


@pytest.mark.parametrize("roles", CALLERS.values(), ids=CALLERS)
@pytest.mark.parametrize("listing", [INCIDENTS, REQUESTS, PROBLEMS], ids=lambda value: value.lifecycle.kind)
def test_what_is_open_in_a_list_is_what_is_open_of_each_record_by_itself(
    listing: Any, roles: tuple[RoleGrant, ...]
) -> None:
    caller = Caller("person:me", ME, roles=roles, teams=frozenset({MY_TEAM}), team_id=MY_TEAM)
    # What is open in lists depends on the state and on who is who alone.
    renderer = Renderer(None, listing.lifecycle, listing.shape, caller, "en")  # type: ignore[arg-type]  # not asked
    persons, teams = (None, ME, OTHER), (None, MY_TEAM, OTHER_TEAM)
    rows = list(product(listing.lifecycle.states, persons, persons, teams, (None, "mail"), (False, True)))
    names = ("state", "requester", "assignee", "team", "service", "looks_on")

    def open_to(some: list[Any]) -> list[Any]:
        columns: Columns = dict(zip(names, zip(*some, strict=True), strict=True))
        ids = {
            name: [value and value.int for value in columns[name]]
            for name in ("requester", "assignee", "team")
        }
        return [part.value for part in renderer._actions(columns, ids, columns.pop("looks_on"))]

    together = open_to(rows)
    assert together == [value for row in rows for value in open_to([row])]
    assert len({str(value) for value in together}) > 1, "not all is open in every one"
