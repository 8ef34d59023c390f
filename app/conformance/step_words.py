"""Names of steps and states, in English and Chinese. Pure."""

from __future__ import annotations

from functools import cache
from typing import Any

from app.api.event_actions import action_of_event
from app.i18n import translate
from app.kernel.actions.lifecycle import Lifecycle

#: The units of durations, largest first, with their seconds.
DURATIONS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


@cache
def step_label(lifecycle: Lifecycle[Any], event: str, language: str) -> str:
    """Return what a step is called: in English what has been done, in Chinese the action."""
    if language == "zh" and (row := action_of_event(lifecycle, event)) is not None:
        return row.zh
    return event.partition(".")[2].replace("_", " ").capitalize()


@cache
def state_label(lifecycle: Lifecycle[Any], state: str, language: str) -> str:
    """Return what a state is called."""
    label = next((code.label(language) for code in lifecycle.states if code.value == state), None)
    return state if label is None else label


def duration(seconds: float, language: str) -> str:
    """Return a duration in its largest unit, with one decimal: `2.5 h`."""
    name, length = next((unit for unit in DURATIONS if seconds >= unit[1]), DURATIONS[-1])
    number = f"{seconds / length:,.1f}".removesuffix(".0")
    return translate(language, "chart", f"unit_{name}", {"number": number})
