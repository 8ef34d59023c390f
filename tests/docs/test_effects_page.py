"""The first question of the page of effects, asked of the demo: a reader believes the answer."""

from __future__ import annotations

import json
from pathlib import Path

from app.platform.settings import PROJECT
from tests.docs.conftest import Demo
from tests.docs.pages import blocks, run
from tests.extent import in_test_all

DESK = """desk() {
  curl -s -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' "$API/v1/$@"; echo
}"""


@in_test_all
async def test_the_demo_answers_the_question_of_the_page(demo: Demo, tmp_path: Path) -> None:
    text = (PROJECT / "docs" / "effects.md").read_text(encoding="utf-8")
    [example] = blocks(text.partition("### Did a change help?")[2].partition("\n### ")[0])
    [printed] = await run([(f"{DESK}\n{example[0]}", None)], tmp_path, demo)
    effect, listed = (json.loads(line) for line in printed.splitlines() if line)
    result = effect["result"]
    assert effect["verdict"] == "improved"
    assert result["promised"]["reached"] in ("reached", "shown")
    before, after = (result[side]["value"] for side in ("before", "after"))
    assert abs(result["effect"] - (after - before)) < 0.01, "the number that people read"
    assert result["high"] < 0
    assert result["relative"]["low"] > 0.5
    [item] = listed["items"]
    assert (item["verdict"], item["sentence"]) == ("improved", effect["sentence"])
    assert "shorter" in item["sentence"]
