"""The question about a KPI: periods, dimensions to group by, and filters. Pure.

Questions are checked here, so that every caller (an endpoint, a command) gets the same refusals.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from app.common.priorities.priority import Priority
from app.common.times.zones import EXAMPLES, is_zone
from app.i18n import translate
from app.kpis.declaration.dimensions import Age, Dimension
from app.kpis.declaration.kpi import Kpi
from app.kpis.questions import periods
from app.kpis.questions.periods import Grain

#: The log accepts no times outside these years.
FIRST_YEAR, LAST_YEAR = 1900, 2200
#: The value of a filter that selects the cases without a team, a service and so on.
NO_VALUE = "none"
#: The default of the setting `currency`.
DEFAULT_CURRENCY = "EUR"


class CannotAnswer(Exception):
    """Raised for a parameter of a question that makes it unanswerable. Codes and their words:

    unknown_grain, unknown_zone, unknown_dimension   `known`: the values that exist
    no_dimension                                     the KPI is cut by nothing
    not_an_instant                                   neither a date nor a time with its offset
    ends_before_it_begins                            `to` is not after `from`
    too_many_periods, too_many_points                `most`: the largest number per answer
    too_many_cases                                   `most`: the largest number per window
    not_by_parts                                     what is divided by is no sum over parts
    unknown_value                                    `value`: no team, person or priority of that name

    `field` is the parameter; `words` fill in the message of `code`.
    """

    def __init__(self, field: str, code: str, **words: str) -> None:
        super().__init__(f"{field}: {code} {words}")
        self.field = field
        self.code = code
        self.words = words

    def sentence(self, language: str) -> str:
        """Return the message in the language: what is wrong with the parameter."""
        return translate(language, "value", self.code, self.words)


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budgets of a KPI over time: the mean cost per case in hundredths of the currency, from each instant
    to the next; None: no budget then. The instants ascend; there is no budget before the first.
    """

    instants: tuple[datetime, ...] = ()
    hundredths: tuple[int | None, ...] = ()

    def amount_at(self, instant: datetime) -> int | None:
        """Return the budget at the instant, or None."""
        place = bisect_right(self.instants, instant)
        return self.hundredths[place - 1] if place else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KpiQuestion:
    """A checked question about a KPI.

    `bounds` are the n + 1 bounds of n periods, in UTC. `filters` has by dimension the values of which a case
    must have one, as the caller wrote them; `none` stands for no value. `reopen_days` is how long an ended
    case can be reopened. `now` is the instant of the question: whatever falls due later is not counted.
    `last_year`: the same periods of the year before are asked for, too.
    `currency` is the one in which costs are counted; `budgets` are those that costs are compared with, once
    they have been loaded. `case_id`: of the facts those of this case alone are counted; None: those of all.
    `first_record` is when the first record of the KPI's kinds was opened, once it is loaded; None: not known.
    """

    kpi: Kpi
    grain: Grain
    zone: ZoneInfo
    bounds: tuple[datetime, ...]
    by: tuple[Dimension, ...] = ()
    filters: Mapping[Dimension, tuple[str, ...]]
    now: datetime
    reopen_days: int = 0
    currency: str = DEFAULT_CURRENCY
    budgets: Budgets = Budgets()  # frozen
    last_year: bool = False
    case_id: UUID | None = None
    first_record: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionParameters:
    """The unchecked parameters of a question, as the caller wrote them; omitted ones have defaults.

    `begin` and `end` are dates (midnight in the zone) or times with an offset; `end` is exclusive. Defaults:
    `grain` month; `zone` the organisation's; `end` the end of the running period; `begin` twelve months
    before `end`. `by` and `filters` name dimensions.
    """

    grain: str | None = None
    begin: str | None = None
    end: str | None = None
    zone: str | None = None
    by: Sequence[str] = ()
    filters: Mapping[str, Sequence[str]] = field(default_factory=dict)


