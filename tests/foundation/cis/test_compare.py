"""What became of items between two states of the log: told by folding histories, here by plain reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Role
from tests.client import Api, Client, Json
from tests.extent import examples, in_test_all
from tests.foundation.cis.test_cis import a_ci, refused

FIELDS = ("name", "state", "services")


@pytest.fixture
async def keeper(api: Api) -> Client:
    """A configuration manager."""
    return await api.client("Karin", Role.configuration_manager)


async def compared(client: Client, before: str | int, after: str | int, **more: Any) -> dict[str, Json]:
    """By key, what became of each item, from all pages."""
    body = {"from": str(before), "to": str(after), **more}
    pages = await client.pages("/v1/cis/compare", **body)
    return {difference["ci"]["key"]: difference for page in pages for difference in page}


async def test_what_was_added_removed_and_changed_since_a_baseline_is_told(api: Api, keeper: Client) -> None:
    for key in ("srv-1", "srv-2", "net-1"):
        await a_ci(keeper, key, services=["mail"], attributes={"gib": 1, "os": "x"})
    record = await keeper.post_ok("/v1/baselines", {"key": "first", "name": "The first"})
    assert (record["state"], record["position"]) == ("taken", await api.head() - 1)
    await keeper.post_ok(
        "/v1/cis/srv-1/change_attributes", {"attributes": {"gib": 2, "os": None, "rack": "7"}}
    )
    await keeper.post_ok("/v1/cis/srv-1/relate", {"kind": "connects_to", "other": "net-1"})
    await keeper.post_ok("/v1/cis/srv-2/retire")
    await a_ci(keeper, "srv-3")
    differences = await compared(keeper, "first", await api.head())
    assert {key: difference["difference"] for key, difference in differences.items()} == {
        "srv-1": "changed",
        "srv-2": "removed",
        "srv-3": "added",
    }
    assert differences["srv-1"]["fields"] == [
        {"field": "attributes.gib", "old": 1, "new": 2},
        {"field": "attributes.os", "old": "x", "new": None},
        {"field": "attributes.rack", "old": None, "new": "7"},
    ]
    (relation,) = differences["srv-1"]["relations_added"]
    assert (relation["kind"], relation["other"]["key"]) == ("connects_to", "net-1")
    back = await compared(keeper, await api.head(), record["id"])
    assert back["srv-1"]["relations_removed"] == [relation]
    assert (back["srv-2"]["difference"], back["srv-3"]["difference"]) == ("added", "removed")


@in_test_all
async def test_a_baseline_has_the_items_that_it_names_or_those_of_a_class_or_service(keeper: Client) -> None:
    await a_ci(keeper, "srv-1", services=["mail"])
    await a_ci(keeper, "srv-2", services=["web"])
    await a_ci(keeper, "db-1", ci_class="database", services=["mail"])
    for key, scope in (
        ("all", {}),
        ("servers", {"ci_classes": ["server"]}),
        ("mail", {"services": ["mail"]}),
        ("one", {"cis": ["srv-2"]}),
        ("nothing", {"ci_classes": ["server"], "cis": ["db-1"]}),
    ):
        await keeper.post_ok("/v1/baselines", {"key": key, "name": key, **scope})
    for key, among in (
        ("servers", {"srv-1", "srv-2"}),
        ("mail", {"srv-1", "db-1"}),
        ("one", {"srv-2"}),
        ("nothing", set()),
    ):
        assert set(await compared(keeper, "nothing", key)) == among
        assert set(await compared(keeper, key, "all")) == {"srv-1", "srv-2", "db-1"} - among
        removed = await compared(keeper, key, 1)
        assert removed.keys() == among, "nothing was there at first"


async def test_a_baseline_is_not_of_what_will_be(api: Api, keeper: Client) -> None:
    body = {"key": "later", "name": "Later", "position": await api.head() + 1}
    assert await refused(keeper, "/v1/baselines", body) == (422, "/position", "ahead_of_the_log")


@pytest.mark.parametrize(
    ("side", "because"), [("nobody", "unknown_reference"), ("9" * 30, "ahead_of_the_log")]
)
async def test_a_side_that_is_not_there_is_refused(keeper: Client, side: str, because: str) -> None:
    for sides in ({"from": side, "to": "1"}, {"from": "1", "to": side}):
        answer = await keeper.get("/v1/cis/compare", params=sides)
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["code"]) == (422, because)
        assert sides[error["parameter"]] == side


async def test_staff_compare_all_items_an_owner_their_own_and_others_none(api: Api, keeper: Client) -> None:
    await api.team("network")
    owner, other = await api.client("Olaf", teams=("network",)), await api.client("Xenia")
    before = await api.head()
    await a_ci(keeper, "srv-1", owner=owner.id)
    await a_ci(keeper, "srv-2")
    await keeper.post_ok("/v1/cis/srv-1/relate", {"kind": "uses", "other": "srv-2"})
    after = await api.head()
    assert set(await compared(keeper, before, after)) == {"srv-1", "srv-2"}
    mine = await compared(owner, before, after)
    assert set(mine) == {"srv-1"}
    assert mine["srv-1"]["relations_added"] == [], "the other end is not for them"
    assert await compared(other, before, after) == {}
    await keeper.post_ok("/v1/baselines", {"key": "now", "name": "Now"})
    answer = await other.get("/v1/cis/compare", params={"from": "now", "to": "1"})
    assert answer.status_code == 422


#: What is done to which of four items: with another one, or a value.
STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["plan", "go_live", "retire", "attributes", "edit", "relate", "unrelate"]),
        st.integers(0, 3),
    ),
    max_size=14,
)


async def done(client: Client, prefix: str, step: tuple[int, str, int]) -> None:
    """One step; what cannot be done is not."""
    n, action, m = step
    key, other = f"{prefix}-{n}", f"{prefix}-{m}"
    bodies: dict[str, tuple[str, Json]] = {
        "plan": ("", {"key": key, "name": "x", "ci_class": "server"}),
        "go_live": ("/go_live", {}),
        "retire": ("/retire", {}),
        "attributes": ("/change_attributes", {"attributes": {"a": m, "b": None if m % 2 else "y"}}),
        "edit": ("", {"services": [f"s-{m}"]}),
        "relate": ("/relate", {"kind": "uses", "other": other}),
        "unrelate": ("/unrelate", {"kind": "uses", "other": other}),
    }
    path, body = bodies[action]
    address = "/v1/cis" if action == "plan" else f"/v1/cis/{key}{path}"
    if action == "edit":
        await client.patch(address, json=body, headers={"If-Match": "*"})
    else:
        await client.post(address, json=body)


async def stood(client: Client, prefix: str, position: int) -> dict[str, tuple[Json, set[str]]]:
    """By key, how each item stood that was there: its fields, and what it was related to by its events."""
    states = {}
    for n in range(4):
        key = f"{prefix}-{n}"
        answer = await client.get(f"/v1/cis/{key}", params={"as_of": position})
        if answer.status_code != 200 or answer.json()["state"] == "retired":
            continue
        related: set[str] = set()
        for event in (await client.read(f"/v1/cis/{key}/events", as_of=position, limit=200))["items"]:
            other = event["given"].get("other")
            if event["type"] == "ci.related":
                related.add(str(other))
            elif event["type"] == "ci.unrelated":
                related.discard(str(other))
        states[key] = (answer.json(), related)
    return states


def plain(old: dict[str, tuple[Json, set[str]]], new: dict[str, tuple[Json, set[str]]]) -> dict[str, Any]:
    """By key: what became of it, its fields that are otherwise, how many relations came and went."""
    nothing: tuple[Json, set[str]] = ({}, set())
    differences = {}
    for key in old.keys() | new.keys():
        (was, had), (now, has) = old.get(key, nothing), new.get(key, nothing)
        if key not in old or key not in new:
            kind, fields = ("removed" if key in old else "added"), set()
        else:
            kind, fields = "changed", {name for name in FIELDS if was[name] != now[name]}
            a, b = was["attributes"], now["attributes"]
            fields |= {f"attributes.{name}" for name in a.keys() | b.keys() if a.get(name) != b.get(name)}
        if kind != "changed" or fields or had != has:
            differences[key] = (kind, fields, len(has - had), len(had - has))
    return differences


@given(steps=STEPS, more=STEPS)
@settings(
    max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_a_comparison_is_the_difference_of_two_states(
    api: Api, keeper: Client, steps: list[tuple[int, str, int]], more: list[tuple[int, str, int]]
) -> None:
    start = await api.head()
    prefix = f"ci-{start}"
    for n in range(3):
        await done(keeper, prefix, (n, "plan", 0))
    for step in steps:
        await done(keeper, prefix, step)
    middle = await api.head()
    for step in more:
        await done(keeper, prefix, step)
    end = await api.head()
    states = {position: await stood(keeper, prefix, position) for position in (start, middle, end)}
    for before, after in ((start, middle), (middle, end), (end, middle), (start, end)):
        differences = await compared(keeper, before, after, limit=2)
        assert {
            key: (
                difference["difference"],
                {field["field"] for field in difference["fields"]},
                len(difference["relations_added"]),
                len(difference["relations_removed"]),
            )
            for key, difference in differences.items()
        } == plain(states[before], states[after])
