"""Public holidays, read from the library when a version is made and stored with it; never read again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import ModuleType

#: A country that has exchanged days within this many years is expected to exchange days again.
RECENT_YEARS = 10


@dataclass(frozen=True)
class PublicDays:
    """The public holidays and exchanged days of one place for some years. `names` are by day, in English and
    Chinese; None if a language has no name.

    `exchanged` are days of rest on which people work for a day off elsewhere in the year. For
    `provisional_years`, the exchanged days have not been announced yet.
    """

    names: dict[date, tuple[str | None, str | None]]
    exchanged: frozenset[date]
    provisional_years: tuple[int, ...]


@cache
def countries() -> dict[str, tuple[str, ...]]:
    """Return the known codes of countries (ISO 3166-1, two letters), each with those of its subdivisions."""
    codes = _library().list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(codes.items()) if len(code) == 2}


def public_days(country: str, subdivision: str | None, years: Iterable[int], this_year: int) -> PublicDays:
    """Return the holidays and exchanged days of that country, or of its subdivision, in these years."""
    wanted_years = sorted(set(years))
    place = getattr(_library(), country)
    names: dict[str, dict[date, str]] = {}
    exchanged: set[date] = set()
    for language in ("en_US", "zh_CN"):
        spoken = language in place.supported_languages
        holidays = _library().country_holidays(
            country, subdiv=subdivision, years=wanted_years, language=language if spoken else None
        )
        # A year's holidays can fall into the year before or after it.
        days = {day: name for day, name in holidays.items() if day.year in wanted_years}
        names[language] = days if spoken else dict.fromkeys(days, "")
        exchanged |= {day for day in holidays.weekend_workdays if day.year in wanted_years}
    english, chinese = names["en_US"], names["zh_CN"]
    provisional = [
        year
        for year in wanted_years
        if year >= this_year
        and not any(day.year == year for day in exchanged)
        and _exchanges_days(country, this_year)
    ]
    return PublicDays(
        {day: (english.get(day) or None, chinese.get(day) or None) for day in sorted({*english, *chinese})},
        frozenset(exchanged),
        tuple(provisional),
    )


@cache
def _exchanges_days(country: str, this_year: int) -> bool:
    """Return whether most recent years of that country exchanged days of rest for others."""
    years = range(this_year - RECENT_YEARS, this_year)
    workdays = _library().country_holidays(country, years=years).weekend_workdays
    return sum(any(day.year == year for day in workdays) for year in years) > RECENT_YEARS // 2


def _library() -> ModuleType:
    import holidays  # noqa: PLC0415  # it takes as long as all else that a command of the command line imports

    return holidays
