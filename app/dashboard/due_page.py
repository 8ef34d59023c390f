"""The page *due next*, drawn by the server, in English or Chinese: it counts down by itself where scripts
run, and is whole without (pure). All that people have written is escaped here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from app.common.records import CodeEnum
from app.dashboard.due import DueCase, DueFilters, DueList
from app.i18n import translate
from app.sla.clock import ClockState

PATH, SCRIPT, STYLE = "/dashboard/due", "/dashboard/due.js", "/dashboard/dashboard.css"
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
        self._language, self._zone, self._now, self._states = language, zone, now, states

    def document(self, found: DueList, filters: DueFilters) -> str:
        """Return the page with these cases."""
        count = self._sentence("none") if not found.cases else self._sentence("listed", n=len(found.cases))
        more = f'<p class="note">{self._sentence("more")}</p>' if found.truncated else ""
        body = (
            f"<h1>{self._sentence('title')}</h1>{self._filters(found, filters)}"
            f'<section class="card" aria-labelledby="listed"><h2 id="listed">{count}</h2>{more}'
            f"{self._table(found.cases) if found.cases else ''}</section>"
            f'<p class="soft">{self._sentence("as_of", at=self._moment(self._now), zone=self._zone.key)}</p>'
        )
        return self._page(body, filters)

    def sign_in(self) -> str:
        """Return the page for whoever is not signed in."""
        return self._page(
            f"<noscript><p>{self._sentence('sign_in')}</p></noscript>", DueFilters(), signed_in=False
        )

    def _page(self, body: str, filters: DueFilters, *, signed_in: bool = True) -> str:
        other = "en" if self._language == "zh" else "zh"
        lang = "zh-CN" if self._language == "zh" else "en"
        address = _address(filters, other)
        state = "true" if signed_in else "false"
        return (
            f'<!doctype html>\n<html lang="{lang}">\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f"<title>{self._sentence('title')} · Ledgerdesk</title>\n"
            f'<link rel="icon" href="data:,">\n<link rel="stylesheet" href="{STYLE}">\n'
            '<a class="skip" href="#content" id="skip"></a>\n'
            '<header id="header"><p class="brand"><a href="/dashboard">Ledgerdesk</a> '
            f"<span>{self._sentence('title')}</span></p>"
            f'<nav><a id="language" href="{escape(address)}" lang="{other}">'
            f"{self._sentence('other_language')}</a></nav>"
            "</header>\n"
            '<div id="trouble"></div>\n'
            f'<main id="content" tabindex="-1" data-signed-in="{state}">{body}</main>\n'
            f'<script type="module" src="{SCRIPT}"></script>\n</html>\n'
        )

    def _filters(self, found: DueList, filters: DueFilters) -> str:
        teams = self._options(found.teams.items(), filters.team)
        services = self._options(((one, one) for one in found.services), filters.service)
        spans = [("false", self._plain("not_overdue")), ("true", self._plain("only_overdue"))]
        overdue = self._options(spans, _overdue_parameter(filters.overdue))
        return (
            f'<form class="controls" method="get" action="{PATH}">'
            f'<input type="hidden" name="lang" value="{self._language}">'
            f"<label><span>{self._sentence('team')}</span>"
            f'<select name="team" id="team">{teams}</select></label>'
            f"<label><span>{self._sentence('service')}</span>"
            f'<select name="service" id="service">{services}</select></label>'
            f"<label><span>{self._sentence('column_due')}</span>"
            f'<select name="overdue" id="overdue">{overdue}</select></label>'
            f'<button id="show">{self._sentence("show")}</button></form>'
        )

    def _options(self, known: Iterable[tuple[str, str]], chosen: str | None) -> str:
        values = dict(known)
        if chosen is not None:
            values.setdefault(chosen, chosen)
        options = [f'<option value="">{self._sentence("all")}</option>']
        for value, name in values.items():
            selected = " selected" if value == chosen else ""
            options.append(f'<option value="{escape(value)}"{selected}>{escape(name)}</option>')
        return "".join(options)

    def _table(self, cases: Iterable[DueCase]) -> str:
        heads = "".join(f'<th scope="col">{self._sentence(f"column_{name}")}</th>' for name in COLUMNS)
        rows = "".join(self._row(case) for case in cases)
        return (
            '<div class="scroll" tabindex="0"><table class="stacked due">'
            f'<caption class="hidden">{self._sentence("title")}</caption>'
            f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
        )

    def _row(self, case: DueCase) -> str:
        address = {"kpi": HISTORY[case.kind], "kind": case.kind, "case": case.case_id, "lang": self._language}
        link = f'<a href="/dashboard?{escape(urlencode(address))}">{escape(case.number)}</a>'
        clock = f"{escape(case.metric.label(self._language))}: {escape(case.clock.label(self._language))}"
        state = self._states[case.kind](case.state).label(self._language)
        cells = (
            self._due(case),
            self._remaining(case),
            f'<span class="chip {CHIPS.get(case.clock, "")}">{clock}</span>',
            link,
            f'<span class="reason">{escape(case.title or "")}</span>',
            escape(case.priority or "–"),
            escape(state),
            escape(case.service or "–"),
            escape(case.team or "–"),
            escape(case.assignee or "–"),
        )
        heads = (self._sentence(f"column_{name}") for name in COLUMNS)
        shown = "".join(
            f'<td data-head="{head}">{cell}</td>' for head, cell in zip(heads, cells, strict=True)
        )
        return f'<tr data-state="{case.clock.value}">{shown}</tr>'

    def _due(self, case: DueCase) -> str:
        if case.due_at is None:
            return self._sentence("paused")
        return f'<time datetime="{case.due_at.isoformat()}">{self._moment(case.due_at)}</time>'

    def _remaining(self, case: DueCase) -> str:
        if case.remaining_seconds is None:
            return self._sentence("unknown")
        text = escape(self._left(case.remaining_seconds))
        if case.runs is None:
            return f'<span class="left">{text}</span>'
        runs = " ".join(f"{begin}-{end}" for begin, end in case.runs)
        return f'<span class="left" data-runs="{runs}">{text}</span>'

    def _left(self, seconds: int) -> str:
        """Return the time that is left, in business hours: as the script writes it, too."""
        whole = abs(seconds)
        hours, minutes = whole // HOUR, whole % HOUR // MINUTE
        said = translate(
            self._language,
            "due_page",
            "hours" if hours else "minutes",
            {"hours": str(hours), "minutes": str(minutes)},
        )
        if seconds >= 0:
            return said
        return translate(self._language, "due_page", "overdue", {"time": said})

    def _moment(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%Y-%m-%d %H:%M}"

    def _sentence(self, code: str, **words: object) -> str:
        return escape(self._plain(code, **words))

    def _plain(self, code: str, **words: object) -> str:
        said = {name: str(word) for name, word in words.items()}
        return translate(self._language, "due_page", code, said)


def _address(filters: DueFilters, language: str) -> str:
    said = {"lang": language, "team": filters.team, "service": filters.service}
    said["overdue"] = _overdue_parameter(filters.overdue)
    return f"{PATH}?{urlencode({name: value for name, value in said.items() if value is not None})}"


def _overdue_parameter(overdue: bool | None) -> str | None:
    return None if overdue is None else str(overdue).lower()
