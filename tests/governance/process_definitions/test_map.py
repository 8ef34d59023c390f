"""The map of the processes, and the lifecycles of the code as definitions of their own kind."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter

from bpmn_io import check

from app.foundation.process_definitions.records import ProcessDefinition
from app.governance.process_definitions.map import mapped
from app.governance.process_definitions.map_drawing import MOST_DRAWN, draw
from app.kernel.actions.describe import as_markdown, as_mermaid
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND
from tests.extent import in_test_all
from tests.governance.process_definitions.conftest import Registry

SHARES = {"cost_share": 40, "growth_share": 20, "revenue_share": 60, "value_share": 80}


async def test_the_map_shows_each_process_behind_its_parent_and_whom_it_hands_over_to(
    registry: Registry,
) -> None:
    hands_over = [{"process": "Problems", "hand_over": "With all that was tried."}]
    await registry.published(process="it-services", level=1)
    await registry.published(process="incident", parent="it-services", interfaces=hands_over, **SHARES)
    await registry.published(process="problem", parent="it-services")
    await registry.published(process="first-aid", level=3, parent="incident")
    await registry.drafted(process="request", parent="it-services")
    items = (await registry.quality.read("/v1/process_definitions/map"))["items"]
    assert [(item["process"], item["depth"], item["is_core"]) for item in items] == [
        ("it-services", 0, False),
        ("incident", 1, False),
        ("first-aid", 2, False),
        ("problem", 1, False),
    ]
    assert items[1]["interfaces"] == [{"process": "problem", "hand_over": "With all that was tried."}]
    assert items[1]["score"] == 50
    circle = {"process": "it-services", "title": "IT 服务", "level": 1, "parent": "first-aid"}
    refused = await registry.designer.post("/v1/process_definitions", json=circle)
    assert [error["code"] for error in refused.json()["errors"]] == ["part_of_itself"]
    # Of four processes one is a quarter.
    wider = (await registry.quality.read("/v1/process_definitions/map", core_percent=25))["items"]
    assert [item["process"] for item in wider if item["is_core"]] == ["incident"]
    stranger = await registry.api.client("Stranger")
    assert (await stranger.get("/v1/process_definitions/map")).status_code == 403


async def test_the_map_is_a_drawing_too_with_core_marks_and_arrows_for_hand_overs(
    registry: Registry,
) -> None:
    hands_over = [{"process": "problem", "hand_over": "All."}, {"process": "release", "hand_over": "All."}]
    await registry.published(process="it-services", level=1, title="<b>IT</b> services")
    await registry.published(process="incident", parent="it-services", interfaces=hands_over, **SHARES)
    await registry.published(process="problem", parent="it-services", title="Problems 问题管理")
    drawing = await registry.quality.get("/v1/process_definitions/map?format=svg&core_percent=34&lang=zh")
    assert drawing.headers["content-type"] == "image/svg+xml", drawing.text
    assert drawing.headers["content-language"] == "zh"
    svg = ET.fromstring(drawing.text)
    classes = Counter(part.get("class") for part in svg.iter())
    assert (classes["process"], classes["process core"]) == (2, 1)
    assert (classes["branch"], classes["hand-over"], classes["arrow"]) == (2, 1, 1)
    names = [part.text or "" for part in svg.iter() if part.get("class") == "name"]
    assert names == ["<b>IT</b> services", "★ Billing 计费", "Problems 问题管理"]
    assert "核心流程" in drawing.text


@in_test_all
def test_a_map_of_many_processes_that_hand_over_to_all_is_drawn_in_bounds() -> None:
    names = [f"p{n}" for n in range(300)]
    places = mapped(
        [
            ProcessDefinition.model_construct(
                process=name,
                title=name,
                level=2,
                parent=None,
                aliases=None,
                interfaces=[{"process": other, "hand_over": "All."} for other in names[:40]],
            )
            for name in names
        ]
    )
    svg = ET.fromstring(draw(places, "en"))
    classes = Counter(part.get("class") for part in svg.iter())
    assert classes["process"] == MOST_DRAWN
    assert float(svg.get("width") or 0) < 1500
    assert "100 more processes are not shown." in ET.tostring(svg, encoding="unicode")


def test_processes_that_are_parts_of_one_another_are_shown_once_each() -> None:
    circle = [
        ProcessDefinition.model_construct(process=process, parent=parent)
        for process, parent in (("a", "b"), ("b", "a"), ("c", "a"), ("d", "unknown"))
    ]
    assert [(place.definition.process, place.depth) for place in mapped(circle)] == [
        ("d", 0),
        ("a", 0),
        ("b", 1),
        ("c", 1),
    ]


async def test_lifecycles_are_for_everybody_the_map_and_unmatched_names_for_staff(
    registry: Registry,
) -> None:
    stranger = await registry.api.client("Stranger")
    for path, answered in (
        ("map", 403),
        ("lifecycles", 200),
        ("lifecycles/incident", 200),
        ("unmatched_names", 403),
    ):
        address = f"/v1/process_definitions/{path}"
        assert (await registry.quality.get(address)).status_code == 200, path
        assert (await stranger.get(address)).status_code == answered, path


async def test_each_lifecycle_is_read_as_data_for_people_as_a_drawing_and_as_bpmn(registry: Registry) -> None:
    path = "/v1/process_definitions/lifecycles"
    items = (await registry.designer.read(path))["items"]
    assert [item["kind"] for item in items] == sorted(lifecycle.kind for lifecycle in LIFECYCLES)
    incident = await registry.designer.read(f"{path}/incident")
    steps = {step["action"]: step for step in incident["actions"]}
    assert steps["resolve"]["to"] == "resolved"
    assert "resolution_code" in steps["resolve"]["needed"]
    lifecycle = LIFECYCLES_BY_KIND["incident"]
    for form, media_type, text in (
        ("md", "text/markdown", as_markdown(lifecycle)),
        ("mmd", "text/vnd.mermaid", as_mermaid(lifecycle)),
    ):
        chosen = await registry.designer.get(f"{path}/incident", params={"format": form})
        preferred = await registry.designer.get(f"{path}/incident", headers={"Accept": media_type})
        assert chosen.text == preferred.text == text
        assert chosen.headers["content-type"].startswith(media_type)
    drawn = await registry.designer.get(f"{path}/incident", headers={"Accept": "application/xml"})
    assert check(drawn.text).ok
    assert (await registry.designer.get(f"{path}/luck")).status_code == 404
