"""An effect in a plain sentence, in English and Chinese. Pure."""

from __future__ import annotations

from app.i18n import translate
from app.kpis.effects.content import EffectResult, EffectScale
from app.kpis.kpi import Kpi, Unit
from app.kpis.statistics.effects.codes import EffectMethod, EffectVerdict

TABLE = "effect"
MINUTE, HOUR, DAY = 60, 3_600, 86_400
#: The units that durations are said in, from the one of which there are two at least.
UNITS = ((2 * DAY, DAY, "days"), (2 * HOUR, HOUR, "hours"), (2 * MINUTE, MINUTE, "minutes"))


def sentence_of(kpi: Kpi, result: EffectResult, language: str) -> str:
    """Return the sentence: what the effect is, its interval, how many cases there are, what was promised."""
    said = _Words(kpi, result, language)
    name = kpi.texts(language).name
    if result.verdict is EffectVerdict.too_few_cases or result.effect is None:
        return said.of("too_few", kpi=name, before=result.before.cases, after=result.after.cases)
    parts = [
        said.of(
            "effect",
            kpi=name,
            change=said.change(result.effect),
            verdict=result.verdict.label(language).lower(),
        ),
        said.interval(),
        said.of("cases", before=result.before.cases, after=result.after.cases),
        said.promised(),
    ]
    return said.of("separator").join(part for part in parts if part) + said.of("stop")


class _Words:
    """The words and figures of one effect in one language."""

    def __init__(self, kpi: Kpi, result: EffectResult, language: str) -> None:
        self.kpi, self.result, self.language = kpi, result, language
        self.is_ratio = result.scale is EffectScale.ratio
        timed = kpi.unit is Unit.seconds and not self.is_ratio
        self.down, self.up = ("shorter", "longer") if timed else ("lower", "higher")

    def of(self, code: str, **words: object) -> str:
        return translate(self.language, TABLE, code, {name: str(word) for name, word in words.items()})

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
        if self.result.method in {EffectMethod.share, EffectMethod.share_did} or unit is Unit.ratio:
            return self.of("points", number=_number(100 * size))
        if unit is Unit.seconds:
            for least, seconds, name in UNITS:
                if size >= least:
                    return self.of(name, number=_number(size / seconds))
            return self.of("seconds", number=_number(size))
        return _number(size / 100) if unit is Unit.money else _number(size)

    def interval(self) -> str:
        """Return the interval: its amounts if all of it lies on one side of no effect, else its ends."""
        low, high = self.result.low, self.result.high
        if low is None or high is None:
            return self.of("no_interval")
        ends = [self._apart(low), self._apart(high)]
        if ends[0] * ends[1] <= 0:
            return self.of("interval_ends", low=self.change(low), high=self.change(high))
        smaller, larger = sorted(map(abs, ends))
        return self.of("interval", low=self.amount(smaller), high=self.amount(larger))

    def promised(self) -> str:
        """Return what was promised, and whether it is shown; empty if nothing was."""
        promised = self.result.promised
        if promised is None:
            return ""
        reached = promised.reached.label(self.language).lower()
        return self.of("promised", change=self.change(promised.effect), reached=reached)


def _number(size: float) -> str:
    """Return the number with three significant digits, and no more decimals than two."""
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2  # significant digits
    text = f"{size:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
