"""Who sees what: one record, lists, filters and events agree, and what one may not see does not exist."""

from __future__ import annotations

import random
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.api.listings.filters import WhereClause
from app.api.listings.paging import order_of, page_sql
from app.api.records.shapes import Renderer
from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.kernel.access.visibility import can_see, tokens
from app.kernel.ledger import Ledger
from app.platform.settings import Settings
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.payloads import ReportIncident
from app.processes.incidents.queries import LISTING, IncidentOut
from app.ticketing.followers import FollowTicket
from app.ticketing.work.assignment import AssignTicket
from tests.client import Api, Client, an_incident, serving
from tests.conftest import DatabaseUrls
from tests.extent import WHOLE, first_of
from tests.people import act, add_caller, add_team


async def ids(client: Client, **filters: str) -> set[str]:
    """What the caller's list shows."""
    return {item["id"] for item in (await client.read("/v1/incidents", **filters))["items"]}


async def sees(client: Client, record_id: str) -> bool:
    """Whether the incident exists for the caller: by its id, its events, its list and its filters alike."""
    ways = {
        (await client.get(f"/v1/incidents/{record_id}")).status_code == 200,
        (await client.get(f"/v1/incidents/{record_id}/events")).status_code == 200,
        record_id in await ids(client),
        record_id in await ids(client, state="new,acknowledged,in_progress"),
        (await client.post(f"/v1/incidents/{record_id}/start", json={})).status_code != 404,
    }
    assert len(ways) == 1, "the ways of looking at it do not agree"
    return ways.pop()


async def test_a_requester_sees_only_what_is_theirs(api: Api) -> None:
    await api.team("sales")
    zhao = await api.client("Zhao Min", teams=("sales",))
    colleague = await api.client("Wu Jing", teams=("sales",))
    mine = (await zhao.post_ok("/v1/incidents", an_incident()))["id"]
    assert await sees(zhao, mine)
    assert not await sees(colleague, mine), "not even in the same team"
    assert await ids(colleague, team="sales") == set()


async def test_an_agent_sees_the_desk_and_their_own_teams_and_no_other(api: Api) -> None:
    for team in ("desk", "network", "mail"):
        await api.team(team)
    desk = await api.client("Lin", Role.agent, teams=("desk",))
    network = await api.client("Marta", Role.agent, teams=("network",))
    # Whoever hands it over reads it further: tests/stories/test_handing_over.py.
    beside_desk = await api.client("Kai", Role.agent, teams=("desk",))
    beside_network = await api.client("Emil", Role.agent, teams=("network",))
    zhao = await api.client("Zhao Min")
    record = (await zhao.post_ok("/v1/incidents", an_incident()))["id"]
    assert await sees(desk, record)
    assert await sees(network, record)
    await desk.post_ok(f"/v1/incidents/{record}/assign", {"team": "network"})
    assert not await sees(beside_desk, record)
    assert await sees(network, record)
    assert await ids(beside_desk, team="network") == set()
    # Given to a person of another team, who keeps it in sight.
    await network.post_ok(f"/v1/incidents/{record}/assign", {"person": desk.id, "team": "desk"})
    assert await sees(desk, record)
    assert not await sees(beside_network, record)
    assert await sees(zhao, record)


async def test_an_engineer_sees_their_teams_but_not_the_desk(api: Api) -> None:
    await api.team("network")
    engineer = await api.client("Tomasz", Role.engineer, teams=("network",))
    agent = await api.client("Lin", Role.agent)
    record = (await agent.post_ok("/v1/incidents", an_incident()))["id"]
    assert not await sees(engineer, record)
    await agent.post_ok(f"/v1/incidents/{record}/assign", {"team": "network"})
    assert await sees(engineer, record)


async def test_a_role_for_one_team_shows_that_team_only(api: Api) -> None:
    network = await api.team("network")
    await api.team("mail")
    scoped = await api.client("Tomasz", f"engineer@team/{network}", teams=("network", "mail"))
    agent = await api.client("Lin", Role.agent, teams=("network", "mail"))
    records = {}
    for team in ("network", "mail"):
        records[team] = (await agent.post_ok("/v1/incidents", an_incident()))["id"]
        await agent.post_ok(f"/v1/incidents/{records[team]}/assign", {"team": team})
    assert await sees(scoped, records["network"])
    assert not await sees(scoped, records["mail"]), "though he belongs to that team"


