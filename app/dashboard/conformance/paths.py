"""The commonest paths as a page shows them: each step in words, those that do not fit marked (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.conformance.paths import Misfit
from app.conformance.step_words import step_label
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.questions.chart_words import ChartWords
from app.svg.elements import document, element

#: The size of the bar that shows how many cases took a path.
BAR_WIDTH, BAR_HEIGHT = 240, 12


@dataclass(frozen=True, slots=True)
class StepOnPath:
    """A step in words; `misfits` describes its deviations, empty if it fits."""

    label: str
    misfits: str


@dataclass(frozen=True, slots=True)
class PathOnPage:
    """A path that cases took: its steps, with those that it lacks last; how many cases took it, as a bar too;
    the share of all cases, and of these and all before; what half and nine in ten of them took no longer
    than; and the address of the list of these cases.
    """

    steps: Sequence[StepOnPath]
    lacking: Sequence[StepOnPath]
    bar: Markup
    cases: int
    share: str
    cumulative: str
    median: str
    p90: str
    fits: bool | None
    address: str


def path_on_page(
    variant: Mapping[str, Any],
    most_cases: int,
    lifecycle: Lifecycle[Any],
    shares: ChartWords,
    times: ChartWords,
    address: str,
) -> PathOnPage:
    """Return a variant as the API gives it; the bar of a path that `most_cases` took is as long as can be."""
    language = shares.language
    misfits: dict[str, list[str]] = {}
    for misfit in variant["misfits"]:
        misfits.setdefault(misfit["step"], []).append(Misfit(misfit["misfit"]).label(language))
    joined = shares.translate("listed")

    def step(event: str) -> StepOnPath:
        return StepOnPath(step_label(lifecycle, event, language), joined.join(misfits.get(event, ())))

    seconds = variant["seconds"]
    return PathOnPage(
        steps=[step(event) for event in variant["steps"]],
        lacking=[step(event) for event in misfits if event not in variant["steps"]],
        bar=_bar(variant["cases"] / most_cases, is_fit=variant["fitting"] == variant["cases"]),
        cases=variant["cases"],
        share=shares.value(variant["share"]),
        cumulative=shares.value(variant["cumulative_share"]),
        median="–" if seconds is None else times.value(seconds["median"]),
        p90="–" if seconds is None else times.value(seconds["p90"]),
        fits=None if variant["fitting"] is None else variant["fitting"] == variant["cases"],
        address=address,
    )


def _bar(part: float, *, is_fit: bool) -> Markup:
    """Return a bar of that part of the whole width; the words next to it have the same content."""
    length = max(round(part * BAR_WIDTH), 1)
    kind = "bar fits" if is_fit else "bar misfits"
    return document(
        BAR_WIDTH,
        BAR_HEIGHT,
        element("rect", width=length, height=BAR_HEIGHT, rx=2, class_=kind, fill="#57606a"),
        role="presentation",
        class_="part",
    )
