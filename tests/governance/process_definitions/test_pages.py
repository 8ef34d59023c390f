"""A definition of a process as a page that prints."""

from __future__ import annotations

import pytest

from app.i18n import LANGUAGES
from tests.governance.process_definitions.conftest import Registry

CONTENTS = {
    "process": "incident",
    "title": "Incidents <b>事件管理</b>",
    "decision_points": [{"title": "Is it a major one?", "outcomes": ["yes", "no"]}],
    "control_points": [{"title": "It was tried", "role": "incident_manager", "risk": "It comes back"}],
    "interfaces": [{"process": "paying", "hand_over": "With all that was tried."}],
    "terms": [{"term": "Workaround", "meaning": "What helps for now."}],
    "inputs": ["A call"],
    "expected_path": [
        {"event": "incident.reported"},
        {"event": "incident.held", "needed": False, "repeatable": True, "anywhere": True},
        {"event": "incident.closed"},
    ],
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_definition_prints_with_contents_path_lifecycle_and_its_part_of_the_map(
    registry: Registry, language: str
) -> None:
    await registry.published(process="paying", title="Paying 付款")
    await registry.published(process="far-off", title="Far off 远方")
    number = (await registry.published(**CONTENTS))["number"]
    answer = await registry.quality.get(f"/v1/process_definitions/{number}/page?lang={language}")
    assert (answer.status_code, answer.headers["content-language"]) == (200, language)
    page = answer.text
    assert "Incidents &lt;b&gt;事件管理&lt;/b&gt;" in page
    words_of = {
        "en": ("Time limit", "1 h", "Incident manager", "always", "at any point", "Acknowledged"),
        "zh": ("时限", "1 小时", "事件经理", "必经", "任意位置", "响应"),
    }
    for words in (
        *words_of[language],
        "Is it a major one?",
        "It comes back",
        "With all that was tried.",
        "A call",
    ):
        assert words in page, words
    assert 'class="process-map"' in page
    assert "Paying 付款" in page
    assert "Far off 远方" not in page


async def test_its_owner_prints_a_draft_and_sees_nothing_of_other_definitions(registry: Registry) -> None:
    await registry.published(process="paying", title="Paying 付款")
    path = await registry.drafted(
        interfaces=[{"process": "paying", "hand_over": "The bill."}], activities=[], raci=[]
    )
    page = (await registry.senior.get(f"{path}/page")).text
    assert "paying" in page
    assert "Paying 付款" not in page
    assert "process-map" not in page
    stranger = await registry.api.client("Stranger")
    assert (await stranger.get(f"{path}/page")).status_code == 404
