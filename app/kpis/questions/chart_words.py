"""Values, periods and sentences of charts, in English and Chinese (pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from app.i18n import translate
from app.kpis.declaration.kpi import TargetValue, Unit
from app.kpis.questions.periods import Grain

TABLE = "chart"
#: The units of durations, largest first, with their seconds.
DURATIONS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
MINUS = "−"
HUNDREDTHS = 100
#: Shares are written with four decimals of a percent at most.
MOST_DECIMALS = 4
MONEY_DECIMALS, SCORE_DECIMALS = 2, 2
#: More digits than numbers of cases, seconds and hundredths differ in.
MOST_PRECISION = 10
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class ChartWords:
    """The words of one language, for values in one unit and times by the clocks of a zone.

    `decimals` are those needed to distinguish values: for a share, those of its percents. `precision` are
    digits beyond these: further decimals, for a duration first further units.
    """

    language: str
    unit: Unit
    zone: ZoneInfo
    currency: str = "EUR"
    decimals: int = 1
    precision: int = 0

    def translate(self, code: str, **values: object) -> str:
        """Return the sentence of that code, with the values filled in."""
        return translate(self.language, TABLE, code, {name: str(value) for name, value in values.items()})

    def value(self, value: float) -> str:
        """Return a value in its unit."""
        sign = MINUS if value < 0 else ""
        return sign + self._amount(abs(value))

    def against(self, value: float, target: TargetValue) -> ChartWords:
        """Return the words with as many digits of the value and the target as are needed to see whether the
        value meets the target.
        """
        for precision in range(MOST_PRECISION):
            words = replace(self, precision=precision)
            written = replace(target, value=words._written(target.value))
            if written.met_by(words._written(value)) == target.met_by(value):
                return words
        return replace(self, precision=MOST_PRECISION)

    def _written(self, value: float) -> float:
        """Return the number in the words of the value."""
        match self.unit:
            case Unit.seconds:
                return math.copysign(self._seconds(abs(value)), value)
            case Unit.ratio:
                return round(value * 100, self.decimals + self.precision)
            case Unit.money:
                return round(value / HUNDREDTHS, MONEY_DECIMALS + self.precision)
            case Unit.score:
                return round(value, SCORE_DECIMALS + self.precision)
            case _:
                return round(value, self.decimals + self.precision)

    def difference(self, value: float) -> str:
        """Return a difference of two values with its sign, a difference of shares in points."""
        sign = "±" if value == 0 else MINUS if value < 0 else "+"
        if self.unit is Unit.ratio:
            return sign + self.translate("points", number=self._decimal(abs(value) * 100, self.decimals))
        return sign + self._amount(abs(value))

    def ratio(self, value: float) -> str:
        """Return a ratio of two rates as a factor."""
        return f"×{value:.2f}"

    def _amount(self, value: float) -> str:
        match self.unit:
            case Unit.seconds:
                return self._duration(value)
            case Unit.ratio:
                return f"{self._decimal(value * 100, self.decimals)} %"
            case Unit.money:
                amount = f"{value / HUNDREDTHS:,.{MONEY_DECIMALS + self.precision}f}"
                return amount.removesuffix(".00") + f" {self.currency}"
            case Unit.score:
                return f"{value:.{SCORE_DECIMALS + self.precision}f}"
            case _:
                return self._decimal(value, self.decimals)

    def _decimal(self, value: float, decimals: int) -> str:
        text = f"{value:,.{decimals + self.precision}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text

    def _duration(self, seconds: float) -> str:
        """Return a duration in its two largest units, rounded: 2 h 12 min."""
        rest, parts = self._seconds(seconds), []
        for name, length in DURATIONS[:-1]:
            count, rest = divmod(rest, length)
            if count:
                parts.append(self.translate(f"unit_{name}", number=f"{count:,.0f}"))
        if rest or not parts:
            parts.append(self.translate("unit_s", number=self._decimal(rest, 1)))
        return " ".join(parts)

    def _seconds(self, seconds: float) -> float:
        """Return the seconds as they are written: rounded to the second largest of their units, or to one
        that is smaller by the precision.
        """
        for place, (_, length) in enumerate(DURATIONS):
            smallest = place + 1 + self.precision
            if smallest >= len(DURATIONS):
                rounded = round(seconds, smallest - len(DURATIONS) + (length > 1))
            else:
                rounded = round(seconds / DURATIONS[smallest][1]) * DURATIONS[smallest][1]
            if rounded >= length:
                return rounded
        return round(seconds, 1 + self.precision)

    def period(self, begin: datetime, grain: Grain) -> str:
        """Return the name of the period that begins then."""
        day = begin.astimezone(self.zone).date()
        year, week, _ = day.isocalendar()
        named: dict[Grain, tuple[str, dict[str, object]]] = {
            Grain.year: ("year", {}),
            Grain.quarter: ("quarter", {"quarter": (day.month + 2) // 3}),
            Grain.month: ("month", {"month": self._month(day.month)}),
            Grain.week: ("week", {"week": week, "year": year}),
            Grain.day: ("day", {"month": self._month(day.month), "day": day.day}),
            Grain.all: ("day", {"month": self._month(day.month), "day": day.day}),
        }
        code, parts = named[grain]
        return self.translate(f"period_{code}", **{"year": day.year, **parts})

    def tick(self, begin: datetime, grain: Grain) -> str:
        """Return the label of the period that begins then, without the year, which is drawn below it."""
        day = begin.astimezone(self.zone).date()
        match grain:
            case Grain.year:
                return str(day.year)
            case Grain.quarter:
                return self.translate("tick_quarter", quarter=(day.month + 2) // 3)
            case Grain.month:
                return self.translate("tick_month", month=self._month(day.month))
            case Grain.week:
                return self.translate("tick_week", week=day.isocalendar().week)
            case _:
                return self.translate("tick_day", month=self._month(day.month), day=day.day)

    def year(self, begin: datetime, grain: Grain) -> str:
        """Return the year that a tick belongs to; empty if the tick contains it."""
        day = begin.astimezone(self.zone).date()
        if grain is Grain.year:
            return ""
        return self.translate("tick_year", year=day.isocalendar().year if grain is Grain.week else day.year)

    def _month(self, month: int) -> str | int:
        return month if self.language == "zh" else MONTHS[month - 1]
