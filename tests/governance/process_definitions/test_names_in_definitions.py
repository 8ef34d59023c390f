"""A draft may name what is still to come. An edition that is submitted or published names processes,
templates and checklists that exist.
"""

from __future__ import annotations

from typing import Any

import pytest

from app.common.people import Role
from tests.client import Json
from tests.governance.documents.conftest import Office, calendar, office
from tests.governance.process_definitions.conftest import NOT_NEEDED, PUBLISHED, Registry

__all__ = ["calendar", "office"]

CHECKLIST: Json = {
    "key": "month-end",
    "process": "incident",
    "title_en": "End of the month",
    "title_zh": "月末检查",
    "items": [{"title_en": "Count", "title_zh": "计数"}],
}


def with_reasons(*contents: str) -> Json:
    """The reasons for all contents besides these."""
    reasons = [{"name": name, "reason": "The tool does it."} for name in NOT_NEEDED if name not in contents]
    return {"none_because": reasons}


async def refusals(registry: Registry, path: str, action: str, body: Json) -> list[tuple[str, str]]:
    """The pointers and codes with which the action is refused; none if it is not."""
    client = registry.owner if action == "submit" else registry.quality
    answer = await client.post(f"{path}/{action}", json=body)
    return [(error["pointer"], error["code"]) for error in answer.json().get("errors", ())]


@pytest.fixture
async def numbers(office: Office) -> dict[str, str]:
    """Numbers of documents by what is wrong with each."""
    internal: dict[str, Any] = {"confidentiality": "internal", "readers": [], "process": "billing"}

    async def number(path: str) -> str:
        return str((await office.author.read(path))["number"])

    withdrawn = await office.published(**internal)
    await office.quality.post_ok(f"{withdrawn}/archive", {"reason": "Replaced."})
    return {
        "good": await number(await office.published(**internal)),
        "of all": await number(await office.published(**{**internal, "process": None})),
        "draft": await number(await office.drafted(**internal)),
        "withdrawn": await number(withdrawn),
        "other": await number(await office.published(**{**internal, "process": "problem"})),
        "hidden": await number(await office.published(process="billing")),
        "later": await number(await office.published(in_days=30, **internal)),
    }


async def test_an_edition_names_processes_templates_and_checklists_that_exist(
    registry: Registry, numbers: dict[str, str]
) -> None:
    admin = await registry.api.client("Admin", Role.admin)
    await admin.post_ok("/v1/checklists", CHECKLIST)
    contents = ("interfaces", "templates", "checklists")
    draft: Json = {
        "interfaces": [{"process": "problem", "hand_over": "The bill."}],
        "templates": [numbers["good"]],
        "checklists": ["month-end"],
        **with_reasons(*contents),
    }
    path, heard = await registry.drafted(**draft), {"heard": [registry.executor.id]}
    unknown, idle = "unknown_reference", "document_not_in_force"
    dunning = [*draft["interfaces"], {"process": "dunning", "hand_over": "The bill."}]
    cases: list[tuple[Json, str, str]] = [
        ({"interfaces": dunning}, "/interfaces/1/process", "no_such_process"),
        ({"parent": "finance"}, "/parent", "no_such_process"),
        ({"refers_to": ["ISO 20000", "PR-NOSUCH"]}, "/refers_to/1", unknown),
        ({"refers_to": [numbers["draft"]]}, "/refers_to/0", idle),
        ({"templates": ["Bill template"]}, "/templates/0", unknown),
        ({"checklists": ["month-end", "year-end"]}, "/checklists/1", unknown),
    ]
    for field in ("templates", "checklists"):
        for name, code in (
            ("draft", idle),
            ("withdrawn", idle),
            ("other", "document_of_other_matter"),
            ("hidden", unknown),
            ("later", "document_takes_effect_later"),
        ):
            cases.append(({field: [numbers[name]]}, f"/{field}/0", code))
    for changes, pointer, code in cases:
        undone = {name: draft.get(name, None if name == "parent" else []) for name in changes}
        await registry.edit(registry.designer, path, **changes)
        assert await refusals(registry, path, "submit", heard) == [(pointer, code)], changes
        await registry.edit(registry.designer, path, **undone)
    fine = {
        "templates": [numbers["good"], numbers["of all"]],
        "checklists": ["月末检查", numbers["good"]],
        "refers_to": ["ISO 20000", numbers["other"]],
    }
    await registry.edit(registry.designer, path, **fine)
    await registry.owner.post_ok(f"{path}/submit", heard)
    checklist = (await admin.read("/v1/checklists"))["items"][0]
    await admin.post_ok(f"/v1/checklists/{checklist['id']}/retire", {})
    assert await refusals(registry, path, "publish", PUBLISHED) == [("/checklists/0", unknown)]


async def test_templates_and_checklists_may_be_in_other_systems(registry: Registry) -> None:
    draft = {**with_reasons("templates", "checklists"), "external_numbers": ["QMS F-12"]}
    path = f"/v1/process_definitions/{(await registry.published(**draft))['number']}"
    assert "QMS F-12" in (await registry.quality.get(f"{path}/page?lang=en")).text
    refused = await registry.designer.post(
        "/v1/process_definitions", json=registry.contents(process="dunning", external_numbers=["PR2026001"])
    )
    assert [error["code"] for error in refused.json()["errors"]] == ["number_of_ours"]


async def test_two_processes_hand_over_to_each_other(registry: Registry) -> None:
    interfaces = [{"process": "dunning", "hand_over": "The bill."}]
    reasons = with_reasons("interfaces")
    path = await registry.drafted(interfaces=interfaces, **reasons)
    heard = {"heard": [registry.executor.id]}
    assert await refusals(registry, path, "submit", heard) == [("/interfaces/0/process", "no_such_process")]
    back = [{"process": "billing", "hand_over": "The debt."}]
    await registry.drafted(process="dunning", interfaces=back, **reasons)
    assert await refusals(registry, path, "submit", heard) == []
