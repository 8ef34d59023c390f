"""A field that is asked for alone has the value that it has among all others."""

from __future__ import annotations

from typing import Any

from app.contract.schemas import resolved
from app.kernel.actions.lifecycle import Lifecycle
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Client
from tests.contract.answers import as_written, operation
from tests.every_action.world import World, case_name

#: Shown whatever is asked for.
ALWAYS = {"id", "version", "number"}
CONTRACT = as_written()


def _codes(schema: dict[str, Any]) -> list[str]:
    """The codes that the schema, or a part of it, lists."""
    parts = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    codes = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    return [*codes, *(code for part in parts for code in _codes(resolved(part, CONTRACT)))]


def offered(path: str, parameter: str) -> list[str]:
    """The values that may be said in that parameter of what is read there; none if there is no such."""
    parameters = (operation("GET", path) or {}).get("parameters", ())
    return [
        code
        for declared in parameters
        if declared["name"] == parameter
        for code in _codes(resolved(declared["schema"], CONTRACT))
    ]


async def differing(client: Client, path: str, template: str) -> list[str]:
    """The fields that are shown otherwise if they are asked for alone than among all, at that address."""
    of_list = "{id}" not in template
    more = {"limit": "3"} if of_list else {}
    everything = offered(template, "include")
    included = {"include": ",".join(everything)} if everything else {}
    answer = await client.read(path, **more, **included)
    fields = []
    for name in offered(template, "fields"):
        alone = await client.read(path, **more, fields=name)
        for all_fields, alone_shown in (
            zip(answer["items"], alone["items"], strict=True) if of_list else [(answer, alone)]
        ):
            if alone_shown != {field: all_fields[field] for field in all_fields if field in ALWAYS | {name}}:
                fields.append(name)
    return fields


LISTED = [lifecycle for lifecycle in LIFECYCLES if offered(f"/v1/{lifecycle.plural}", "fields")]


@each_case("lifecycle", LISTED, ids=case_name, one_of_each=lambda lifecycle: lifecycle.is_ticket)
async def test_a_field_alone_has_the_value_that_it_has_among_all(
    world: World, lifecycle: Lifecycle[Any]
) -> None:
    record = await world.standing(lifecycle, next(iter(lifecycle.states)))
    path = f"/v1/{lifecycle.plural}"
    assert (await world.everybody.read(path))["items"]
    assert await differing(world.everybody, path, path) == []
    if offered(f"{path}/{{id}}", "fields"):
        assert await differing(world.everybody, f"{path}/{record['id']}", f"{path}/{{id}}") == []
