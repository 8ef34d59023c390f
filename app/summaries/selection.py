"""The saved selection of the dashboard that a summary is of, as its reader may use it now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

from app.api.listings.views import find_view
from app.attention.queries import SERVICES
from app.attention.shapes import AttentionQuery
from app.common.people import Caller
from app.common.priorities.priority import Priority
from app.dashboard.addresses import KIND, PROCESS_PAGES, ROOT
from app.dashboard.view import SCOPES, PageView, parse_view, without_unknown
from app.kernel.ledger import Ledger
from app.platform.db import Row

#: Filters of a selection that count in a summary. Its period does not count: a summary covers the last
#: finished period.
NARROWING = frozenset({"grain", *SCOPES})


@dataclass(frozen=True, slots=True)
class SummarySelection:
    """Selection of a summary: a view of the last finished period, and the processes of the saved page, if it
    is that of a process. `name` is that of the saved selection, `address` that of its page.
    `is_gone`: a selection was chosen, and its reader cannot use it any more.
    """

    view: PageView
    address: str
    name: str | None = None
    processes: Sequence[str] = ()
    is_gone: bool = False

    def attention_query(self) -> AttentionQuery:
        """Return the question about what needs attention; its values are known to exist."""
        scope = self.view.scope
        return AttentionQuery.model_construct(
            period=self.view.key,
            team=list(scope.get("team", ())) or None,
            service=list(scope.get("service", ())) or None,
            priority=[Priority(code) for code in scope.get("priority", ())] or None,
        )


async def read_selection(
    ledger: Ledger, caller: Caller, view_id: UUID | None, now: datetime
) -> SummarySelection:
    """Return what a summary of that saved view is of; None: of everything."""
    zone = ZoneInfo(ledger.settings.time_zone)
    saved = None if view_id is None else await find_view(ledger.db, caller, view_id)
    if saved is None or saved["kind"] != KIND:
        view = parse_view((), now, zone)
        return SummarySelection(view, view.address(ROOT), is_gone=view_id is not None)
    return _of_view(saved, await _names(ledger), now, zone)


def _of_view(
    saved: Row, names: Mapping[str, Mapping[str, str]], now: datetime, zone: ZoneInfo
) -> SummarySelection:
    chosen = dict(parse_qsl(saved["query"]))
    page, period = chosen.get("page", ""), chosen.get("period")
    parameters = [(name, text) for name, text in chosen.items() if name in NARROWING]
    if period is not None and "grain" not in chosen:
        parameters.append(("grain", parse_view([("period", period)], now, zone).grain.value))
    view = parse_view(parameters, now, zone)
    first_part, _, key = page.partition("/")
    if key and first_part in SCOPES:
        view = view.of_scope(first_part, key)
    view = replace(without_unknown(view, names), unknown=())
    address = view.address(f"{ROOT}/{page}" if page else ROOT)
    return SummarySelection(view, address, saved["name"], PROCESS_PAGES.get(page, ()))


async def _names(ledger: Ledger) -> dict[str, dict[str, str]]:
    """Return the teams, services and priorities that there are, by their keys."""
    teams = await ledger.directory.teams()
    services = await ledger.db.rows(SERVICES)
    return {
        "team": {team.key: team.name for team in teams.values()},
        "service": {row["key"]: row["key"] for row in services},
        "priority": {priority.value: priority.value for priority in Priority},
    }