async def test_a_role_for_one_service_shows_and_does_what_is_of_that_service(api: Api) -> None:
    await api.team("network")
    mail = await api.client("Tomasz", "engineer@service/mail")
    agent = await api.client("Lin", Role.agent, teams=("network",))
    records = {}
    for service in ("mail", "vpn", None):
        records[service] = (await agent.post_ok("/v1/incidents", an_incident(service=service)))["id"]
        await agent.post_ok(f"/v1/incidents/{records[service]}/assign", {"team": "network"})
    assert [await sees(mail, record) for record in records.values()] == [True, False, False]
    (shown,) = (await mail.read("/v1/incidents", include="actions"))["items"]
    assert "acknowledge" in shown["actions"]
    await mail.post_ok(f"/v1/incidents/{records['mail']}/acknowledge")


async def test_a_role_for_any_of_its_services_shows_a_change_in_lists_as_on_the_record(api: Api) -> None:
    agent = await api.client("Lin", Role.agent)
    body = {"type": "normal", "title": "Renew the relay", "services": ["mail", "calendar"]}
    change = await agent.post_ok("/v1/changes", body)
    for service, shown in (("mail", True), ("calendar", True), ("vpn", False)):
        engineer = await api.client(f"Tomasz of {service}", f"engineer@service/{service}")
        assert (await engineer.get(f"/v1/changes/{change['id']}")).status_code == (200 if shown else 404)
        answer = await engineer.read("/v1/changes", count="exact")
        assert ([item["id"] for item in answer["items"]], answer["total"]) == (
            ([change["id"]], 1) if shown else ([], 0)
        )


async def test_a_role_for_one_process_is_for_all_records_of_that_process(api: Api) -> None:
    manager = await api.client("Olga", "incident_manager@process/incident")
    agent = await api.client("Lin", "agent@process/incident")
    record = (await (await api.client("Zhao")).post_ok("/v1/incidents", an_incident()))["id"]
    assert await sees(manager, record)
    assert await sees(agent, record)
    (shown,) = (await agent.read("/v1/incidents", include="actions"))["items"]
    assert "acknowledge" in shown["actions"]
    await agent.post_ok(f"/v1/incidents/{record}/acknowledge")
    assert (await manager.get("/v1/kpis/incidents_opened")).status_code == 200
    assert (await agent.get("/v1/kpis/incidents_opened")).status_code == 403


async def test_a_manager_for_one_team_sees_that_teams_tickets(api: Api) -> None:
    mail = await api.team("mail")
    await api.team("network")
    manager = await api.client("Olga", f"incident_manager@team/{mail}")
    agent = await api.client("Lin", Role.agent, teams=("network", "mail"))
    seen = []
    for team in ("mail", "network"):
        record = (await agent.post_ok("/v1/incidents", an_incident()))["id"]
        await agent.post_ok(f"/v1/incidents/{record}/assign", {"team": team})
        seen.append(await sees(manager, record))
    assert seen == [True, False]


async def test_an_integration_sees_what_it_has_reported(api: Api) -> None:
    tool = await api.client("Monitoring", Role.integration)
    other = await api.client("Another tool", Role.integration)
    record = (await tool.post_ok("/v1/incidents", an_incident(channel="monitoring")))["id"]
    assert await sees(tool, record)
    assert not await sees(other, record)


@pytest.mark.parametrize(
    "role",
    first_of([Role.auditor, Role.incident_manager, Role.admin, Role.management, Role.quality_manager], 2),
)
async def test_those_whose_work_is_with_the_whole_see_everything(api: Api, role: Role) -> None:
    await api.team("network")
    overseer = await api.client("Olga", role)
    tied = await api.client("Otto", f"{role}@team/{await api.team('mail')}")
    agent = await api.client("Lin", Role.agent, teams=("network",))
    record = (await agent.post_ok("/v1/incidents", an_incident()))["id"]
    await agent.post_ok(f"/v1/incidents/{record}/assign", {"team": "network"})
    assert await sees(overseer, record)
    assert not await sees(tied, record), "for one team only is not for the whole"


async def test_other_managers_see_what_everybody_sees(api: Api) -> None:
    manager = await api.client("Paula", Role.configuration_manager, Role.knowledge_editor)
    record = (await (await api.client("Zhao")).post_ok("/v1/incidents", an_incident()))["id"]
    assert not await sees(manager, record)


