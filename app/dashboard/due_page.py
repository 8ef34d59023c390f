"""The page *due next*, drawn by the server, in English or Chinese: it counts down by itself where scripts
run, and is whole without (pure).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from markupsafe import Markup

from app.common.records import CodeEnum
from app.dashboard.due import DueCase, DueFilters, DueList
from app.html.templates import render
from app.html.wording import Wording
from app.service_level_engine.clock import ClockState

PATH, TEMPLATE = "/dashboard/due", "dashboard/due.html"
#: The table of the sentences on the page.
TABLE = "due_page"
MINUTE, HOUR = 60, 3600
#: The KPI by whose page the history of a case is shown, by its kind.
HISTORY = {
    "incident": "incident_resolution_seconds",
    "request": "request_lead_seconds",
    "problem": "problem_cause_seconds",
}
#: How the chip of a clock looks.
CHIPS = {ClockState.breached: "missed", ClockState.running: "running", ClockState.paused: "paused"}
COLUMNS = ("due", "remaining", "clock", "number", "title", "priority", "state", "service", "team", "assignee")


class DuePage:
    """The page in one language, with times by the clocks of a zone. `states` are the states of each kind."""

    def __init__(
        self, language: str, zone: ZoneInfo, now: datetime, states: Mapping[str, type[CodeEnum]]
    ) -> None:
        self._wording, self._zone, self._now, self._states = Wording(language, TABLE), zone, now, states

    def document(self, due: DueList, filters: DueFilters) -> Markup:
        """Return the page with these cases."""
        return self._page(
            filters,
            due=due,
            filters=filters,
            services=[(service, service) for service in due.services],
            overdue=_overdue_parameter(filters.overdue),
            path=PATH,
            columns=COLUMNS,
            chips=CHIPS,
            states=self._states,
            zone=self._zone,
            now=self._now,
            history_address=partial(_history_address, language=self._wording.language),
            time_left=self._time_left,
        )

    def sign_in(self) -> Markup:
        """Return the page for whoever is not signed in."""
        return self._page(DueFilters(), due=None)

    def _page(self, shown_filters: DueFilters, /, **values: object) -> Markup:
        other_language = "en" if self._wording.language == "zh" else "zh"
        return render(
            TEMPLATE,
            self._wording,
            title=self._wording.sentence("title"),
            other_language=other_language,
            other_address=_address(shown_filters, other_language),
            **values,
        )

    def _time_left(self, seconds: int) -> str:
        """Return the time that is left, in business hours: as the script writes it, too."""
        hours, minutes = abs(seconds) // HOUR, abs(seconds) % HOUR // MINUTE
        time = self._wording.sentence("hours" if hours else "minutes", hours=hours, minutes=minutes)
        return time if seconds >= 0 else self._wording.sentence("overdue", time=time)


def _history_address(case: DueCase, language: str) -> str:
    address = {"kpi": HISTORY[case.kind], "kind": case.kind, "case": case.case_id, "lang": language}
    return f"/dashboard?{urlencode(address)}"


def _address(filters: DueFilters, language: str) -> str:
    parameters = {"lang": language, "team": filters.team, "service": filters.service}
    parameters["overdue"] = _overdue_parameter(filters.overdue)
    return f"{PATH}?{urlencode({name: value for name, value in parameters.items() if value is not None})}"


def _overdue_parameter(overdue: bool | None) -> str | None:
    return None if overdue is None else str(overdue).lower()
