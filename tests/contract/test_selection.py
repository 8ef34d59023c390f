"""Areas of the contract: each operation is in one, with what it refers to and nothing else."""

from __future__ import annotations

import json
import re

from app.api.areas import AREAS
from app.api.contract.openapi import TAGS
from app.contract.selection import TaggedContract
from app.platform.settings import PROJECT
from tests.cases import each_case
from tests.client import Json
from tests.contract.answers import as_written

REFERENCE = re.compile(r'"#/components/(\w+)/([\w.-]+)"')


def references(contract: Json) -> set[tuple[str, str]]:
    return set(REFERENCE.findall(json.dumps(contract)))


def operation_ids(contract: Json) -> list[str]:
    return [
        operation["operationId"] for methods in contract["paths"].values() for operation in methods.values()
    ]


def test_each_tag_belongs_to_one_area() -> None:
    assert sorted(tag for tags in AREAS.values() for tag in tags) == sorted(TAGS)


@each_case("area", AREAS)
def test_an_area_has_what_its_operations_refer_to_and_nothing_else(area: str) -> None:
    contract = json.loads((PROJECT / "openapi" / "areas" / f"{area}.json").read_bytes())
    components = contract["components"]
    defined = {(kind, name) for kind in components for name in components[kind] if kind != "securitySchemes"}
    assert references(contract) == defined
    assert components["securitySchemes"] == as_written()["components"]["securitySchemes"]
    tags = {
        tag
        for methods in contract["paths"].values()
        for operation in methods.values()
        for tag in operation["tags"]
    }
    assert tags & set(AREAS[area]) == {tag["name"] for tag in contract["tags"]} == set(AREAS[area])


def test_the_areas_together_have_every_operation() -> None:
    tagged = TaggedContract(as_written())
    names = [name for tags in AREAS.values() for name in operation_ids(tagged.with_tags(tags))]
    assert set(names) == set(operation_ids(as_written()))


def test_there_is_one_file_for_each_area() -> None:
    assert {path.stem for path in (PROJECT / "openapi" / "areas").iterdir()} == AREAS.keys()


def test_a_component_that_refers_to_itself_is_taken_once() -> None:
    tree = {"properties": {"below": {"items": {"$ref": "#/components/schemas/Tree"}}}}
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Tree"}}}}
    contract = {
        "tags": [{"name": "trees"}, {"name": "stones"}],
        "paths": {
            "/trees": {"get": {"tags": ["trees"], "responses": {"200": answer}}},
            "/stones": {"get": {"tags": ["stones"], "responses": {}}},
        },
        "components": {"schemas": {"Tree": tree, "Stone": {}}},
    }
    part = TaggedContract(contract).with_tags(["trees"])
    assert part["components"] == {"schemas": {"Tree": tree}}
    assert part["paths"].keys() == {"/trees"}