async def test_an_auditor_reads_everything_and_writes_nothing(api: Api) -> None:
    auditor = await api.client("Vera", Role.auditor)
    agent = await api.client("Lin", Role.agent)
    record = await agent.post_ok("/v1/incidents", an_incident(requester=auditor.id))
    record_path = f"/v1/incidents/{record['id']}"
    assert (await auditor.read(record_path))["actions"] == []
    for plural in ("incidents", "persons", "teams", "keys"):
        await auditor.read(f"/v1/{plural}")
    assert len((await auditor.read(f"{record_path}/events"))["items"]) == 1
    head = await api.head()
    for path, body in (
        ("/v1/incidents", an_incident()),
        (f"{record_path}/comment", {"text": "Hm."}),
        (f"{record_path}/cancel", {"reason": "Hm."}),
        ("/v1/teams", {"key": "a", "name": "A"}),
        ("/v1/keys", {"name": "a", "person": "me", "roles": ["admin"]}),
        (f"/v1/persons/{auditor.id}/erase", {}),
    ):
        refused = await auditor.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden"), path
    assert await api.head() == head


async def test_where_agents_see_all_they_see_all_tickets_and_no_more(
    place: DatabaseUrls, tmp_path: Path
) -> None:
    all_tickets = Settings(_env_file=None, agents_see="all")  # type: ignore[call-arg]  # Pydantic's own argument
    async with serving(place.url, tmp_path / "secrets", all_tickets) as api:
        network = await api.staffed_team("network")
        agent = await api.client("Lin", Role.agent)
        engineer = await api.client("Tomasz", Role.engineer)
        tied = await api.client("Otto", f"agent@team/{network}")
        zhao, solver = await api.client("Zhao"), await api.client("Mia", Role.incident_manager)
        record = (await zhao.post_ok("/v1/incidents", an_incident()))["id"]
        await agent.post_ok(f"/v1/incidents/{record}/assign", {"person": solver.id})
        await agent.post_ok(f"/v1/incidents/{record}/assign", {"team": "network"})
        assert await sees(agent, record)
        assert await sees(engineer, record)
        assert await sees(tied, record), "of that team"
        own = await agent.read("/v1/keys")
        assert [key["person"]["id"] for key in own["items"]] == [agent.id], "keys are no tickets"


async def test_persons_are_for_staff_and_keys_for_those_they_stand_for(api: Api) -> None:
    zhao, wu = await api.client("Zhao Min"), await api.client("Wu Jing")
    tool = await api.client("Monitoring", Role.integration)
    agent = await api.client("Lin", Role.agent)
    for outsider in (zhao, tool):
        assert [person["id"] for person in (await outsider.read("/v1/persons"))["items"]] == [outsider.id]
        assert (await outsider.get(f"/v1/persons/{wu.id}")).status_code == 404
    assert len((await agent.read("/v1/persons"))["items"]) == 4
    assert (await agent.read(f"/v1/persons/{wu.id}"))["name"] == "Wu Jing"
    keys = (await agent.read("/v1/keys"))["items"]
    assert [key["person"]["id"] for key in keys] == [agent.id]
    admin = await api.client("Ada", Role.admin)
    foreign = next(k for k in (await admin.read("/v1/keys"))["items"] if k["person"]["id"] == zhao.id)
    assert (await agent.get(f"/v1/keys/{foreign['id']}")).status_code == 404
    assert (await zhao.read(f"/v1/keys/{foreign['id']}"))["id"] == foreign["id"]


# The list and the predicate, on random data

TEAMS = ("alpha", "beta", "gamma")
PEOPLE = 4
#: The place of a team, or any other scope.
SCOPES = (0, 1, 2, "service/mail", "service/vpn", "process/incident", "process/problem")
ROLES = (Role.requester, Role.agent, Role.engineer, Role.incident_manager, Role.problem_manager, Role.auditor)


class Crowd:
    """A ledger with people, teams, and incidents of every combination that visibility looks at."""

    def __init__(self, ledger: Ledger, people: list[Caller], teams: list[UUID]) -> None:
        self.ledger, self.people, self.teams = ledger, people, teams

    def held(self, role: Role, scope: str | int) -> RoleGrant:
        """The role for that scope only."""
        return (
            RoleGrant(role, self.teams[scope])
            if isinstance(scope, int)
            else RoleGrant.parse(f"{role}@{scope}")
        )

    async def report(
        self,
        requester: int,
        service: str | None,
        given_to: tuple[int | None, int | None],
        followed_by: int | None,
    ) -> None:
        body = ReportIncident(**an_incident(service=service))
        done = await act(self.ledger, self.people[requester], "incident", "report", body=body)
        team, person = given_to
        if team is not None or person is not None:
            named = {} if team is None else {"team": str(self.teams[team])}
            named |= {} if person is None else {"person": str(self.people[person].person_id)}
            if team is not None and person is not None:
                named.pop("team" if (team + person) % 2 else "person")
            assigned = AssignTicket.model_validate(named)
            await act(self.ledger, rule_caller("tests"), "incident", "assign", done.record.id, assigned)
        if followed_by is not None:
            follows = FollowTicket(person=str(self.people[followed_by].person_id))
            await act(self.ledger, rule_caller("tests"), "incident", "follow", done.record.id, follows)


