"""Texts and formatted numbers of the printed report, in English and Chinese (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.html.filters import moment
from app.i18n import sentences, translate
from app.kpis.catalogue import KPIS
from app.kpis.declaration.kpi import Unit
from app.service_levels.agreements.records import TargetComparator, TargetMetric
from app.service_reports.content import ReportTarget

TABLE = "service_report"
MINUTE, HOUR = 60, 3600
UNKNOWN = "–"
#: The sentence of the agreed bound.
AGREED = {
    TargetComparator.lt: "less_than",
    TargetComparator.le: "at_most",
    TargetComparator.gt: "more_than",
    TargetComparator.ge: "at_least",
}


#: Names of records, by their kind and key.
RecordNames = Mapping[tuple[str, str], str]
#: The percentage above which a tenth more or less decides.
NEARLY_ALL = 99


@dataclass(frozen=True, slots=True)
class ReportTexts:
    """The texts of one language, with times by the clocks of a zone. `names` are those of the records to
    which the agreement's targets are limited.
    """

    language: str
    zone: ZoneInfo
    names: RecordNames = field(default_factory=dict)

    def sentence(self, code: str, **values: object) -> str:
        """Return the sentence of that code, with the values filled in."""
        return translate(self.language, TABLE, code, {name: str(value) for name, value in values.items()})

    def label(self, code: str, otherwise: str) -> str:
        """Return the label of that code, or `otherwise`."""
        return sentences(self.language)[TABLE].get(code, otherwise)

    def process(self, kind: str) -> str:
        """Return the label of the process that tickets of that kind go through."""
        return self.label(f"process_{kind}", kind)

    def record_name(self, kind: str, key: str | None) -> str | None:
        """Return the name of the record of that kind and key; the key itself if the reader may not see it."""
        return key if key is None else self.names.get((kind, key), key)

    def moment(self, instant: datetime) -> str:
        """Return the instant by the zone's clocks, to the minute, with how far these are from UTC."""
        return moment(instant, self.zone)

    def day(self, instant: datetime) -> str:
        """Return the day of the instant in the zone."""
        return f"{instant.astimezone(self.zone):%Y-%m-%d}"

    def last_day(self, end: datetime) -> str:
        """Return the last day before the instant."""
        return self.day(end - timedelta(microseconds=1))

    def duration(self, seconds: int | Decimal) -> str:
        """Return the seconds as hours and minutes, or minutes and seconds."""
        total = round(abs(Decimal(seconds)))
        hours, minutes, rest = total // HOUR, total % HOUR // MINUTE, total % MINUTE
        parts = [(hours, "h"), (minutes, "min"), (rest if not hours else 0, "s")]
        text = " ".join(f"{number} {self.sentence(f'unit_{unit}')}" for number, unit in parts if number)
        return ("−" if seconds < 0 else "") + (text or f"0 {self.sentence('unit_s')}")

    def share(self, value: str | Decimal) -> str:
        """Return a share in percent, with as many decimals as it has, two at most; of more, one is enough
        unless it is near the whole, as availability is.
        """
        percent = Decimal(value) * 100
        if percent != round(percent, 2):
            percent = round(percent, 4 if percent > NEARLY_ALL else 1)
        percent = percent.normalize()
        return f"{percent:f} %"

    def figure(self, value: str | None, unit: str | None) -> str:
        """Return a value in its unit."""
        if value is None:
            return UNKNOWN
        if unit == Unit.ratio:
            return self.share(value)
        if unit == Unit.seconds:
            return self.duration(Decimal(value))
        return f"{Decimal(value):,f}"

    def money(self, amount: str | None, currency: str | None) -> str:
        """Return an amount of money."""
        return UNKNOWN if amount is None else f"{Decimal(amount):,f} {currency or ''}".strip()

    def subject(self, target: ReportTarget) -> str:
        """Return the name of the target's metric or KPI, and its conditions."""
        name = target.metric.label(self.language)
        if target.metric is TargetMetric.kpi and target.kpi in KPIS:
            name = KPIS[target.kpi].texts(self.language).name
        conditions = [
            None if target.process is None else self.process(target.process),
            target.priority,
            self.record_name("category", target.category),
            self.record_name("service", target.service),
            self.record_name("catalogue_item", target.catalogue_item),
        ]
        named_conditions = [condition for condition in conditions if condition is not None]
        return f"{name} · {', '.join(named_conditions)}" if named_conditions else name

    def agreed(self, target: ReportTarget) -> str:
        """Return the agreed bound: `95 % within 4 h`, `at least 99.9 %`, `above 4`."""
        if target.threshold_seconds is not None:
            share, time = self.share(target.compliance or "1"), self.duration(target.threshold_seconds)
            return self.sentence("agreed_clock", share=share, time=time)
        bound = self.figure(target.threshold, target.unit or Unit.ratio)
        return self.sentence(AGREED[target.comparator], bound=bound)
