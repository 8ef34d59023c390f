"""The tables of facts of suggestions and improvements, of the people of suggestions, and of corrections,
maintenance, audits, findings, documents and risks.
"""

from __future__ import annotations

from app.kpis.facts.table import CASE, FactTable

_FLAGS = ("excluded", "irregular", "position", "opened_position")
_FACT = ("at", "process", "size", *_FLAGS)
SUGGESTION = (
    FactTable(
        "improvement_suggestion_offered",
        (
            *(*CASE, "at", "source", "process", "team_id", "offered_by", *_FLAGS),
            *("selected", "settled_on", "improvement_id"),
        ),
    ),
)
IMPROVEMENT = (
    FactTable("improvement_course", (*CASE, "size", "standardised_at", "position")),
    FactTable("improvement_pilot_judged", (*CASE, *_FACT, "passed", "finally_passed", "pilot_ended")),
    FactTable("improvement_judged", (*CASE, *_FACT, "achieved")),
    FactTable("improvement_target_judged", (*CASE, "n", *_FACT, "target", "achieved"), key=(*CASE, "n")),
    FactTable(
        "improvement_project_due",
        (*CASE, "at", "priority", "team_id", "assignee_id", "customer_id", *_FLAGS, "met"),
    ),
    FactTable("improvement_benefit_due", (*CASE, "n", *_FACT, "kept"), key=(*CASE, "n")),
)
PERSON = (FactTable("person_stretch", (*CASE, "n", "since", "until", "team_id"), key=(*CASE, "n")),)
_ENDS = ("irregular", "position", "opened_position")
_STRETCH = (*CASE, "n", "since", "until", "phase", "on_hold", "opened_at")
_AUDITED = ("at", "process", "team_id")
#: Corrective actions and maintenance rounds, by when they were due.
CORRECTIVE_ACTION = (
    FactTable("corrective_action_due", (*CASE, "at", "process", "owner_id", *_FLAGS, "met")),
)
MAINTENANCE = (FactTable("maintenance_due", (*CASE, "at", "team_id", "service", *_FLAGS, "met")),)
#: Audits, by when their self-checks and their summaries were due.
AUDIT = (
    FactTable("audit_self_check_due", (*CASE, *_AUDITED, *_FLAGS, "met")),
    FactTable("audit_summary_due", (*CASE, *_AUDITED, *_FLAGS, "met")),
)
FINDING = (FactTable("finding_raised", (*CASE, *_AUDITED, *_FLAGS, "self_found", "repeats_finding")),)
DOCUMENT = (
    FactTable("document_published", (*CASE, "at")),
    FactTable(
        "document_life",
        (*_STRETCH, "overdue", "document_class", "owner_id", *_ENDS),
        key=(*CASE, "n"),
    ),
)
_RISK = ("risk", "process", "owner_id")
RISK = (
    FactTable("risk_course", (*CASE, "n", "at", "risk_event", *_RISK, *_FLAGS), key=(*CASE, "n")),
    FactTable("risk_life", (*_STRETCH, *_RISK, *_ENDS), key=(*CASE, "n")),
)
