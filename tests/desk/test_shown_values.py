"""Values as pages show them: numbers, durations that calendars count, and the consents of an agreement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from app.desk.contract import screen_contract
from app.desk.forms.durations import WORKING_TIME, read_duration, written_duration
from app.desk.pages.context import code_words
from app.desk.values import spoken_duration, spoken_number
from app.registry import LIFECYCLES_BY_KIND
from app.webhooks.adapters import adapter_titles


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2026, "2026"),
        (35549, "35,549"),
        ("48000.00", "48,000.00"),
        ("0.995", "0.995"),
        ("0.98389897", "0.9839"),
        (-16313.82397896034, "−16,314"),
        (0.00037884116790547743, "0.0003788"),
        (1e-07, "0.0000001"),
    ],
)
def test_numbers_are_rounded_and_grouped(value: float | str, text: str) -> None:
    assert spoken_number(value) == text


def test_time_that_a_calendar_counts_is_shown_in_hours() -> None:
    seconds = 40 * 3600 + 1800
    assert spoken_duration(seconds, "en") == "1 d 16 h"
    assert spoken_duration(seconds, "en", is_working_time=True) == "40 h 30 min"
    assert spoken_duration(-seconds, "zh", is_working_time=True) == "−40 小时 30 分钟"


def test_forms_have_no_days_of_time_that_a_calendar_counts() -> None:
    assert written_duration(2 * 86_400, is_working_time=True) == "48 h"
    assert read_duration("48 h 30 min", is_working_time=True) == 48 * 3600 + 1800
    assert (read_duration("2 d"), read_duration("2 d", is_working_time=True)) == (2 * 86_400, None)


def test_fields_with_time_that_a_calendar_counts_are_known() -> None:
    counted = {
        name
        for name, schema in _properties(screen_contract().document["components"]["schemas"])
        if name.endswith("_seconds") and "business seconds" in schema.get("description", "")
    }
    assert counted <= WORKING_TIME


def _properties(part: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(part, dict):
        yield from part.get("properties", {}).items() if isinstance(part.get("properties"), dict) else ()
        for inner in part.values():
            yield from _properties(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _properties(inner)


def test_a_consent_is_told_in_words() -> None:
    words = code_words(LIFECYCLES_BY_KIND, adapter_titles, "en")
    text = words.spoken("pending_consents", "renew:it")
    assert text == "Renewal: IT has consented; the other party has not"
    assert (
        code_words(LIFECYCLES_BY_KIND, adapter_titles, "zh")
        .spoken("pending_consents", "sign:party")
        .startswith("签署：")
    )
