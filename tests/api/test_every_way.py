"""By whatever way one looks (list, count, search, view, record, events, what is expanded, KPI), one finds
what the predicate shows, and nothing that is for staff of what one is not staff for.
"""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.common.keys import parse
from app.common.people import Caller, Role
from app.kernel.access.visibility import can_see, sees_every_record
from app.log.follow import FOLLOW_LIMITS, catch_up
from app.platform.db import connect
from app.processes.incidents.lifecycle import LIFECYCLE
from app.registry import LIFECYCLES_BY_KIND
from app.worker import projections
from tests.client import Api, Client, Json, an_incident
from tests.extent import WHOLE, first_of
from tests.foundation.custom.test_custom_fields import declare

INCIDENTS = "/v1/incidents"
TEAMS = ("alpha", "beta")
SERVICES = ("mail", "vpn", None)
MOST = 8 if WHOLE else 5
#: So many of them are looked at in what stands beside them.
CLOSELY = 3 if WHOLE else 1
#: How somebody may hold a role: everywhere, or for a part; `{alpha}` is the id of the team.
HELD = first_of(
    (
        *("agent", "integration", "incident_manager"),
        *("agent@team/{alpha}", "engineer@service/mail", "agent@process/incident"),
        *("engineer", "auditor", "service_level_manager"),
        *("incident_manager@team/{beta}", "process_owner@service/vpn", "incident_manager@process/incident"),
    ),
    6,
)


class Scene:
    """Incidents of all sorts, each with marks for staff; those who ask."""

    def __init__(self, api: Api, teams: dict[str, str]) -> None:
        self.api, self.teams = api, teams
        self.incidents: list[Json] = []
        self.audiences: dict[str, list[str]] = {}

    async def caller(self, n: int, roles: list[str], member: list[str]) -> tuple[Client, Caller]:
        """Somebody who holds these roles and works in these teams."""
        held = [role.format(**self.teams) for role in roles]
        client = await self.api.client(f"Person {n}", *held, teams=tuple(member))
        # Thousands of answers: that they are as the contract says, other tests look at.
        client.event_hooks = {"response": []}
        parsed = parse(client.token or "")
        assert parsed is not None
        api_key = await self.api.ledger.directory.key(parsed[0])
        assert api_key is not None
        return client, api_key.caller

    def is_staff(self, caller: Caller, incident: Json) -> bool:
        """Whether they may see what is internal to the incident."""
        team = incident["team"] and UUID(incident["team"]["id"])
        return caller.is_staff_for(
            SimpleNamespace(KIND="incident", service=incident["service"], team_id=team)
        )


@pytest.fixture
async def scene(api: Api) -> Scene:
    world = Scene(api, {key: await api.staffed_team(key) for key in TEAMS})
    await declare(api.ledger, "assessment", staff_only=True, filterable=True)
    await declare(api.ledger, "room", filterable=True)
    admin = await api.client("Ada", Role.admin, Role.agent, Role.engineer)
    chance = random.Random(20261120)
    for n in range(MOST):
        incident = an_incident(service=chance.choice(SERVICES), custom={"room": "B 2"})
        path = f"{INCIDENTS}/{(await admin.post_ok(INCIDENTS, incident))['id']}"
        if team := chance.choice((*TEAMS, None)):
            await admin.post_ok(f"{path}/assign", {"team": team})
        await admin.post_ok(f"{path}/comment", {"text": f"secretmark{n} said", "visibility": "internal"})
        await admin.post_ok(f"{path}/log_work", {"minutes": 5, "role_class": f"secretmark{n}"})
        await admin.post_ok(
            f"{path}/book_cost", {"amount": "1.00", "currency": "CNY", "purpose": f"secretmark{n}"}
        )
        assessed = {"custom": {"assessment": f"secretmark{n}"}}
        answer = await admin.patch(path, json=assessed, headers={"If-Match": "*"})
        world.incidents.append(answer.json())
    return world


@st.composite
def drawn(draw: st.DrawFn) -> tuple[list[str], list[str], list[int]]:
    """The roles of somebody, the teams that they work in, and the incidents that they follow."""
    roles = draw(st.lists(st.sampled_from(HELD), max_size=2, unique=True))
    teams = draw(st.lists(st.sampled_from(TEAMS), max_size=1))
    return roles, teams, draw(st.lists(st.integers(0, MOST - 1), max_size=2, unique=True))


def people() -> list[tuple[list[str], list[str], list[int]]]:
    """Each role by itself, and others as they are drawn: the same in every run."""
    groups: list[tuple[list[str], list[str], list[int]]] = [
        ([], [], [0, 1]),
        *(([role], [], []) for role in HELD),
    ]

    @settings(max_examples=6 if WHOLE else 2, database=None, derandomize=True)
    @given(drawn())
    def collect(group: tuple[list[str], list[str], list[int]]) -> None:
        groups.append(group)

    collect()
    return groups


