"""Public holidays, as the library knows them when a version is made: they are kept with it, and nobody asks
again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import ModuleType

#: Of a country that has exchanged days within so many years it is expected that it will.
RECENT_YEARS = 10


@dataclass(frozen=True)
class PublicDays:
    """What is arranged for some years in one place. Names by day, None where a language has none.

    `exchanged` are days of rest on which people work for a day off elsewhere in the year. Of
    `provisional_years` that has not been announced yet.
    """

    names: dict[date, tuple[str | None, str | None]]
    exchanged: frozenset[date]
    provisional_years: tuple[int, ...]


@cache
def countries() -> dict[str, tuple[str, ...]]:
    """The codes of the countries that are known (ISO 3166-1, two letters), each with those of its parts."""
    known = _library().list_supported_countries(include_aliases=False)
    return {code: tuple(parts) for code, parts in sorted(known.items()) if len(code) == 2}


def public_days(country: str, subdivision: str | None, years: Iterable[int], this_year: int) -> PublicDays:
    """What is arranged in that country, or that part of it, in these years."""
    wanted = sorted(set(years))
    place = getattr(_library(), country)
    names: dict[str, dict[date, str]] = {}
    exchanged: set[date] = set()
    for language in ("en_US", "zh_CN"):
        spoken = language in place.supported_languages
        found = _library().country_holidays(
            country, subdiv=subdivision, years=wanted, language=language if spoken else None
        )
        # A year's holidays can fall into the one before or behind it.
        days = {day: name for day, name in found.items() if day.year in wanted}
        names[language] = days if spoken else dict.fromkeys(days, "")
        exchanged |= {day for day in found.weekend_workdays if day.year in wanted}
    english, chinese = names["en_US"], names["zh_CN"]
    provisional = [
        year
        for year in wanted
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
    """Whether days of rest are exchanged for others there, year by year."""
    years = range(this_year - RECENT_YEARS, this_year)
    found = _library().country_holidays(country, years=years).weekend_workdays
    return sum(any(day.year == year for day in found) for year in years) > RECENT_YEARS // 2


def _library() -> ModuleType:
    import holidays  # noqa: PLC0415  # it takes as long as all else that a command of the command line imports

    return holidays
