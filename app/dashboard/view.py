"""The view that an address chooses: period, scope, comparison. All that is chosen stands in the address, by
keys and never by ids (pure).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.common.times.zones import is_zone
from app.kpis.questions.periods import Grain, first_day, next_period, start_of
from app.kpis.questions.written_periods import parse_period, period_key

#: The parameters by which cases are narrowed, which figures and attention take alike.
SCOPES = ("team", "service", "priority")
COMPARISONS = ("none", "previous", "year")
#: Parameters that other parts of a page read.
OTHER_PARAMETERS = frozenset(
    {"lang", "q", "sort", "by", "mark", "process", "view", "moving_range", "rows", "state", "cursor", "done"}
    | {"as_of", "recompute"}
    | {"variant", "fits", "misfit", "step", "came_back"}
)
USUAL_PERIODS, MOST_PERIODS = 13, 59
GRAINS = (Grain.week, Grain.month, Grain.quarter, Grain.year)


@dataclass(frozen=True, slots=True)
class PageView:
    """Choices in an address: `first` is the first day of the judged period, `today` that of the reader's
    zone, or that of the instant `as_of_instant` if `as_of` in the address freezes the view there; `unknown`
    are the parts of the address that choose nothing, as they were written.
    """

    today: date
    zone: ZoneInfo
    grain: Grain
    first: date
    periods: int = USUAL_PERIODS
    scope: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    compare: str = "none"
    chosen_zone: str | None = None
    as_of: str | None = None
    as_of_instant: datetime | None = None
    unknown: tuple[str, ...] = ()

    @property
    def end_day(self) -> date:
        """The day after the period."""
        return next_period(self.grain, self.first)

    @property
    def is_running(self) -> bool:
        """Whether the period is not over."""
        return self.end_day > self.today

    @property
    def is_usual_period(self) -> bool:
        """Whether the period is the default one: the last that is over."""
        return self.end_day == first_day(self.grain, self.today)

    @property
    def previous(self) -> str:
        """The period before, as an address writes it."""
        return period_key(self.grain, first_day(self.grain, self.first - timedelta(days=1)))

    @property
    def following(self) -> str | None:
        """The period after, as an address writes it; None: it has not begun."""
        return None if self.is_running else period_key(self.grain, self.end_day)

    @property
    def key(self) -> str:
        """The period, as an address writes it."""
        return period_key(self.grain, self.first)

    @property
    def begin(self) -> datetime:
        """The first instant of the period."""
        return start_of(self.first, self.zone)

    def chart_days(self) -> tuple[date, date]:
        """Return the days from which and up to which charts go: the periods before the running one, or
        before the end of the chosen one if that is longer ago; so that limits do not move from one of the
        newest periods to the next.
        """
        running = first_day(self.grain, self.today)
        earliest = _back(self.grain, running, self.periods)
        if self.first >= earliest:
            return earliest, next_period(self.grain, running)
        return _back(self.grain, self.first, self.periods - 1), self.end_day

    def scope_parameters(self) -> dict[str, str]:
        """Return the scope as parameters of operations."""
        return {name: ",".join(values) for name, values in self.scope.items()}

    def zone_parameters(self) -> dict[str, str]:
        """Return the zone as a parameter of operations, unless it is the organisation's."""
        return {} if self.chosen_zone is None else {"tz": self.chosen_zone}

    def as_of_parameters(self) -> dict[str, str]:
        """Return the instant or position that the view is frozen at, as a parameter of operations."""
        return {} if self.as_of is None else {"as_of": self.as_of}

    def chart_parameters(self) -> dict[str, str]:
        """Return the parameters of a chart of this view."""
        begin, end = self.chart_days()
        time = {"from": begin.isoformat(), "to": end.isoformat(), "grain": self.grain.value}
        return {**time, **self.zone_parameters(), **self.scope_parameters(), **self.as_of_parameters()}

    def period_parameters(self) -> dict[str, str]:
        """Return the parameters of a question about the period alone."""
        time = {"from": self.first.isoformat(), "to": self.end_day.isoformat()}
        return {**time, **self.zone_parameters(), **self.scope_parameters(), **self.as_of_parameters()}

    def address(self, path: str, **changes: str | None) -> str:
        """Return the address of a page with this view and these changes; None leaves a parameter out."""
        written: dict[str, str | None] = {
            "period": self.key,
            "periods": None if self.periods == USUAL_PERIODS else str(self.periods),
            **self.scope_parameters(),
            "compare": None if self.compare == "none" else self.compare,
            "tz": self.chosen_zone,
            "as_of": self.as_of,
            **changes,
        }
        query = urlencode({name: value for name, value in written.items() if value}, safe=",:")
        return f"{path}?{query}" if query else path

    def of_scope(self, name: str, value: str) -> PageView:
        """Return the view of that team, service or priority."""
        return replace(self, scope={**self.scope, name: (value,)})


