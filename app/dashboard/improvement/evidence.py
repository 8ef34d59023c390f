"""The measured evidence of a question to the committee, in a sentence and an interval; and whether approving
goes against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from app.dashboard.effect_parts import effect_words, warning_sentence
from app.dashboard.improvement.measured import MeasurementOnPage, measurements_of
from app.dashboard.opening import DashboardPage
from app.kpis.catalogue import KPIS
from app.kpis.statistics.effects.codes import EffectVerdict, PromiseVerdict
from app.processes.improvements.pilot.records import PilotJudgement
from app.processes.improvements.proposal.records import DecisionSubject


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """Measurement of a target KPI: its sentence, its warnings, and its intervals as a drawing (None: they are
    not for the reader); `effect` is the id of the effect.
    """

    sentence: str
    warnings: Sequence[str]
    figure: Markup | None
    effect: str | None


@dataclass(frozen=True, slots=True)
class MeasuredEvidence:
    """Measurements of the subject of the decision; `is_against`: an approval contradicts them."""

    lines: Sequence[EvidenceLine] = ()
    is_against: bool = False


async def evidence_of(page: DashboardPage, improvement: Mapping[str, Any]) -> MeasuredEvidence:
    """Return what was measured of the improvement, as the question about it names it; of a proposal nothing
    was. Raises CallRefused.
    """
    subject = improvement["decision_subject"]
    if subject not in (DecisionSubject.pilot, DecisionSubject.revert):
        return MeasuredEvidence()
    number = improvement["number"]
    is_pilot = subject == DecisionSubject.pilot
    position = improvement["asked_position"] if is_pilot else improvement["measured_position"]
    if position is None:
        return MeasuredEvidence()
    named = (await measurements_of(page, [number], position=position)).get(number, [])
    judgement = improvement["asked_judgement"] if is_pilot else PilotJudgement.stopped.value
    return MeasuredEvidence(
        [await _line(page, item) for item in named],
        approving_is_against([item.measurement for item in named], judgement),
    )


def approving_is_against(measurements: Sequence[Mapping[str, Any]], judgement: str | None) -> bool:
    """Return whether approving that judgement goes against what was measured: passing what has not shown the
    promised effect, or giving up what has.
    """
    has_helped = bool(measurements) and all(
        measurement["verdict"] == EffectVerdict.improved and measurement["promise"] != PromiseVerdict.missed
        for measurement in measurements
    )
    if judgement == PilotJudgement.passed:
        return not has_helped
    return judgement == PilotJudgement.stopped and has_helped


async def _line(page: DashboardPage, item: MeasurementOnPage) -> EvidenceLine:
    if item.measured is None:
        name = KPIS[item.kpi].texts(page.language).name
        words = page.unit_words("number")
        sentence = words.translate("row_described", label=name, text=item.relative.remark)
        return EvidenceLine(sentence, (), None, None)
    effect, words = str(item.measured["id"]), effect_words(page, item.measured)
    path = f"/v1/effects/{effect}/chart.svg"
    answer = await page.desk.calls.send("GET", path, parameters={"figure": "intervals"})
    warnings = [warning_sentence(warning, words) for warning in item.measured["result"]["warnings"]]
    return EvidenceLine(item.measured["sentence"], warnings, answer.drawing, effect)