def parse_question(
    kpi: Kpi,
    parameters: QuestionParameters,
    *,
    now: datetime,
    organisation_zone: str,
    reopen_days: int = 0,
    currency: str = DEFAULT_CURRENCY,
    most_periods: int = periods.LARGEST_NUMBER,
) -> KpiQuestion:
    """Return the checked question for an organisation with these settings. Raises CannotAnswer."""
    grain = _grain(parameters.grain)
    zone = zone_named(parameters.zone or organisation_zone)
    begin, end = time_range(parameters.begin, parameters.end, grain, zone, now)
    try:
        bounds = periods.cut_periods(grain, begin, end, zone, most=most_periods)
    except periods.TooManyPeriods as error:
        raise CannotAnswer("grain", "too_many_periods", most=str(most_periods)) from error
    filters = {
        _dimension(kpi, name, name): tuple(values) for name, values in parameters.filters.items() if values
    }
    _check_values(filters)
    by = tuple(dict.fromkeys(_dimension(kpi, "by", name) for name in parameters.by))
    return KpiQuestion(
        kpi=kpi,
        grain=grain,
        zone=zone,
        bounds=bounds,
        by=by,
        filters=filters,
        now=now,
        reopen_days=reopen_days,
        currency=currency,
    )


def time_range(
    begin: str | None, end: str | None, grain: Grain, zone: ZoneInfo, now: datetime
) -> tuple[datetime, datetime]:
    """Return the time between two instants as a caller wrote them; None: the defaults of QuestionParameters.
    Raises CannotAnswer.
    """
    usual_begin, usual_end = periods.default_range(grain, now, zone)
    until = usual_end if end is None else instant_of("to", end, zone)
    if begin is not None:
        since = instant_of("from", begin, zone)
    else:
        since = usual_begin if end is None else periods.twelve_months_before(until, zone)
    if since >= until:
        raise CannotAnswer("to", "ends_before_it_begins")
    return since, until


def _grain(name: str | None) -> Grain:
    try:
        return Grain.month if name is None else Grain(name)
    except ValueError as error:
        raise CannotAnswer("grain", "unknown_grain", known=", ".join(Grain)) from error


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of that name. Raises CannotAnswer."""
    if not is_zone(name):
        raise CannotAnswer("tz", "unknown_zone", known=EXAMPLES)
    return ZoneInfo(name)


def instant_of(field: str, text: str, zone: ZoneInfo) -> datetime:
    """Return the instant that a caller wrote as a date, which begins at midnight in the zone, or as a time
    with its offset. Raises CannotAnswer, about that parameter.
    """
    # In a URL an unescaped plus sign arrives as a space.
    text = text.replace(" ", "+") if "T" in text else text
    try:
        if len(text) == len("2026-11-20"):
            instant = periods.start_of(date.fromisoformat(text), zone)
        else:
            instant = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise CannotAnswer(field, "not_an_instant") from error
    if instant.tzinfo is None or not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise CannotAnswer(field, "not_an_instant")
    return instant.astimezone(UTC)


def _dimension(kpi: Kpi, field: str, name: str) -> Dimension:
    for dimension in kpi.dimensions:
        if dimension.value == name:
            return dimension
    if not kpi.dimensions:
        raise CannotAnswer(field, "no_dimension")
    raise CannotAnswer(field, "unknown_dimension", known=", ".join(kpi.dimensions))


def _check_values(filters: Mapping[Dimension, tuple[str, ...]]) -> None:
    """Raise CannotAnswer for values that can be seen to be wrong without reading the database."""
    for dimension, values in filters.items():
        for value in values:
            # No record has such a name, and PostgreSQL rejects some of these characters.
            if not value.isprintable():
                raise CannotAnswer(dimension.value, "unknown_value", value=ascii(value))
    for value in filters.get(Dimension.priority, ()):
        if value != NO_VALUE and value not in list(Priority):
            raise CannotAnswer("priority", "unknown_value", value=value)
    for value in filters.get(Dimension.age, ()):
        if value not in list(Age):
            raise CannotAnswer("age", "unknown_value", value=value)
    for of_person in (Dimension.assignee, Dimension.owner):
        for value in filters.get(of_person, ()):
            try:
                assert value == NO_VALUE or UUID(value)
            except ValueError as error:
                raise CannotAnswer(of_person.value, "unknown_value", value=value) from error
