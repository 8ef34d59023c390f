"""Measured improvements for pages: each with its effect, and the effects as parts of the value before."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.dashboard.opening import DashboardPage
from app.desk.record_lists import RecordLists
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Kpi
from app.kpis.declaration.marks import Tendency
from app.kpis.declaration.scale import largest_value
from app.kpis.drawing.effects.programme import ProgrammeEffect
from app.kpis.effects.content import EffectScale
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.effects.records import MeasurementOccasion

PLURAL = "improvements"
PATH = f"/v1/{PLURAL}"
LARGEST_PAGE = "200"
#: The change of a value that falls to nothing: none falls further.
WHOLE_LOST = -1.0
TENDENCIES = {EffectVerdict.improved.value: Tendency.better, EffectVerdict.worsened.value: Tendency.worse}


@dataclass(frozen=True, slots=True)
class MeasurementOnPage:
    """A measurement of an improvement's target. `measured` is the effect as the API gives it; None: it is
    not for the reader, who sees its verdict alone.
    """

    measurement: Mapping[str, Any]
    measured: Mapping[str, Any] | None
    relative: ProgrammeEffect

    @property
    def kpi(self) -> str:
        """The key of the KPI."""
        return str(self.measurement["kpi"])


def lists_of(page: DashboardPage, number: str) -> RecordLists:
    """Return the lists within the improvement."""
    return RecordLists(page.desk.calls, page.desk.contract, PLURAL, number)


async def measurements_of(
    page: DashboardPage, numbers: Sequence[str], *, position: int | None = None
) -> dict[str, Sequence[MeasurementOnPage]]:
    """Return the measurements of the improvements by their numbers, the oldest first: the last of each target
    on each occasion, as those before are superseded; or those at that position of the log. Raises
    CallRefused.
    """
    calls = page.desk.calls
    lists = await asyncio.gather(
        *(lists_of(page, number).all_rows_if_allowed("measurements") for number in numbers)
    )
    rows = {
        number: _chosen(listed, position) for number, listed in zip(numbers, lists, strict=True) if listed
    }
    ids = [row["effect_id"] for chosen in rows.values() for row in chosen]
    effects = await asyncio.gather(
        *(calls.read_if_allowed(f"/v1/effects/{effect}", {"recompute": "false"}) for effect in ids)
    )
    by_id = dict(zip(ids, effects, strict=True))
    return {
        number: [measurement_on_page(row, by_id[row["effect_id"]], page.language) for row in chosen]
        for number, chosen in rows.items()
    }


def _chosen(rows: Sequence[Mapping[str, Any]], position: int | None) -> list[Mapping[str, Any]]:
    if position is not None:
        return [row for row in rows if row["position"] == position]
    return list({(row["target"], row["occasion"]): row for row in rows}.values())


def measurement_on_page(
    measurement: Mapping[str, Any], measured: Mapping[str, Any] | None, language: str
) -> MeasurementOnPage:
    """Return the measurement with its effect as a part of what was before."""
    verdict = EffectVerdict(measurement["verdict"]).label(language)
    label = MeasurementOccasion(measurement["occasion"]).label(language)
    tendency = TENDENCIES.get(measurement["verdict"], Tendency.neither)
    relative = ProgrammeEffect(label, None, tendency=tendency, remark=verdict)
    if measured is not None:
        relative = relative_effect(relative, measured["result"], KPIS[measurement["kpi"]])
    return MeasurementOnPage(measurement, measured, relative)


def relative_effect(effect: ProgrammeEffect, result: Mapping[str, Any], kpi: Kpi) -> ProgrammeEffect:
    """Return the effect with its numbers as parts of the value before, with the sign of the change: -0.5 is
    half as much. If the value before is zero, or the control changed by more than that value, there are no
    parts.

    If the geometric means decided, their ratio and its interval are the numbers: the interval of a
    difference, divided by an uncertain value before, goes beyond what can be.
    """
    is_ratio, before = result["scale"] == EffectScale.ratio, result["before"]["compared"]
    if result["effect"] is None or (not is_ratio and not before):
        return effect

    def relative(number: float | None) -> float | None:
        if number is None:
            return None
        return number - 1 if is_ratio else number / abs(before)

    change, low, high = (relative(result[name]) for name in ("effect", "low", "high"))
    geometric = result.get("geometric")
    if geometric is not None and geometric["decides"]:
        change, low, high = (
            None if geometric[name] is None else geometric[name] - 1 for name in ("ratio", "low", "high")
        )
    if change is None or change < WHOLE_LOST:
        return effect
    most = None if is_ratio or result.get("control_before") is not None else largest_value(kpi)
    promised = None if result["promised"] is None else relative(result["promised"]["effect"])
    return ProgrammeEffect(
        effect.label,
        change,
        None if low is None else max(low, WHOLE_LOST),
        high if high is None or most is None else min(high, max(most / before - 1, change)),
        promised,
        effect.tendency,
        effect.remark,
    )


def newest_by_target(measurements: Sequence[MeasurementOnPage]) -> list[MeasurementOnPage]:
    """Return the newest measurement of each target."""
    return list({item.measurement["target"]: item for item in measurements}.values())


def promise_label(measurement: Mapping[str, Any], language: str) -> str:
    """Return whether the measurement reaches what was promised; nothing if nothing was."""
    code = measurement["promise"]
    return "" if code is None else PromiseVerdict(code).label(language)
