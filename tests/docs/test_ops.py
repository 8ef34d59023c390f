"""docs/ops.md is true: its commands are run one after the other, and answer in the form that it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.platform.settings import PROJECT
from tests.docs.conftest import Demo
from tests.docs.pages import BEGINNING, blocks, check, page, read, run, unlike
from tests.extent import in_test_all

PAGE = page("ops.md")


@in_test_all
async def test_every_command_of_the_page_answers_as_it_shows(demo: Demo, tmp_path: Path) -> None:
    examples = [BEGINNING, *blocks(PAGE)]
    printed = await run(examples, tmp_path, demo)
    assert len(printed) == len(examples) > 10
    check(examples, printed)
    assert (tmp_path / "chart.svg").read_bytes().startswith(b"<svg")


@pytest.mark.parametrize(
    ("example", "fault"),
    [
        ('{"cases": 3, …}', []),
        ('{"kases": 3, …}', ["/kases is not there"]),
        ('{"cases": "3", …}', ["/cases is 3, not like '3'"]),
        ('{"parts": [{"cases": 3, …}, …], …}', []),
        ('{"parts": [{"value": 3, …}, …], …}', ["/parts/0/value is not there"]),
    ],
)
def test_an_answer_of_another_form_is_found(example: str, fault: list[str]) -> None:
    assert unlike(read(example), {"cases": 3, "key": "csat", "parts": [{"cases": 1}, {}]}) == fault


def test_the_page_names_every_alert() -> None:
    rules = (PROJECT / "deploy" / "prometheus" / "ledgerdesk.rules.yml").read_text(encoding="utf-8")
    alerts = re.findall(r"alert: Ledgerdesk(\w+)", rules)
    named = {name.removeprefix("Ledgerdesk") for name in re.findall(r"`(?:…|Ledgerdesk)(\w+)`", PAGE)}
    assert set(alerts) <= named