@pytest.fixture(scope="module")
async def crowd(crowded: Ledger) -> Crowd:
    teams = [(await add_team(crowded, key)).id for key in TEAMS]
    people = [await add_caller(crowded, f"Person{n}") for n in range(PEOPLE)]
    made = Crowd(crowded, people, teams)
    chance = random.Random(20261120)
    for _ in range(60 if WHOLE else 40):
        given_to = chance.choice([None, 0, 1, 2]), chance.choice([None, None, 0, 1, 2, 3])
        service, follower = (
            chance.choice([None, None, "mail", "vpn"]),
            chance.choice([None, None, 0, 1, 2, 3]),
        )
        await made.report(chance.randrange(PEOPLE), service, given_to, follower)
    return made


callers = st.builds(
    lambda person, roles, member, scopes: (person, roles, member, scopes),
    st.integers(0, PEOPLE - 1),
    st.lists(st.sampled_from(ROLES), max_size=2, unique=True),
    st.lists(st.integers(0, 2), max_size=2, unique=True),
    st.lists(
        st.tuples(st.sampled_from((Role.agent, Role.engineer, Role.admin)), st.sampled_from(SCOPES)),
        max_size=2,
    ),
)


@pytest.mark.parametrize("agents_see", ["teams", "all"])
async def test_listing_and_asking_one_by_one_agree_for_every_caller(crowd: Crowd, agents_see: str) -> None:
    shown: set[int] = set()
    ledger = crowd.ledger
    every = await ledger.db.rows(
        "select r.id, h.audience from fold.incident r "
        "join log.stream_head h on h.stream = 'incident/' || r.id"
    )
    cases: list[Caller] = []

    @settings(max_examples=150 if WHOLE else 60, database=None, derandomize=True)
    @given(callers)
    def collect(drawn: tuple[int, list[Role], list[int], list[tuple[Role, str | int]]]) -> None:
        person, roles, member, scopes = drawn
        held = [RoleGrant(role) for role in roles] + [crowd.held(role, scope) for role, scope in scopes]
        me = crowd.people[person]
        teams = frozenset(crowd.teams[team] for team in member)
        cases.append(Caller(me.actor, me.person_id, tuple(held), teams))

    collect()
    changed = ledger.settings.model_copy(update={"agents_see": agents_see})
    before, ledger.settings = ledger.settings, changed
    try:
        for caller in cases:
            renderer = Renderer(ledger, LIFECYCLE, IncidentOut, caller, "en")
            where = WhereClause()
            query = page_sql(renderer, where, order_of(LISTING, "-opened_at"), 1000)
            listed = [row["id"] for row in await ledger.db.rows(query, where.parameters)]
            allowed = {
                r["id"] for r in every if can_see(caller, LIFECYCLE, r["audience"], agents_see=agents_see)
            }
            assert len(listed) == len(set(listed))
            assert set(listed) == allowed, (caller.roles, sorted(tokens(caller, LIFECYCLE)))
            shown.add(len(allowed))
    finally:
        ledger.settings = before
    assert len(shown) > 10, "the callers differ in what they see"


async def test_a_ticket_of_a_service_that_no_team_has_yet_is_the_desks(api: Api) -> None:
    desk = await api.client("Lin", Role.agent)
    zhao = await api.client("Zhao Min")
    record = (await zhao.post_ok("/v1/incidents", {**an_incident(), "service": "mail"}))["id"]
    assert await sees(desk, record)


async def test_api_keys_are_seen_by_administrators_auditors_and_whom_they_stand_for(api: Api) -> None:
    manager = await api.client("Marta", Role.management)
    admin = await api.client("Ada", Role.admin)
    auditor = await api.client("Ines", Role.auditor)
    all_keys = {item["id"] for item in (await admin.read("/v1/keys"))["items"]}
    assert len(all_keys) == 3
    assert {item["id"] for item in (await auditor.read("/v1/keys"))["items"]} == all_keys
    own = (await manager.read("/v1/keys"))["items"]
    assert [item["person"]["name"] for item in own] == ["Marta"]
