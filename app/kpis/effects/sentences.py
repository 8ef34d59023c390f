"""An effect in a plain sentence, in English and Chinese. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from app.i18n import translate
from app.kpis.declaration.kpi import Aggregate, Kpi, Unit
from app.kpis.effects.content import (
    EffectResult,
    EffectScale,
    EffectWarning,
    GeometricOutcome,
    WarningCode,
)
from app.kpis.effects.records import MeasuredFigure
from app.kpis.statistics.effects.codes import WITHOUT_CONTROL, EffectMethod, EffectVerdict

TABLE = "effect"
#: The version of methods from which on the verdict follows the value, and not the pairs alone.
FOLLOWS_VALUE = 3
SHARES = frozenset({EffectMethod.share, EffectMethod.share_by_day})
#: From here on, a tenth of a per cent is much.
CLOSE_TO_ALL = 0.99
MINUTE, HOUR, DAY = 60, 3_600, 86_400
UNITS = ((DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (1, "seconds"))


def sentence_of(kpi: Kpi, result: EffectResult, language: str, currency: str | None = None) -> str:
    """Return the sentence: the effect, in the KPI's unit and in per cent, and its interval; figures that a
    mean lacks; the number of cases; and the promise.
    """
    effect_words = _Words(kpi, result, language, currency)
    if not effect_words.has_effect:
        return effect_words.too_few()
    return effect_words.joined(
        [
            *effect_words.headline(),
            *effect_words.further_figures(),
            effect_words.cases(),
            *effect_words.surroundings(),
            effect_words.promised(),
        ]
    )


def headline_of(kpi: Kpi, result: EffectResult, language: str, currency: str | None = None) -> str:
    """Return the sentence without the parts that stand next to the effect: as the title of a figure."""
    effect_words = _Words(kpi, result, language, currency)
    return (
        effect_words.joined([*effect_words.headline(), effect_words.cases()])
        if effect_words.has_effect
        else effect_words.too_few()
    )


class _Words:
    """The words and figures of one effect in one language."""

    def __init__(self, kpi: Kpi, result: EffectResult, language: str, currency: str | None) -> None:
        self.kpi, self.result, self.language, self.currency = kpi, result, language, currency
        self.is_ratio = result.scale is EffectScale.ratio
        is_share = result.figure is MeasuredFigure.share_longer
        timed = kpi.unit is Unit.seconds and not self.is_ratio and not is_share
        self.down, self.up = ("shorter", "longer") if timed else ("lower", "higher")

    def text(self, code: str, **words: object) -> str:
        return translate(self.language, TABLE, code, {name: str(word) for name, word in words.items()})

    @property
    def has_effect(self) -> bool:
        """Whether there is an effect to report."""
        return self.result.verdict is not EffectVerdict.too_few_cases and self.result.effect is not None

    def too_few(self) -> str:
        return self.text(
            "too_few",
            kpi=self.name(),
            before=self.result.before.cases,
            after=self.result.after.cases,
        )

    def joined(self, parts: Sequence[str]) -> str:
        return self.text("separator").join(part for part in parts if part) + self.text("stop")

    def headline(self) -> list[str]:
        """Return the effect, what it is between, and its interval."""
        assert self.result.effect is not None
        verdict = self.result.verdict.label(self.language).lower()
        if self.is_told_by_others:
            by_version = "by_pairs" if self.result.method_version < FOLLOWS_VALUE else "by_geometric_means"
            verdict = self.text(by_version, verdict=verdict)
        name, change = self.name(), self.compared_change(self.result.effect)
        effect_text = self.text("effect", kpi=name, change=change, verdict=f"{self.per_cent()}{verdict}")
        return [effect_text, self.compared(), self.interval()]

    def name(self) -> str:
        """Return the name of the KPI, and of the figure of it that is compared."""
        name, figure = self.kpi.texts(self.language).name, self.result.figure
        if figure is MeasuredFigure.kpi:
            return name
        longer_than = self.duration(self.result.longer_than or 0)
        return self.text(f"figure_{figure.value}", kpi=name, longer_than=longer_than)

    @property
    def is_told_by_others(self) -> bool:
        """Whether only the pairs or the geometric means show the effect, and the interval of the value
        includes no effect.
        """
        low, high = self.result.low, self.result.high
        tells = self.result.verdict in (EffectVerdict.improved, EffectVerdict.worsened)
        is_below = high is not None and self._apart(high) < 0
        is_above = low is not None and self._apart(low) > 0
        return tells and not (is_below or is_above)

    def _apart(self, effect: float) -> float:
        """Return the distance of the effect from no effect: below 0 if the value fell."""
        return effect - 1 if self.is_ratio else effect

    def change(self, effect: float) -> str:
        """Return the effect as an amount and the way it went."""
        apart = self._apart(effect)
        if not apart:
            return self.text("unchanged")
        return self.text(self.down if apart < 0 else self.up, amount=self.amount(abs(apart)))

    def compared_change(self, effect: float) -> str:
        """Return the effect with what it is compared with: the control's change, or equal weekdays."""
        if self.result.control_before is not None:
            apart = self._apart(effect)
            code = "as_the_control" if not apart else "below_control" if apart < 0 else "above_control"
            return self.text(code, amount=self.amount(abs(apart)))
        change = self.change(effect)
        is_by_weekday = WITHOUT_CONTROL[self.result.method] is EffectMethod.rate_by_day
        return self.text("for_same_weekdays", change=change) if is_by_weekday else change

    def amount(self, size: float) -> str:
        """Return an amount in the unit of the effect."""
        unit = self.kpi.unit
        if self.is_ratio:
            return f"{_number(100 * size)} %"
        if WITHOUT_CONTROL[self.result.method] in SHARES or unit is Unit.ratio:
            number = _number(100 * size)
            return self.text("one_point" if number == "1" else "points", number=number)
        if unit is Unit.seconds:
            return self.duration(size)
        return self.money(size) if unit is Unit.money else _number(size)

    def money(self, cents: float) -> str:
        """Return an amount of money with its currency, if it is known."""
        return f"{_number(cents / 100)} {self.currency}" if self.currency else _number(cents / 100)

    def per_cent(self) -> str:
        """Return the effect as a part of the value before, and a comma; empty if that is meaningless: with a
        control, nobody had the change.
        """
        before, effect = self.result.before.compared, self.result.effect
        if self.is_ratio or not before or not effect or self.result.control_before is not None:
            return ""
        sign = "-" if effect * before < 0 else "+"
        return self.text("per_cent", number=f"{sign}{_number(abs(100 * effect / before))}")

    def compared(self) -> str:
        """Return the KPI of both windows, of a count by the day; and what else was compared."""
        result = self.result
        if WITHOUT_CONTROL[result.method] is EffectMethod.duration:
            return self.text("compared_medians" if result.control_before else "compared_shift")
        sides = [result.before, result.after, result.control_before, result.control_after]
        values = [side for side in sides if side is not None]
        by_day = self.kpi.aggregate is Aggregate.number and self.is_ratio and result.before.days is not None
        if self.kpi.aggregate is Aggregate.year_over_year:
            return ""
        level_texts = [
            self.level(window_value.compared if by_day else window_value.value) for window_value in values
        ]
        is_by_weekday = WITHOUT_CONTROL[result.method] is EffectMethod.rate_by_day
        code = "from_to_a_day" if by_day else "from_to_counted" if is_by_weekday else "from_to"
        return self.text(
            _of_both(code, result),
            **dict(zip(("before", "after", "others", "later"), level_texts, strict=False)),
        )

    def level(self, value: float | None) -> str:
        """Return a value of the KPI; of a count by the day a number."""
        if value is None:
            return self.text("no_value")
        if self.is_ratio and self.kpi.aggregate is Aggregate.number:
            return _number(value)
        unit = self.kpi.unit
        if unit is Unit.ratio or self.result.figure is MeasuredFigure.share_longer:
            return self.text("percent", number=_percentage(value))
        if unit is Unit.seconds:
            return self.duration(value)
        return self.money(value) if unit is Unit.money else _number(value)

    def duration(self, seconds: float) -> str:
        """Return seconds as the pages do: in two units, of which the second may be missing."""
        for (of_unit, name), (smaller_unit, smaller_name) in pairwise(UNITS):
            number, left = divmod(round(abs(seconds) / smaller_unit), of_unit // smaller_unit)
            if number:
                smaller = f" {self.text(smaller_name, number=left)}" if left else ""
                return f"{'-' if seconds < 0 else ''}{self.text(name, number=f'{number:,}')}{smaller}"
        return self.text("seconds", number=_number(seconds))

    def interval(self) -> str:
        """Return the interval: its amounts if all of it lies on one side of no effect, else its ends."""
        low, high = self.result.low, self.result.high
        level = _number(100 * self.result.level)
        if low is None or high is None:
            return self.text("no_interval")
        ends = [self._apart(low), self._apart(high)]
        if ends[0] * ends[1] <= 0:
            return self.text("interval_ends", level=level, low=self.change(low), high=self.change(high))
        smaller, larger = sorted(map(abs, ends))
        return self.text("interval", level=level, low=self.amount(smaller), high=self.amount(larger))

    def further_figures(self) -> list[str]:
        """Return figures that a mean lacks: the medians, the pairs, and the cases that took no time."""
        result, sentences = self.result, list[str]()
        before, after, relative = result.before, result.after, result.relative
        if (
            before.median is not None
            and after.median is not None
            and self.kpi.aggregate is not Aggregate.median
        ):
            sentences.append(
                self.text("medians", before=self.level(before.median), after=self.level(after.median))
            )
        if before.p90 is not None and after.p90 is not None and result.figure is not MeasuredFigure.p90:
            sentences.append(self.text("p90", before=self.level(before.p90), after=self.level(after.p90)))
        if result.geometric is not None:
            sentences.append(self.geometric_means(result.geometric))
        timed = self.kpi.unit is Unit.seconds
        if relative is not None:
            code = "pairs_quicker" if timed else "pairs_less"
            sentences.append(
                self.text(
                    _of_both(code, result),
                    share=_points(relative.value),
                    low="–" if relative.low is None else _points(relative.low),
                    high="–" if relative.high is None else _points(relative.high),
                )
            )
        if timed and (before.zeros or after.zeros):
            code = "zeros_business" if self.kpi.is_in_business_time else "zeros"
            sentences.append(
                self.text(code, before=_points(before.zeros or 0), after=_points(after.zeros or 0))
            )
        return sentences

    def geometric_means(self, geometric: GeometricOutcome) -> str:
        """Return by which part the geometric means differ, with the interval."""
        ratio, low, high = (
            "–" if number is None else f"{100 * (number - 1):+.0f}"
            for number in (geometric.ratio, geometric.low, geometric.high)
        )
        return self.text("geometric_means", change=ratio, low=low, high=high)

    def surroundings(self) -> list[str]:
        """Return what else may explain the effect: an unusual baseline, a moved control, open cases, another
        mix of cases, a trend.
        """
        result, warnings = self.result, {warning.code: warning for warning in self.result.warnings}
        sentences = list[str]()
        if result.method_version >= FOLLOWS_VALUE and result.control_before is None:
            sentences.append(self.text("compared_with_nobody"))
        sentences += self.baseline(warnings)
        if WarningCode.control_moved in warnings:
            sentences.append(self.text("control_moved"))
        if (still_open := warnings.get(WarningCode.open_cases_moved)) is not None:
            sentences.append(
                self.text("open_cases_moved", before=still_open.cases_before, after=still_open.cases)
            )
        if WarningCode.definition_changed in warnings:
            sentences.append(self.text("definition_changed"))
        if WarningCode.step_before in warnings:
            sentences.append(self.text("step_before"))
        if (trend := warnings.get(WarningCode.trend_before)) is not None and trend.share is not None:
            sentences.append(self.text("trend_before", change=f"{100 * trend.share:+.0f}"))
        if (mix := warnings.get(WarningCode.different_mix)) is not None and mix.dimension is not None:
            name = mix.dimension.label(self.language).lower()
            if mix.standardised is None:
                sentences.append(self.text("other_mix", dimension=name))
            else:
                change = self.change(mix.standardised)
                sentences.append(self.text("different_mix", dimension=name, change=change))
        return sentences

    def baseline(self, warnings: Mapping[WarningCode, EffectWarning]) -> list[str]:
        """Return the place of an unusual baseline, and how many earlier windows had the value after."""
        baseline, sentences = self.result.baseline, list[str]()
        if baseline is None:
            return []
        for code, rank in (
            (WarningCode.unusual_baseline, baseline.rank),
            (WarningCode.good_baseline, baseline.windows + 1 - baseline.rank),
        ):
            if code in warnings:
                expected = self.level(self._per_day(baseline.expected))
                words = {"rank": rank, "windows": baseline.windows, "expected": expected}
                sentences.append(self.text(code.value, **words))
        if (placebo := warnings.get(WarningCode.seen_before)) is not None:
            sentences.append(self.text("seen_before", times=placebo.times, windows=baseline.windows - 1))
        return sentences

    def _per_day(self, value: float) -> float:
        """Return a value of the KPI; of a count that by the day, as both windows are shown."""
        before = self.result.before
        if self.is_ratio and self.kpi.aggregate is Aggregate.number and before.value and before.compared:
            return value * before.compared / before.value
        return value

    def cases(self) -> str:
        """Return the number of cases, and of days that they began on; of a count that of days it has."""
        before, after = self.result.before, self.result.after
        code = "cases" if before.days is None or after.days is None else "cases_days"
        if self.kpi.aggregate is Aggregate.availability:
            code = "days_compared"
        elif self.is_ratio and code == "cases_days":
            code = "counted_days"
        days = {"days_before": before.days, "days_after": after.days}
        return self.text(code, before=before.cases, after=after.cases, **days)

    def promised(self) -> str:
        """Return what was promised, and whether it is shown; empty if nothing was."""
        promised = self.result.promised
        if promised is None:
            return ""
        reached = promised.reached.label(self.language).lower()
        return self.text("promised", change=self.change(promised.effect), reached=reached)


def _points(share: float) -> str:
    """Return a share, or a difference of shares, in per cent without its sign."""
    return f"{100 * share:.0f}"


def _number(size: float) -> str:
    """Return the number with three significant digits, and no more decimals than two."""
    decimals = 0 if abs(size) >= 100 else 1 if abs(size) >= 10 else 2  # significant digits
    text = f"{size:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _percentage(share: float) -> str:
    """Return a share in per cent; close to all of it, with two decimals."""
    return f"{100 * share:.2f}" if CLOSE_TO_ALL <= share < 1 else _number(100 * share)


def _of_both(code: str, result: EffectResult) -> str:
    """Return the sentence that includes the control, if there is one."""
    return f"{code}_control" if result.control_before else code