def parse_view(
    pairs: Sequence[tuple[str, str]],
    now: datetime,
    organisation_zone: ZoneInfo,
    as_of_instant: datetime | None = None,
) -> PageView:
    """Return the view that the address chooses; wrong parts are left out, and named. `as_of_instant`: that of
    its `as_of`; None if the log has not reached it, or it is missing.
    """
    chosen: dict[str, list[str]] = {}
    for name, text in pairs:
        chosen.setdefault(name, []).extend(part for part in text.split(",") if part)
    unknown = [
        f"{name}={','.join(values)}" for name, values in chosen.items() if name not in KNOWN_PARAMETERS
    ]
    zone_name = _single_value(chosen, "tz", unknown, is_zone)
    zone = organisation_zone if zone_name is None else ZoneInfo(zone_name)
    as_of = _single_value(chosen, "as_of", unknown, lambda _: as_of_instant is not None)
    today = (now if as_of is None or as_of_instant is None else as_of_instant).astimezone(zone).date()
    grain_name = _single_value(chosen, "grain", unknown, lambda text: text in GRAINS)
    grain = None if grain_name is None else Grain(grain_name)
    first: date | None = None
    period = _single_value(chosen, "period", unknown, lambda text: parse_period(text) is not None)
    if period is not None:
        written = parse_period(period)
        assert written is not None, "it has just been read"
        grain = grain or (Grain.month if written[0] is Grain.day else written[0])
        first = first_day(grain, written[1])
        if first > today:
            unknown.append(f"period={period}")
            first = None
    grain = grain or Grain.month
    number = _single_value(
        chosen, "periods", unknown, lambda text: text.isdecimal() and 6 <= int(text) <= MOST_PERIODS
    )
    return PageView(
        today=today,
        zone=zone,
        grain=grain,
        first=first or first_day(grain, first_day(grain, today) - timedelta(days=1)),
        periods=int(number or USUAL_PERIODS),
        scope={name: tuple(dict.fromkeys(chosen[name])) for name in SCOPES if chosen.get(name)},
        compare=_single_value(chosen, "compare", unknown, lambda text: text in COMPARISONS) or "none",
        chosen_zone=zone_name,
        as_of=as_of,
        as_of_instant=None if as_of is None else as_of_instant,
        unknown=tuple(unknown),
    )


KNOWN_PARAMETERS = frozenset({"period", "grain", "periods", "compare", "tz", *SCOPES}) | OTHER_PARAMETERS


def without_unknown(view: PageView, names: Mapping[str, Mapping[str, str]]) -> PageView:
    """Return the view without the values of its scope that there is nothing of; they are named."""
    unknown, scope = list(view.unknown), dict[str, tuple[str, ...]]()
    for name, values in view.scope.items():
        unknown += [f"{name}={value}" for value in values if value not in names[name]]
        if kept_values := tuple(value for value in values if value in names[name]):
            scope[name] = kept_values
    return replace(view, scope=scope, unknown=tuple(unknown))


def recent_periods(view: PageView) -> Iterator[date]:
    """Yield the first days of the periods to choose from, newest first: the running one and those before; or
    those around the chosen one, if that is longer ago.
    """
    first = first_day(view.grain, view.today)
    if view.first < _back(view.grain, first, USUAL_PERIODS):
        first = view.first
        for _ in range(USUAL_PERIODS // 2):
            first = next_period(view.grain, first)
    for _ in range(USUAL_PERIODS + 1):
        yield first
        first = first_day(view.grain, first - timedelta(days=1))


def _back(grain: Grain, first: date, number: int) -> date:
    for _ in range(number):
        first = first_day(grain, first - timedelta(days=1))
    return first


def _single_value(
    chosen: Mapping[str, list[str]], name: str, unknown: list[str], is_valid: Callable[[str], bool]
) -> str | None:
    """Return the only value of the parameter; one that is not valid, or one of several, is named."""
    values = chosen.get(name, [])
    if len(values) == 1 and is_valid(values[0]):
        return values[0]
    if values:
        unknown.append(f"{name}={','.join(values)}")
    return None
