"""The values in sentences: typed, as programs read them, and in words of both languages (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app.common.people import Role, RoleLabels
from app.common.records import CodeEnum
from app.i18n import LANGUAGES, translate
from app.i18n.clocks import zone_offset
from app.kernel.actions.lifecycle import Lifecycle
from app.kpis.declaration.kpi import Kpi, TargetValue, Unit
from app.kpis.questions.chart_words import ChartWords
from app.kpis.questions.periods import Grain
from app.kpis.questions.written_periods import period_key
from app.log.canonical import instant

ValueType = Literal["number", "seconds", "value", "instant", "period", "key", "record", "text"]
TIME_FORMAT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class SentenceValue:
    """A value in a sentence. `words` are those of each language, `href` the address of the record."""

    type: ValueType
    value: int | float | str | None
    words: Mapping[str, str]
    unit: str | None = None
    href: str | None = None


def _alike(text: str) -> dict[str, str]:
    return dict.fromkeys(LANGUAGES, text)


def number(count: int) -> SentenceValue:
    """Return a number of things."""
    return SentenceValue("number", count, _alike(f"{count:,}"))


def duration(seconds: float) -> SentenceValue:
    """Return a time in its two largest units."""
    words = {
        language: ChartWords(language, Unit.seconds, ZoneInfo("UTC")).value(seconds) for language in LANGUAGES
    }
    return SentenceValue("seconds", round(seconds), words, unit=Unit.seconds.value)


def kpi_value(kpi: Kpi, value: float, currency: str) -> SentenceValue:
    """Return a value of the KPI in its unit."""
    words = {language: _value_words(kpi, language, currency).value(value) for language in LANGUAGES}
    return SentenceValue("value", value, words, unit=kpi.unit.value)


def kpi_against_target(
    kpi: Kpi, value: float, target: TargetValue, currency: str
) -> dict[str, SentenceValue]:
    """Return a `value` of the KPI and its `target` with the comparator, as `under 2 h`: with as many digits
    as are needed to see whether it was met.
    """
    words_of_value, words_of_target = {}, {}
    for language in LANGUAGES:
        words = _value_words(kpi, language, currency).against(value, target)
        words_of_value[language] = words.value(value)
        blanks = {"value": words.value(target.value)}
        words_of_target[language] = translate(language, "attention", f"target_{target.comparator}", blanks)
    return {
        "value": SentenceValue("value", value, words_of_value, unit=kpi.unit.value),
        "target": SentenceValue("value", target.value, words_of_target, unit=kpi.unit.value),
    }


def _value_words(kpi: Kpi, language: str, currency: str) -> ChartWords:
    return ChartWords(language, kpi.unit, ZoneInfo("UTC"), currency)


def moment(time: datetime, zone: ZoneInfo) -> SentenceValue:
    """Return an instant, in words by the clocks of the zone."""
    local = time.astimezone(zone)
    words = f"{local.strftime(TIME_FORMAT)} {zone_offset(local)}"
    return SentenceValue("instant", instant(time), _alike(words))


def period(begin: datetime, grain: Grain, zone: ZoneInfo) -> SentenceValue:
    """Return the period of that length that begins then."""
    words = {language: ChartWords(language, Unit.number, zone).period(begin, grain) for language in LANGUAGES}
    return SentenceValue("period", period_key(grain, begin.astimezone(zone).date()), words)


def periods(grain: Grain) -> SentenceValue:
    """Return the name of several periods of that length, as `months`."""
    return named(
        grain.value,
        {language: translate(language, "attention", f"periods_{grain}") for language in LANGUAGES},
    )


def record(number_or_key: str, href: str) -> SentenceValue:
    """Return a record by its number or key."""
    return SentenceValue("record", number_or_key, _alike(number_or_key), href=href)


def named(key: str, names: Mapping[str, str], href: str | None = None) -> SentenceValue:
    """Return what has a key, and a name in each language."""
    return SentenceValue("key", key, names, href=href)


def code(member: CodeEnum) -> SentenceValue:
    """Return a code by its label."""
    return named(member.value, {language: member.label(language) for language in LANGUAGES})


def role(held: Role, labels: RoleLabels) -> SentenceValue:
    """Return a role by its label in the organisation."""
    return named(held.value, {language: labels.label(held, language) for language in LANGUAGES})


def text(words: str) -> SentenceValue:
    """Return words that are the same in both languages, as a name or a title."""
    return SentenceValue("text", words, _alike(words))


def kinds_of(lifecycle: Lifecycle[Any]) -> SentenceValue:
    """Return a kind of cases, in the plural."""
    names = {"en": lifecycle.plural.replace("_", " "), "zh": lifecycle.zh}
    return named(lifecycle.kind, names, f"/v1/{lifecycle.plural}")
