"""An effect in a plain sentence, in English and Chinese. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from app.i18n import translate
from app.kpis.declaration.kpi import Aggregate, Kpi, Unit
from app.kpis.effects.content import EffectResult, EffectScale
from app.kpis.statistics.effects.codes import WITHOUT_CONTROL, EffectMethod, EffectVerdict

TABLE = "effect"
SHARES = frozenset({EffectMethod.share, EffectMethod.share_by_day})
MINUTE, HOUR, DAY = 60, 3_600, 86_400
#: The units that durations are said in, from the one of which there are two at least.
UNITS = ((2 * DAY, DAY, "days"), (2 * HOUR, HOUR, "hours"), (2 * MINUTE, MINUTE, "minutes"))


def sentence_of(kpi: Kpi, result: EffectResult, language: str) -> str:
    """Return the sentence: what the effect is, in the KPI's unit and in per cent, and its interval; what a
    mean cannot say; how many cases there are; and what was promised.
    """
    said = _Words(kpi, result, language)
    if not said.has_effect:
        return said.too_few()
    return said.joined([*said.headline(), *said.further_figures(), said.cases(), said.promised()])


def headline_of(kpi: Kpi, result: EffectResult, language: str) -> str:
    """Return the sentence without what stands beside the effect: as the title of a figure."""
    said = _Words(kpi, result, language)
    return said.joined([*said.headline(), said.cases()]) if said.has_effect else said.too_few()


class _Words:
    """The words and figures of one effect in one language."""

    def __init__(self, kpi: Kpi, result: EffectResult, language: str) -> None:
        self.kpi, self.result, self.language = kpi, result, language
        self.is_ratio = result.scale is EffectScale.ratio
        timed = kpi.unit is Unit.seconds and not self.is_ratio
        self.down, self.up = ("shorter", "longer") if timed else ("lower", "higher")

    def of(self, code: str, **words: object) -> str:
        return translate(self.language, TABLE, code, {name: str(word) for name, word in words.items()})

    @property
    def has_effect(self) -> bool:
        """Whether there is an effect to tell."""
        return self.result.verdict is not EffectVerdict.too_few_cases and self.result.effect is not None

    def too_few(self) -> str:
        return self.of(
            "too_few",
            kpi=self.kpi.texts(self.language).name,
            before=self.result.before.cases,
            after=self.result.after.cases,
        )

    def joined(self, parts: Sequence[str]) -> str:
        return self.of("separator").join(part for part in parts if part) + self.of("stop")

    def headline(self) -> list[str]:
        """Return the effect, what it is between, and its interval."""
        assert self.result.effect is not None
        verdict = self.result.verdict.label(self.language).lower()
        if self.is_told_by_pairs:
            verdict = self.of("by_pairs", verdict=verdict)
        name, change = self.kpi.texts(self.language).name, self.change(self.result.effect)
        told = self.of("effect", kpi=name, change=change, verdict=f"{self.per_cent()}{verdict}")
        return [told, self.compared(), self.interval()]

    @property
    def is_told_by_pairs(self) -> bool:
        """Whether the interval of the pairs alone tells the effect, and that of the value allows for none."""
        low, high = self.result.low, self.result.high
        tells = self.result.verdict in (EffectVerdict.improved, EffectVerdict.worsened)
        is_below = high is not None and self._apart(high) < 0
        is_above = low is not None and self._apart(low) > 0
        return tells and not (is_below or is_above)

    def _apart(self, effect: float) -> float:
        """Return how far the effect is from none: below 0 if the value fell."""
        return effect - 1 if self.is_ratio else effect

    def change(self, effect: float) -> str:
        """Return the effect as an amount and the way it went."""
        apart = self._apart(effect)
        if not apart:
            return self.of("unchanged")
        return self.of(self.down if apart < 0 else self.up, amount=self.amount(abs(apart)))

    def amount(self, size: float) -> str:
        """Return an amount in the unit of the effect."""
        unit = self.kpi.unit
        if self.is_ratio:
            return f"{_number(100 * size)} %"
        if WITHOUT_CONTROL[self.result.method] in SHARES or unit is Unit.ratio:
            return self.of("points", number=_number(100 * size))
        if unit is Unit.seconds:
            return self.duration(size)
        return _number(size / 100) if unit is Unit.money else _number(size)

    def per_cent(self) -> str:
        """Return the effect as a part of what was before, and a comma; empty where that says nothing."""
        before, effect = self.result.before.compared, self.result.effect
        if self.is_ratio or not before or not effect:
            return ""
        sign = "-" if effect * before < 0 else "+"
        return self.of("per_cent", number=f"{sign}{_number(abs(100 * effect / before))}")

    def compared(self) -> str:
        """Return the KPI of both windows, of a count by the day; and what else was compared."""
        result = self.result
        if WITHOUT_CONTROL[result.method] is EffectMethod.duration:
            return self.of("compared_medians" if result.control_before else "compared_shift")
        sides = [result.before, result.after, result.control_before, result.control_after]
        values = [side for side in sides if side is not None]
        by_day = self.kpi.aggregate is Aggregate.number and self.is_ratio and result.before.days is not None
        if self.kpi.aggregate is Aggregate.year_over_year:
            return ""
        told = [self.level(of.compared if by_day else of.value) for of in values]
        code = "from_to_a_day" if by_day else "from_to"
        return self.of(
            _of_both(code, result), **dict(zip(("before", "after", "others", "later"), told, strict=False))
        )

    def level(self, value: float | None) -> str:
        """Return a value of the KPI; of a count by the day a number."""
        if value is None:
            return self.of("no_value")
        if self.is_ratio and self.kpi.aggregate is Aggregate.number:
            return _number(value)
        unit = self.kpi.unit
        if unit is Unit.ratio:
            return self.of("percent", number=_number(100 * value))
        return (
            self.duration(value)
            if unit is Unit.seconds
            else _number(value / 100 if unit is Unit.money else value)
        )

    def duration(self, seconds: float) -> str:
        """Return seconds in the unit that has two at least."""
        size = abs(seconds)
        for least, of_unit, name in UNITS:
            if size >= least:
                return self.of(name, number=_number(seconds / of_unit))
        return self.of("seconds", number=_number(seconds))

    def interval(self) -> str:
        """Return the interval: its amounts if all of it lies on one side of no effect, else its ends."""
        low, high = self.result.low, self.result.high
        level = _number(100 * self.result.level)
        if low is None or high is None:
            return self.of("no_interval")
        ends = [self._apart(low), self._apart(high)]
        if ends[0] * ends[1] <= 0:
            return self.of("interval_ends", level=level, low=self.change(low), high=self.change(high))
        smaller, larger = sorted(map(abs, ends))
        return self.of("interval", level=level, low=self.amount(smaller), high=self.amount(larger))

    def further_figures(self) -> list[str]:
        """Return what a mean cannot say: the medians, the pairs, and the cases that took nothing."""
        result, found = self.result, list[str]()
        before, after, relative = result.before, result.after, result.relative
        if (
            before.median is not None
            and after.median is not None
            and self.kpi.aggregate is not Aggregate.median
        ):
            found.append(self.of("medians", before=self.level(before.median), after=self.level(after.median)))
        timed = self.kpi.unit is Unit.seconds
        if relative is not None:
            code = "pairs_quicker" if timed else "pairs_less"
            found.append(
                self.of(
                    _of_both(code, result),
                    share=_points(relative.value),
                    low="–" if relative.low is None else _points(relative.low),
                    high="–" if relative.high is None else _points(relative.high),
                )
            )
        if timed and (before.zeros or after.zeros):
            code = "zeros_business" if self.kpi.is_in_business_time else "zeros"
            found.append(self.of(code, before=_points(before.zeros or 0), after=_points(after.zeros or 0)))
        return found

    def cases(self) -> str:
        """Return the number of cases, and of days that they began on."""
        before, after = self.result.before, self.result.after
        code = "cases" if before.days is None or after.days is None else "cases_days"
        days = {"days_before": before.days, "days_after": after.days}
        return self.of(code, before=before.cases, after=after.cases, **days)

    def promised(self) -> str:
        """Return what was promised, and whether it is shown; empty if nothing was."""
        promised = self.result.promised
        if promised is None:
            return ""
        reached = promised.reached.label(self.language).lower()
        return self.of("promised", change=self.change(promised.effect), reached=reached)


def _points(share: float) -> str:
    """Return a share, or a difference of shares, in per cent without its sign."""
    return f"{100 * share:.0f}"


def _number(size: float) -> str:
    """Return the number with three significant digits, and no more decimals than two."""
    decimals = 0 if abs(size) >= 100 else 1 if abs(size) >= 10 else 2  # significant digits
    text = f"{size:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _of_both(code: str, result: EffectResult) -> str:
    """Return the sentence that tells of the control as well, if there is one."""
    return f"{code}_control" if result.control_before else code