async def test_every_way_shows_the_same_and_nothing_for_staff_to_others(scene: Scene) -> None:
    admin = await scene.api.client("Bo", Role.admin, Role.agent)
    asking = []
    for n, (roles, member, followed) in enumerate(people()):
        client, caller = await scene.caller(n, roles, member)
        for which in followed:
            path = f"{INCIDENTS}/{scene.incidents[which]['id']}"
            await admin.post_ok(f"{path}/follow", {"person": client.id})
        asking.append((client, caller))
    await _followed(scene)
    heads = "select split_part(stream, '/', 2) as id, audience from log.stream_head where kind = 'incident'"
    scene.audiences = {row["id"]: row["audience"] for row in await scene.api.ledger.db.rows(heads)}
    parts = set()
    for client, caller in asking:
        parts.add(await _agrees(scene, client, caller))
    assert {0, MOST} < parts, "some see nothing, some everything, some a part"


async def _followed(scene: Scene) -> None:
    """The index and the facts have followed the log."""
    connection = await connect(scene.api.ledger.db.url, FOLLOW_LIMITS)
    try:
        for consumer in projections(scene.api.ledger):
            await catch_up(connection, consumer)
    finally:
        await connection.close()


async def _agrees(scene: Scene, client: Client, caller: Caller) -> int:
    """How many they see, by every way."""
    texts: list[tuple[str, str]] = []

    async def asked(path: str, **filters: Any) -> Any:
        answer = await client.get(path, params=filters)
        texts.append((path, answer.text))
        return answer

    def visible(incident: Json) -> bool:
        audience = scene.audiences[incident["id"]]
        return can_see(caller, LIFECYCLE, audience, agents_see="teams")

    ids = {incident["id"] for incident in scene.incidents if visible(incident)}
    all_of_it: Json = {"limit": 200, "count": "exact", "expand": "requester,team"}
    queries: list[Json] = [{}, {"q": "mail"}, {"custom.room": "B 2"}, {"view": await _view(client, caller)}]
    for filters in (query for query in queries if None not in query.values()):
        page = (await asked(INCIDENTS, **all_of_it, **filters)).json()
        assert ({item["id"] for item in page["items"]}, page["total"]) == (ids, len(ids)), (caller, filters)
        # Whole is who may be seen by oneself; the rest stays a name.
        for item in page["items"][:1]:
            sees_all = "email" in item["requester"]
            assert (
                (await client.get(f"/v1/persons/{item['requester']['id']}")).status_code == 200
            ) == sees_all
    for n, incident in enumerate(scene.incidents):
        address, status = f"{INCIDENTS}/{incident['id']}", 200 if incident["id"] in ids else 404
        for below in ("", "/events", "/comments", "/works", "/costs")[: 5 if n < CLOSELY else 2]:
            answer = await asked(f"{address}{below}")
            assert answer.status_code in ({status} if status == 404 else {200, 403}), (caller, below)
        of_staff = incident["id"] in ids and scene.is_staff(caller, incident)
        items = (await asked(INCIDENTS, q=f"secretmark{n}", fields="number")).json()["items"]
        assert [item["id"] for item in items] == ([incident["id"]] if of_staff else []), (caller, n)
        by_field = await client.get(INCIDENTS, params={"custom.assessment": f"secretmark{n}", "fields": "id"})
        assert by_field.status_code == (200 if caller.is_staff else 422)
        if caller.is_staff:
            assert [item["id"] for item in by_field.json()["items"]] == [item["id"] for item in items]
        if not of_staff:
            paths_with_text = [
                path for path, text in texts if f'secretmark{n}"' in text or f"secretmark{n} " in text
            ]
            assert paths_with_text == [], (caller, paths_with_text)
    sees_all = sees_every_record(caller, LIFECYCLES_BY_KIND["incident"], agents_see="teams")
    for path in ("/v1/kpis/incidents_opened", "/v1/kpis/incidents_opened/cases"):
        answer = await asked(path)
        assert (answer.status_code != 403) == sees_all, (caller, path)
        assert all(f"secretmark{n}" not in answer.text for n in range(MOST)), "figures hold no words"
    return len(ids)


async def _view(client: Client, caller: Caller) -> str | None:
    """A view of all; None: who only reads saves none."""
    if caller.is_read_only:
        return None
    view = {"name": "All", "kind": "incident", "query": "sort=-opened_at"}
    answer = await client.put(f"/v1/views/{uuid4()}", json=view)
    return str(answer.json()["id"])
