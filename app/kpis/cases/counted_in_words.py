"""Contribution of a case to a KPI, in words: `took 3 h 12 min`, `counts as one case` (pure)."""

from __future__ import annotations

from app.i18n import translate
from app.kpis.cases.counted_in import CountedIn
from app.kpis.declaration.kpi import Aggregate, Basis, Kpi, Unit
from app.kpis.declaration.measures import Measure
from app.kpis.questions.chart_words import ChartWords

TABLE = "counted_in"
#: The sentences of measures that are a length of time.
TIMES = {
    Measure.seconds: "took",
    Measure.business_seconds: "took_business",
    Measure.observed: "took_so_far",
    Measure.outage_seconds: "outage",
}
MONEY = frozenset({Measure.cost, Measure.budgeted})
SHARES = frozenset({Aggregate.share, Aggregate.of_decided})


def contribution(counted: CountedIn, language: str, part: str | None) -> str:
    """Return the contribution of the case. `part` names the counted part of the case, if that is not all of
    it.
    """
    question, kpi = counted.question, counted.question.kpi
    code = _code(kpi, counted.measure)
    unit = Unit.seconds if _is_time(code) else Unit.money if kpi.measure in MONEY else Unit.number
    words = ChartWords(language, unit, question.zone, question.currency)
    filled = {"what": kpi.measure.label(language), "value": words.value(counted.measure)}
    text = translate(language, TABLE, code, filled)
    if part is not None:
        text = translate(language, TABLE, "part", {"words": text, "part": part})
    if counted.excluded is not None:
        text = translate(language, TABLE, "excluded", {"words": text})
    return text


def _code(kpi: Kpi, measure: int) -> str:
    if kpi.measure is Measure.case:
        return "counts"
    if kpi.measure in TIMES:
        return "age" if kpi.basis is Basis.standing else TIMES[kpi.measure]
    if kpi.aggregate in SHARES:
        return "numerator" if measure else "denominator"
    return "number"


def _is_time(code: str) -> bool:
    return code == "age" or code in TIMES.values()
