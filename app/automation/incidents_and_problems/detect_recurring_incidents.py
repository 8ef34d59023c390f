"""Offers a candidate for a problem when incidents of one service, CI or category recur, and withdraws it when
too few of them still count.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from pydantic import ValidationError

from app.kernel.access.reads import load
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.histories.history import record_at_version
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, ids_of, stream
from app.platform.db import Connection, fetch_rows
from app.processes.incidents.lifecycle import LIFECYCLE
from app.processes.incidents.records import Incident
from app.processes.problems import recurrence
from app.processes.problems.payloads import DetectAgainProblemCandidate, DetectProblemCandidate
from app.processes.problems.records import CandidateDimension, CandidateState

CANDIDATE_KIND = "problem_candidate"
#: The fields of an incident that candidates are offered for.
DIMENSION_FIELDS = frozenset(dimension.value for dimension in CandidateDimension)
#: When the latest event of the log was recorded.
LATEST_EVENT_TIME = "select e.recorded_at from log.head h join log.event e on e.position = h.position"


DIMENSION_VALUES = "select id, service, ci, category from fold.incident where id = any(%s::uuid[])"
# One evaluation of a value per interval is enough: events that follow soon would give the same result.
DEBOUNCE_INTERVAL = timedelta(minutes=1)


async def select_recurring(
    ledger: Ledger, connection: Connection, events: Sequence[Recorded]
) -> Sequence[Recorded]:
    """Return those of the events after which a candidate must be offered or withdrawn, as the incidents are
    now, and those that change the service, CI or category of an incident.
    """
    counted = timedelta(days=ledger.settings.recurrence_days)
    rows = await fetch_rows(connection, DIMENSION_VALUES, (ids_of(event.stream for event in events),))
    incidents = {stream("incident", row["id"]): row for row in rows}
    chosen = {event.position: event for event in events if _changes_dimension(event)}
    soonest: dict[CandidateDimension, dict[str, list[Recorded]]] = {
        dimension: {} for dimension in CandidateDimension
    }
    for event in events:
        incident = incidents.get(event.stream)
        if incident is None or _changes_dimension(event):
            continue
        for dimension, by_value in soonest.items():
            if incident[dimension.value] is None:
                continue
            earlier = by_value.setdefault(incident[dimension.value], [])
            if not earlier or event.recorded_at > earlier[-1].recorded_at + DEBOUNCE_INTERVAL:
                earlier.append(event)
    for dimension, by_value in soonest.items():
        opens = {value: earlier[0].recorded_at - counted for value, earlier in by_value.items()}
        threshold = ledger.settings.recurrences
        for value in await recurrence.values_to_reconsider(connection, dimension, opens, limit=threshold):
            chosen |= {event.position: event for event in by_value[value]}
    return [chosen[position] for position in sorted(chosen)]


def _changes_dimension(event: Recorded) -> bool:
    """Return whether the event changes the service, CI or category of an incident that was opened before."""
    return event.version > 1 and not DIMENSION_FIELDS.isdisjoint(event.set_fields)


async def detect_recurring_incidents(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the consequences for the service, CI and category of the event's incident, including those
    before the event changed them.

    Events older than the counted period lead to nothing, so that replaying a long log offers no candidates of
    the past.
    """
    counted = timedelta(days=ledger.settings.recurrence_days)
    latest = await ledger.db.value(LATEST_EVENT_TIME)
    if event.recorded_at < latest - counted:
        return
    for dimension, value in await _affected_values(ledger, event):
        consequence = await _evaluate(ledger, dimension, value, event.recorded_at - counted)
        if consequence is not None:
            yield consequence


async def _affected_values(ledger: Ledger, event: Recorded) -> list[tuple[CandidateDimension, str]]:
    """Return the incident's service, CI and category, and those that it had before the event changed them."""
    loaded = await load(ledger.db, LIFECYCLE, str(id_of(event.stream)))
    incidents: list[Incident] = [] if loaded is None else [loaded.record]
    if _changes_dimension(event):
        incidents.append(await record_at_version(ledger.db, LIFECYCLE, event.stream, event.version - 1))
    values = [
        (dimension, getattr(incident, dimension.value))
        for incident in incidents
        for dimension in CandidateDimension
    ]
    return [(dimension, value) for dimension, value in dict.fromkeys(values) if value is not None]


async def _evaluate(
    ledger: Ledger, dimension: CandidateDimension, value: str, window: datetime
) -> RuleConsequence | None:
    """Return the consequence for the candidate of that service, CI or category; None if the candidate needs
    no change.
    """
    threshold = ledger.settings.recurrences
    candidate = await recurrence.find_candidate(ledger.db, dimension, value)
    offered = candidate is not None and candidate.state == CandidateState.offered
    since = window
    if candidate is not None:  # after a decision, only later incidents count
        since = candidate.since_at if offered else max(window, candidate.decided_at or window)
    incidents = await recurrence.counted_incidents(ledger.db.rows, dimension, value, since, limit=threshold)
    recurs = len(incidents) >= threshold
    if candidate is None:
        try:
            payload = DetectProblemCandidate(dimension=dimension, value=value, since_at=since)
        except ValidationError:  # the key comes from an imported history and is not valid here
            return None
        # One event may lead to several candidates: `about` distinguishes their idempotency keys.
        about = uuid5(NAMESPACE_URL, f"{dimension.value}/{value}")
        return RuleConsequence(CANDIDATE_KIND, "detect", None, payload, about=about) if recurs else None
    if recurs and not offered:
        again = DetectAgainProblemCandidate(since_at=since)
        return RuleConsequence(
            CANDIDATE_KIND, "detect_again", candidate.id, again, if_match=candidate.version
        )
    if offered and not recurs:
        return RuleConsequence(
            CANDIDATE_KIND, "withdraw", candidate.id, EmptyPayload(), if_match=candidate.version
        )
    return None


RULE = Rule(
    "detect_recurring_incidents",
    (
        "incident.reported",
        "incident.cancelled",
        "incident.marked_duplicate",
        "incident.linked",
    ),
    detect_recurring_incidents,
    select_recurring,
    fields={"incident": DIMENSION_FIELDS},
)
