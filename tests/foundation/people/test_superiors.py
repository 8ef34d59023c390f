"""Who may edit, deactivate and erase whom; and that an administrator is always left."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from app.common.people import Caller, Role, RoleGrant
from app.foundation.people.persons import LIFECYCLE
from app.kernel.actions.actor_policy import superior
from app.log.ids import uuid7
from tests.client import Api, Json
from tests.foundation.people.test_roles import TEAMS, Thing, edited, scopes, subjects

ROLES = st.sampled_from([Role.admin, Role.agent, Role.auditor])
held = st.builds(lambda role, scope: RoleGrant(role, **scope), ROLES, scopes)


@given(
    st.lists(held, max_size=3),
    st.lists(held, max_size=3),
    st.sampled_from(TEAMS),
    st.lists(subjects, max_size=9),
)
def test_whoever_may_act_on_a_person_administers_all_that_the_person_holds(
    callers: list[RoleGrant], theirs: list[RoleGrant], team: object, records: list[Thing]
) -> None:
    caller = Caller("person:x", uuid7(), tuple(callers))
    other = Caller("person:y", uuid7(), tuple(theirs))
    person = SimpleNamespace(
        KIND="person", team_id=team, service=None, roles=[str(their) for their in theirs]
    )
    may = superior.allows(caller, person)
    if may:
        assert caller.has_role(Role.admin, person)
        for record in records:
            holds = any(other.has_role(role, record) for role in (Role.admin, Role.agent, Role.auditor))
            assert not holds or caller.has_role(Role.admin, record)
    if RoleGrant(Role.admin) in callers:
        assert may
    elif RoleGrant(Role.admin) in theirs:
        assert not may


async def test_the_administrator_of_a_team_may_not_act_on_whoever_holds_more_than_they_do(api: Api) -> None:
    team = await api.team("network")
    tied = await api.client("Otto", f"admin@team/{team}")
    everywhere = await api.client("Ada", Role.admin, teams=("network",))
    agent = await api.client("Wang Wei", Role.agent, teams=("network",))
    theirs = await api.client("Zhao", f"agent@team/{team}", teams=("network",))
    head = await api.head()
    for person in (everywhere, agent):
        path = f"/v1/persons/{person.id}"
        patched = await tied.patch(path, json={"department": "None"}, headers={"If-Match": "*"})
        assert patched.status_code == 403
        for action in ("deactivate", "erase"):
            refused = await tied.post(f"{path}/{action}", json={})
            assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), action
    assert await api.head() == head
    assert "an administrator of all their roles" in refused.json()["detail"]
    await edited(tied, f"/v1/persons/{theirs.id}", {"department": "Networks"})
    await tied.post_ok(f"/v1/persons/{theirs.id}/deactivate")
    await everywhere.post_ok(f"/v1/persons/{agent.id}/deactivate")


#: What an administrator of the team may do to whoever holds more, with checks of their own.
OF_ANY_MEMBER = {"join", "grant_role", "revoke_role", "transfer_duties", "hand_over_duties"}


def test_nothing_else_is_done_to_whoever_holds_more() -> None:
    """Each action on a person, so that a new one is in it: bounds and preferences as well as names."""
    team_id = uuid7()
    tied = Caller("person:x", uuid7(), (RoleGrant(Role.admin, team_id=team_id),))
    person = SimpleNamespace(KIND="person", id=uuid7(), team_id=team_id, service=None, roles=["admin"])
    allowed = {row.name for row in LIFECYCLE.rows if not row.opens and row.policy.allows(tied, person)}
    assert allowed == OF_ANY_MEMBER
    person.roles = [f"agent@team/{team_id}"]
    allowed = {row.name for row in LIFECYCLE.rows if not row.opens and row.policy.allows(tied, person)}
    assert allowed >= {"set_preferences", "set_bounds", "edit", *OF_ANY_MEMBER}


async def test_the_last_administrator_cannot_be_removed_by_any_way(api: Api) -> None:
    team = await api.team("network")
    ada = await api.client("Ada", Role.admin)
    otto = await api.client("Otto", Role.admin, f"admin@team/{team}")
    await ada.post_ok(f"/v1/persons/{otto.id}/deactivate")
    path = f"/v1/persons/{ada.id}"
    removals: tuple[tuple[str, Json], ...] = (
        ("revoke_role", {"role": "admin"}),
        ("deactivate", {}),
        ("erase", {}),
    )
    for action, body in removals:
        refused = await ada.post(f"{path}/{action}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "last_admin"), action
    await ada.post_ok(f"/v1/persons/{otto.id}/activate")
    await ada.post_ok(f"{path}/erase")
    refused = await otto.post(f"/v1/persons/{otto.id}/deactivate", json={})
    assert refused.json()["code"] == "last_admin"


async def test_of_two_administrators_who_remove_each_other_at_once_one_stays(api: Api) -> None:
    ada, otto = await api.client("Ada", Role.admin), await api.client("Otto", Role.admin)
    both = await asyncio.gather(
        ada.post(f"/v1/persons/{otto.id}/revoke_role", json={"role": "admin"}),
        otto.post(f"/v1/persons/{ada.id}/deactivate", json={}),
    )
    assert sorted(answer.status_code for answer in both)[0] == 200
    query = "select count(*) from fold.person where 'admin' = any(roles) and state = 'active'"
    assert await api.ledger.db.value(query) == 1


async def test_nobody_is_their_own_superior(api: Api) -> None:
    keeper = await api.client("Keeper", Role.admin)
    first, second = [await api.client(name, Role.agent) for name in ("First", "Second")]

    async def report(person: str, manager: str) -> int:
        edit = keeper.patch(f"/v1/persons/{person}", json={"manager": manager}, headers={"If-Match": "*"})
        return (await edit).status_code

    assert await report(first.id, first.id) == 422
    assert await report(first.id, second.id) == 200
    assert await report(second.id, first.id) == 422
