"""The sentences for customers on services and their maintenance, by the reader's clock."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field

from app.common.people import Caller
from app.common.times.zones import EXAMPLES, is_zone
from app.i18n import translate
from app.kernel.actions.refusals import WrongValue

TIME_FORMAT = "%Y-%m-%d %H:%M"
#: The parameter by whose clocks sentences have their times.
TimeZoneName = Annotated[
    str | None,
    Field(
        max_length=64,
        description="Time zone of the times in sentences (IANA); if left out, the caller's, or else the "
        "organisation's.",
    ),
]


def sentence_zone(name: str | None, caller: Caller, organisation: str) -> ZoneInfo:
    """Return the zone of that name, or else the caller's, or the organisation's. Raises WrongValue."""
    if name is not None and not is_zone(name):
        raise WrongValue({"known": EXAMPLES}, parameter="tz", because="unknown_zone")
    usual = caller.time_zone if caller.time_zone and is_zone(caller.time_zone) else organisation
    return ZoneInfo(name or usual)


class StatusSentences:
    """The sentences about services, in one language, with times in that zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language, self.zone = language, zone

    def sentence(self, code: str, **times: datetime) -> str:
        """Return the sentence of that code, with these times in it."""
        clock = {name: time.astimezone(self.zone).strftime(TIME_FORMAT) for name, time in times.items()}
        return translate(self.language, "service_status", code, clock | {"zone": str(self.zone)})
