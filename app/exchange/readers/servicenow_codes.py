"""ServiceNow's names of columns and codes, and the fields and codes of this system that they stand for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import TypeVar

from app.common.priorities.priority import Impact, Priority, Urgency
from app.common.records import CodeEnum
from app.common.tickets import Channel, HoldReason
from app.exchange.readers.servicenow_labels import TRANSLATIONS
from app.processes.incidents.records import IncidentState

#: Texts that stand for a missing value, in lower case.
MISSING = frozenset({"", "-", "?", "unknown", "null", "none", "n/a", "#n/a", "nan", "(empty)", "undefined"})
#: Those that stand for it in texts and names too: a caller may be called Nan, and an incident `Unknown`.
MISSING_IN_WRITTEN = frozenset({"", "-", "?", "#n/a", "(empty)"})

CASE = "number"
STATES = ("incident_state", "state")
UPDATED = ("sys_updated_at", "sys_updated_on")
OPENED = "opened_at"
COUNTER = "sys_mod_count"

# fmt: off
PERSONS = frozenset({
    "assigned_to", "caller_id", "closed_by", "opened_by", "requested_by", "resolved_by",
    "sys_created_by", "sys_updated_by",
})
TEAMS = frozenset({"assignment_group"})
TIMES = frozenset({
    "activity_due", "closed_at", "due_date", "expected_start", "follow_up", "opened_at",
    "reopened_time", "resolved_at", "sla_due", "sys_created_at", "sys_created_on", "sys_updated_at",
    "sys_updated_on", "work_end", "work_start",
})
#: Columns of how the incident ended, which have their final values in all its rows.
AFTERWARDS = frozenset({
    "business_duration", "business_stc", "calendar_duration", "calendar_stc", "close_code",
    "close_notes", "closed_at", "closed_by", "closed_code", "resolved_at", "resolved_by",
})
#: Columns of codes, numbers and names of things, which may stand in the log in plain text. Any column in no
#: list here counts as private.
HARMLESS = frozenset({
    "active", "approval", "assignment_group", "business_duration", "business_service", "business_stc",
    "calendar_duration", "calendar_stc", "category", "caused_by", "child_incidents", "close_code",
    "closed_code", "cmdb_ci", "company", "contact_type", "department", "escalation", "hold_reason",
    "impact", "incident_state", "knowledge", "location", "made_sla", "notify", "number", "parent",
    "parent_incident", "priority", "problem_id", "reassignment_count", "reopen_count", "rfc",
    "service_offering", "severity", "short_description", "state", "subcategory", "sys_class_name",
    "sys_domain", "sys_id", "sys_mod_count", "u_priority_confirmation", "u_symptom", "urgency",
    "vendor",
})
# fmt: on

NAMES = {"assignment_group": "team_id", "assigned_to": "assignee_id", "caller_id": "requester_id"}
WRITTEN = frozenset({"close_notes", "comments", "description", "short_description", "work_notes"})
FREE_TEXT = {"description": "description"}
TEXTS = {"category": "category", "cmdb_ci": "ci", "short_description": "title"}

C = TypeVar("C")
_NUMBERED = re.compile(r"([0-9]+) *-.*")


def label_key(text: str) -> str:
    """Return a label as it is looked up: whatever its case, its spaces, and how its accents are stored."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("’", "'").casefold().split())


def code_of(codes: Mapping[str, C], text: str) -> C | None:
    """Return the code of a label, of a number, or of both, as `6 - Resolved`; None if it is not known."""
    key = label_key(text)
    numbered = _NUMBERED.fullmatch(key)
    return codes.get(key) or (codes.get(numbered[1]) if numbered else None)


def _translated(codes: Mapping[str, C]) -> dict[str, C]:
    """Return the codes by their labels in all languages."""
    translated = {
        label_key(label): codes[english]
        for translation in TRANSLATIONS
        for english, labels in translation.items()
        if english in codes
        for label in labels
    }
    return translated | dict(codes)


StateAndHold = tuple[IncidentState, HoldReason | None]
_STATES_IN_ENGLISH: dict[str, StateAndHold] = {
    "new": (IncidentState.new, None),
    "active": (IncidentState.in_progress, None),
    "in progress": (IncidentState.in_progress, None),
    "work in progress": (IncidentState.in_progress, None),
    "awaiting user info": (IncidentState.on_hold, HoldReason.awaiting_requester),
    "awaiting caller": (IncidentState.on_hold, HoldReason.awaiting_requester),
    "awaiting vendor": (IncidentState.on_hold, HoldReason.awaiting_vendor),
    "awaiting problem": (IncidentState.on_hold, HoldReason.awaiting_problem),
    "awaiting evidence": (IncidentState.on_hold, HoldReason.awaiting_evidence),
    "awaiting change": (IncidentState.on_hold, HoldReason.awaiting_change),
    "on hold": (IncidentState.on_hold, HoldReason.other),
    "resolved": (IncidentState.resolved, None),
    "closed": (IncidentState.closed, None),
    "canceled": (IncidentState.cancelled, None),
    "cancelled": (IncidentState.cancelled, None),
    "1": (IncidentState.new, None),
    "2": (IncidentState.in_progress, None),
    "3": (IncidentState.on_hold, HoldReason.other),
    "6": (IncidentState.resolved, None),
    "7": (IncidentState.closed, None),
    "8": (IncidentState.cancelled, None),
}
STATE_CODES = _translated(_STATES_IN_ENGLISH)
#: The older column incident_state uses some numbers with another meaning than the column state.
OLD_STATE_CODES: dict[str, StateAndHold] = STATE_CODES | {
    "3": STATE_CODES["awaiting problem"],
    "4": STATE_CODES["awaiting user info"],
    "5": STATE_CODES["awaiting evidence"],
}
HOLD_REASONS = {label: reason for label, (_, reason) in STATE_CODES.items() if reason is not None} | {
    "1": HoldReason.awaiting_requester,
    "3": HoldReason.awaiting_problem,
    "4": HoldReason.awaiting_vendor,
    "5": HoldReason.awaiting_change,
}
_CHANNELS_IN_ENGLISH = {
    "phone": Channel.hotline,
    "ivr": Channel.hotline,
    "walk-in": Channel.hotline,
    "email": Channel.email,
    "self service": Channel.portal,
    "self-service": Channel.portal,
    "direct opening": Channel.portal,
    "web": Channel.portal,
    "chat": Channel.chat,
    "virtual agent": Channel.chat,
    "monitoring": Channel.monitoring,
    "event": Channel.monitoring,
    "event management": Channel.monitoring,
    "alert": Channel.monitoring,
    "integration": Channel.api,
    "api": Channel.api,
}
CHANNELS = _translated(_CHANNELS_IN_ENGLISH)
PRIORITIES = {
    "1": Priority.P1,
    "2": Priority.P2,
    "3": Priority.P3,
    "4": Priority.P4,
    "5": Priority.P4,  # planning
}
#: By column, its field and the field's codes, each by the number of `1 - Critical`, or by the label in lower
#: case.
CODES: Mapping[str, tuple[str, Mapping[str, CodeEnum]]] = {
    "contact_type": ("channel", CHANNELS),
    "priority": ("priority", PRIORITIES),
    "impact": ("impact", {level.value: level for level in Impact}),
    "urgency": ("urgency", {level.value: level for level in Urgency}),
}
#: By column, its field in the record.
FIELDS = NAMES | FREE_TEXT | TEXTS | {column: field for column, (field, _) in CODES.items()}
