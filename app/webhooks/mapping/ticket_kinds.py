"""Tickets of tools as incidents or service requests: states and fields of the one in those of the other
(pure).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.common.records import CodeEnum
from app.processes.incidents.records import IncidentState
from app.processes.requests.records import RequestState
from app.webhooks.mapping.document import FIELDS_OF_INCIDENTS
from app.webhooks.mapping.updates import TicketUpdate

#: States that mean the same; any other one stays as it is.
_AS_REQUEST: Mapping[CodeEnum, CodeEnum] = {
    IncidentState.new: RequestState.submitted,
    IncidentState.acknowledged: RequestState.assessed,
    IncidentState.in_progress: RequestState.in_progress,
    IncidentState.on_hold: RequestState.on_hold,
    IncidentState.resolved: RequestState.delivered,
    IncidentState.closed: RequestState.closed,
    IncidentState.cancelled: RequestState.cancelled,
}
_AS_INCIDENT = {request: incident for incident, request in _AS_REQUEST.items()} | {
    RequestState.rejected: IncidentState.cancelled
}


def as_kind(news: TicketUpdate, kind: str) -> TicketUpdate:
    """Return the news of a ticket that is a record of that kind here, although the tool now calls it another
    one.
    """
    if news.process == kind:
        return news
    states = _AS_REQUEST if kind == "request" else _AS_INCIDENT
    left_out = FIELDS_OF_INCIDENTS if kind == "request" else frozenset()
    fields = {name: value for name, value in news.fields.items() if name not in left_out}
    state = None if news.state is None else states.get(news.state)
    return replace(news, process=kind, state=state, fields=fields)
