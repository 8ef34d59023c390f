"""Zone and order of the dates of a file, which is refused without: its times would have no meaning."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from app.common.times.written_times import DateOrder, UnclearDates, UnknownZone, find_date_order, zone_named
from app.exchange.readers.rows import FileRefused

_OPTION = "Say which it is with --date-order dmy or --date-order mdy"


def zone_of_file(name: str) -> ZoneInfo:
    """Return the zone of that IANA name. Raises FileRefused for an unknown name."""
    try:
        return zone_named(name)
    except UnknownZone as error:
        raise FileRefused(str(error)) from error


def detect_date_order(texts: Iterable[str]) -> DateOrder | None:
    """Return the order of day, month and year in the file's times, as `find_date_order` does. Raises
    FileRefused.
    """
    try:
        return find_date_order(texts)
    except UnclearDates as error:
        if error.is_mixed:
            raise FileRefused(
                f"Some dates of the file have the day first, others the month. {_OPTION}; rows in the other "
                "order are refused."
            ) from error
        raise FileRefused(
            "Every date in the first rows of the file could be read with the day first or with the month "
            f"first. {_OPTION}."
        ) from error
