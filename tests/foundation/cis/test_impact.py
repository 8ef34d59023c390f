"""What is touched if a configuration item fails: by hand, and by a plain search over random graphs."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Role
from app.foundation.cis import affected as touched_ones
from app.foundation.cis.impact import IMPACT_DIRECTIONS, ImpactDirection, impact
from app.foundation.cis.records import RelationKind
from app.kernel.ledger import Ledger
from tests.client import Api, Client
from tests.conftest import DatabaseUrls
from tests.extent import examples, in_test_all
from tests.foundation.cis.test_cis import a_ci
from tests.foundation.services.test_catalogue import a_service

#: From, kind, to.
Edge = tuple[int, RelationKind, int]


@pytest.fixture
async def keeper(api: Api) -> Client:
    """A configuration manager."""
    return await api.client("Karin", Role.configuration_manager)


async def related(client: Client, *relations: str) -> None:
    """Relations as `app-1 runs_on srv-1`, between items that are made as they are named."""
    existing: set[str] = set()
    for relation in relations:
        here, kind, target = relation.split()
        for key in {here, target} - existing:
            await a_ci(client, key, services=[f"s-{key}"])
            existing.add(key)
        await client.post_ok(f"/v1/cis/{here}/relate", {"kind": kind, "other": target})


async def touched(client: Client, key: str, **query: int) -> dict[str, tuple[int, str]]:
    """By key, how far off and after what it is touched."""
    answer = await client.read(f"/v1/cis/{key}/impact", **query)
    return {ci["ci"]["key"]: (ci["distance"], ci["via"]["ci"]["key"]) for ci in answer["cis"]}


async def test_failure_spreads_as_each_kind_of_relation_says(keeper: Client) -> None:
    await related(
        keeper,
        "shop runs_on srv",
        "srv connects_to switch",
        "disk part_of srv",
        "shop uses mail",
        "mail depends_on dns",
    )
    assert await touched(keeper, "disk") == {"srv": (1, "disk"), "shop": (2, "srv")}
    assert await touched(keeper, "srv") == {"shop": (1, "srv")}
    assert await touched(keeper, "switch") == {"srv": (1, "switch"), "shop": (2, "srv")}
    assert await touched(keeper, "dns") == {"mail": (1, "dns"), "shop": (2, "mail")}
    assert await touched(keeper, "shop") == {}
    assert await touched(keeper, "dns", depth=1) == {"mail": (1, "dns")}
    services = (await keeper.read("/v1/cis/dns/impact"))["services"]
    assert [(service["key"], service["distance"]) for service in services] == [
        ("s-dns", 0),
        ("s-mail", 1),
        ("s-shop", 2),
    ]


async def test_it_says_which_services_are_touched_and_for_whom_they_are(api: Api, keeper: Client) -> None:
    admin = await api.client("Ada", Role.admin)
    for team in ("finance", "sales", "nobody"):
        await api.team(team)
    await a_service(admin, "s-mail", customers=["sales", "finance"])
    await a_service(admin, "s-shop", customers=["sales"])
    old = await a_service(admin, "s-dns", customers=["nobody"])
    await related(keeper, "shop uses mail", "mail depends_on dns")
    await admin.post_ok(f"/v1/services/{old['id']}/retire")
    answer = await keeper.read("/v1/cis/dns/impact")
    assert [(service["key"], service["distance"]) for service in answer["services"]] == [
        ("s-mail", 1),
        ("s-shop", 2),
    ]
    assert answer["services"][0]["service"]["name_en"] == "s-mail"
    customers = [(customer["customer"]["key"], customer["distance"]) for customer in answer["customers"]]
    assert customers == [("finance", 1), ("sales", 1)], (
        "of several services the nearest counts, none of a retired"
    )
    assert answer["truncated"] is False


async def test_an_owner_who_is_no_staff_hears_of_no_service_that_they_may_not_see(
    api: Api, keeper: Client
) -> None:
    await api.team("sales")
    await api.team("network")
    admin, owner = await api.client("Ada", Role.admin), await api.client("Zhao", teams=("network",))
    body = {"key": "plan", "name_en": "Plan", "name_zh": "计划", "criticality": "low", "owner": "me"}
    await admin.post_ok("/v1/services", body | {"customers": ["sales"]})
    await a_ci(keeper, "srv", services=["plan", "elsewhere"], owner=owner.id)
    answer = await owner.read("/v1/cis/srv/impact")
    assert [(service["key"], service["service"]) for service in answer["services"]] == [
        ("elsewhere", None),
        ("plan", None),
    ]
    assert answer["customers"] == []
    answer = await keeper.read("/v1/cis/srv/impact")
    assert [service["service"] and service["service"]["state"] for service in answer["services"]] == [
        None,
        "proposed",
    ]
    assert [customer["customer"]["key"] for customer in answer["customers"]] == ["sales"]


@in_test_all
async def test_of_very_many_services_the_nearest_are_told(
    keeper: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(touched_ones, "MOST_AFFECTED", 2)
    await related(keeper, "shop uses mail", "mail depends_on dns")
    answer = await keeper.read("/v1/cis/dns/impact")
    assert [service["key"] for service in answer["services"]] == ["s-dns", "s-mail"]
    assert answer["truncated"] is True


async def test_a_circle_ends_where_it_began(keeper: Client) -> None:
    await related(keeper, "a depends_on b", "b depends_on c", "c depends_on a")
    assert await touched(keeper, "a") == {"c": (1, "a"), "b": (2, "c")}


async def test_what_is_retired_is_not_touched_and_passes_nothing_on(keeper: Client) -> None:
    await related(keeper, "app depends_on srv", "srv depends_on net")
    await keeper.post_ok("/v1/cis/srv/retire")
    assert await touched(keeper, "net") == {}


async def test_so_deep_and_no_deeper(keeper: Client) -> None:
    await a_ci(keeper, "srv")
    for depth, status in ((0, 422), (10, 200), (11, 422)):
        assert (await keeper.get("/v1/cis/srv/impact", params={"depth": depth})).status_code == status


def plain(edges: list[Edge], failing: int, depth: int) -> Mapping[int, int]:
    """By item, how far off it is touched: breadth first, one at a time."""
    reached = {failing: 0}
    waiting = [failing]
    for item in waiting:
        if reached[item] == depth:
            continue
        for start, kind, end in edges:
            here, end_reached = (
                (end, start) if IMPACT_DIRECTIONS[kind] is ImpactDirection.to_its_start else (start, end)
            )
            if here == item and end_reached not in reached:
                reached[end_reached] = reached[item] + 1
                waiting.append(end_reached)
    del reached[failing]
    return reached


EDGES = st.lists(
    st.tuples(st.integers(0, 11), st.sampled_from(list(RelationKind)), st.integers(0, 11)), max_size=40
)


def put(owner_url: str, edges: list[Edge]) -> None:
    """Twelve items with these relations, as rows."""
    with psycopg.connect(owner_url) as owner:
        owner.execute("delete from fold.ci_relation")
        owner.execute(
            "insert into fold.ci select lpad(n::text, 32, '0')::uuid, 1, "
            "now(), 'live', 'ci-' || n, 'x', 'server', null, '{}', '{}', now(), null, null, false, 0 "
            "from generate_series(0, 11) as n on conflict do nothing"
        )
        for n, (start, kind, end) in enumerate(sorted(set(edges))):
            owner.execute(
                "insert into fold.ci_relation values (%s, 1, now(), 'x', %s, %s, %s, now())",
                (UUID(int=n), ids(start), kind.value, ids(end)),
            )


def ids(n: int) -> UUID:
    """The id of the item of that number: its decimal digits."""
    return UUID(int=int(str(n), 16))


@given(edges=EDGES, failing=st.integers(0, 11), depth=st.integers(1, 10))
@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_impact_is_what_a_plain_search_finds(
    place: DatabaseUrls, ledger: Ledger, edges: list[Edge], failing: int, depth: int
) -> None:
    put(place.owner_url, edges)
    result = await impact(ledger.db, ids(failing), depth)
    expected = plain(edges, failing, depth)
    assert {row["id"]: row["distance"] for row in result.affected} == {
        ids(n): distance for n, distance in expected.items()
    }
    assert not result.truncated
    few = await impact(ledger.db, ids(failing), depth, most=3)
    assert few.affected == result.affected[:3]
    assert few.truncated is (len(expected) > 3)
    hurried = await impact(ledger.db, ids(failing), depth, most_relations=2)
    if hurried.truncated:
        assert {row["id"] for row in hurried.affected} <= {row["id"] for row in result.affected}
    else:
        assert hurried == result, "what is left out is said"
