"""Names of processes mean definitions, however they are spelt; old names are listed, and taken."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from app.foundation.licences.lookups import licences_of
from tests.client import Client, Json
from tests.extent import in_test_all
from tests.governance.process_definitions.conftest import Registry

SUGGESTIONS = "/v1/improvement_suggestions"


async def suggested(client: Client, process: str) -> Json:
    """A suggestion about a process."""
    body = {
        "title": "One step less",
        "scope": "process",
        "process": process,
        "aspect": "activity",
        "source": "staff",
        "what": "Count once.",
        "why": "It is enough.",
    }
    return await client.post_ok(SUGGESTIONS, body)


async def test_old_names_are_listed_and_taken_and_mean_the_process_from_then_on(registry: Registry) -> None:
    old = await suggested(registry.executor, "Invoicing")
    await suggested(registry.executor, "Biling")
    assert old["process"] == "Invoicing", "a name that nothing defines is kept"
    definition = await registry.published()
    path = f"/v1/process_definitions/{definition['number']}"
    unmatched = (await registry.quality.read("/v1/process_definitions/unmatched_names"))["items"]
    assert unmatched == [
        {"name": "Biling", "uses": {"improvement_suggestion": 1}, "near": ["billing"]},
        {"name": "Invoicing", "uses": {"improvement_suggestion": 1}, "near": []},
    ]
    settled = await registry.quality.post_ok(f"{path}/take_names", {"names": ["Invoicing", "Biling"]})
    assert settled["aliases"] == ["Invoicing", "Biling"]
    assert (await registry.quality.read("/v1/process_definitions/unmatched_names"))["items"] == []
    for spelling in ("invoicing", "BILLING", "billing 计费", "biling"):
        assert (await suggested(registry.executor, spelling))["process"] == "billing"
    # What was written before stays as it was.
    assert (await registry.executor.read(f"{SUGGESTIONS}/{old['number']}"))["process"] == "Invoicing"


@in_test_all
async def test_a_list_by_process_finds_what_has_an_old_name_by_any_of_its_names_and_by_its_definition(
    registry: Registry,
) -> None:
    old = [(await suggested(registry.executor, name))["number"] for name in ("Invoicing", "INVOICING")]
    await suggested(registry.executor, "paying")
    definition = await registry.published()
    new = (await suggested(registry.executor, "Billing"))["number"]

    async def found(**filters: str) -> set[str]:
        items = (await registry.executor.read(SUGGESTIONS, **filters))["items"]
        return {item["number"] for item in items}

    assert await found(process="billing") == {new}
    path = f"/v1/process_definitions/{definition['number']}"
    await registry.quality.post_ok(f"{path}/take_names", {"names": ["Invoicing"]})
    for name in ("billing", "Invoicing", "BILLING 计费", definition["number"], definition["id"]):
        assert await found(process=name) == {*old, new}
        assert len(await found(process_not=name)) == 1
    assert await found(process="nothing") == set()
    assert (await suggested(registry.executor, definition["number"]))["process"] == "billing"
    incident = await suggested(registry.executor, "Incidents")
    assert await found(process="incidents") == {incident["number"]}


@in_test_all
async def test_names_inside_interfaces_and_of_parents_mean_definitions_and_are_settled_as_others(
    registry: Registry,
) -> None:
    hands_over = [{"process": "Dunning", "hand_over": "What is not paid."}]
    await registry.published(process="paying", title="Paying 付款", parent="Finances", interfaces=hands_over)
    unmatched = "/v1/process_definitions/unmatched_names"
    assert [(row["name"], row["uses"]) for row in (await registry.quality.read(unmatched))["items"]] == [
        ("Dunning", {"process_definition": 1}),
        ("Finances", {"process_definition": 1}),
    ]
    for process, name in (("collecting", "Dunning"), ("money", "Finances")):
        definition = await registry.published(process=process, title=f"The {process}")
        path = f"/v1/process_definitions/{definition['number']}"
        await registry.quality.post_ok(f"{path}/take_names", {"names": [name]})
    assert (await registry.quality.read(unmatched))["items"] == []
    mapped = (await registry.quality.read("/v1/process_definitions/map"))["items"]
    (paying,) = [item for item in mapped if item["process"] == "paying"]
    assert (paying["parent"], paying["depth"]) == ("money", 1)
    assert [entry["process"] for entry in paying["interfaces"]] == ["collecting"]
    # From now on such a name is written as the definition has it.
    draft = await registry.drafted(process="selling", title="Selling", interfaces=hands_over)
    [entry] = (await registry.designer.read(draft))["interfaces"]
    assert entry["process"] == "collecting"


async def test_a_name_means_one_process(registry: Registry) -> None:
    definition = await registry.published()
    await registry.published(process="paying", title="Paying 付款")
    path = f"/v1/process_definitions/{definition['number']}/take_names"
    for name in ("paying", "Incidents", "PAYING 付款"):
        refused = await registry.quality.post(path, json={"names": [name]})
        assert refused.json()["errors"][0]["code"] == "names_another", refused.text


@in_test_all
async def test_a_licence_for_an_old_name_is_one_for_the_process(registry: Registry) -> None:
    body = {
        "title": "Invoices",
        "year": 2027,
        "kind": "executor",
        "method": "classroom",
        "process": "Invoicing",
        "skills": ["counting"],
        "material": "The slides.",
        "persons": [registry.executor.id],
        "planned_at": "2199-01-31T06:00:00Z",
    }
    training = await registry.quality.post_ok("/v1/trainings", body)
    path = f"/v1/trainings/{training['number']}"
    attended = {"attended": [registry.executor.id], "contents": "How to count."}
    await registry.quality.post_ok(f"{path}/hold", attended)
    marks = dict.fromkeys(training["topics"], 80)
    results = {"results": [{"person": registry.executor.id, "marks": marks}]}
    await registry.quality.post_ok(f"{path}/examine", results)
    await registry.quality.post_ok(f"{path}/license")
    definition = await registry.published()
    person, now = UUID(registry.executor.id), datetime.now(UTC)
    assert await licences_of(registry.reads(), [person], "billing", now) == {}
    names = {"names": ["Invoicing"]}
    await registry.quality.post_ok(f"/v1/process_definitions/{definition['number']}/take_names", names)
    assert list(await licences_of(registry.reads(), [person], "billing", now)) == [person]
