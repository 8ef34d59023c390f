"""The sentences for customers on services and their maintenance, by the organisation's clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from app.i18n import translate

TIME_FORMAT = "%Y-%m-%d %H:%M"


class StatusSentences:
    """The sentences about services, in one language, with times in that zone."""

    def __init__(self, language: str, zone: ZoneInfo) -> None:
        self.language, self.zone = language, zone

    def sentence(self, code: str, **times: datetime) -> str:
        """Return the sentence of that code, with these times in it."""
        clock = {name: time.astimezone(self.zone).strftime(TIME_FORMAT) for name, time in times.items()}
        return translate(self.language, "service_status", code, clock | {"zone": str(self.zone)})
