"""The tables of facts of each process, with their columns. Pure.

Their rows are defined in `<process>.sql`, which has a CTE for each table.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.kpis.facts import knowledge, satisfaction
from app.kpis.facts.change_tables import CHANGES, CI, DEPLOYMENT
from app.kpis.facts.improvement_tables import (
    AUDIT,
    CORRECTIVE_ACTION,
    DOCUMENT,
    FINDING,
    IMPROVEMENT,
    MAINTENANCE,
    PERSON,
    RISK,
    SUGGESTION,
)
from app.kpis.facts.knowledge import ARTICLE, SERVICE, SLA
from app.kpis.facts.table import CASE, FactTable

DIMENSIONS = ("priority", "team_id", "service", "channel", "category", "assignee_id", "customer_id")
CASE_FLAGS = ("excluded", "irregular", "position", "opened_position")
FACT = (*CASE, "at", *DIMENSIONS, *CASE_FLAGS)
TIMED = (*FACT, "seconds", "business_seconds")
ACCURACY_FLAGS = ("inferred", "skewed")
END = ("ended_at", "ended_seconds")
CHANGE = ("from_team_id", "to_team_id", "came_back", "ended_position")
OF_RESOLVED = (
    "final",
    "reopened_soon",
    "reopened",
    "reassignments",
    "handovers",
    "came_back",
    "first_contact",
    "unattended",
    "review_on_time",
    "recorded_at",
    "source",
    "cost",
    "currency",
    "ci",
    "recorded_seconds",
    "article_used",
)
STRETCH = ("since", "until", "phase", "on_hold", "responded", "resolved_before", "opened_at")

#: For requests and incidents alike: who worked on a case, and on which days.
AGENT_WORK = FactTable(
    "agent_work",
    (*CASE, "n", "assignee_id", "team_id", "day", "quarters", "ended_at", *CASE_FLAGS[1:]),
    key=(*CASE, "n"),
)
INCIDENT = (
    AGENT_WORK,
    FactTable("incident_opened", (*FACT, "recorded_at", "source", *END, "settled", "ci", "recorded_seconds")),
    FactTable("incident_responded", (*TIMED, *ACCURACY_FLAGS)),
    FactTable("incident_first_resolved", TIMED),
    FactTable("incident_resolved", (*CASE, "n", *TIMED[1:], *OF_RESOLVED), key=(*CASE, "n")),
    FactTable("incident_closed", TIMED),
    FactTable("incident_moved", (*CASE, "n", *FACT[1:], *CHANGE), key=(*CASE, "n")),
    FactTable("incident_restored", (*TIMED, *ACCURACY_FLAGS)),
    FactTable("incident_declared_major", (*FACT, "downgraded")),
    FactTable("incident_response_due", (*FACT, "met", "in_hours")),
    FactTable("incident_resolution_due", (*FACT, "met")),
    FactTable(
        "incident_outage",
        (
            *(*CASE, "n", "service", "effect", "since", "until", "category", "inferred"),
            *("irregular", "position", "opened_position"),
        ),
        key=(*CASE, "n"),
    ),
    FactTable(
        "incident_life",
        (*CASE, "n", *STRETCH, *DIMENSIONS, "source", "irregular", "position", "opened_position"),
        key=(*CASE, "n"),
    ),
)

OF_REQUEST = (*DIMENSIONS, "path", "catalogue_item")
REQUEST_FACT = (*CASE, "at", *OF_REQUEST, *CASE_FLAGS)
REQUEST_TIMED = (*REQUEST_FACT, "seconds", "business_seconds")
OF_DELIVERED = ("final", "rework_rounds", "requirement_changes", "reopened_soon", "article_used")
REQUEST = (
    AGENT_WORK,
    FactTable("request_opened", (*REQUEST_FACT, "settled", "ended", "ended_at")),
    FactTable("request_responded", (*REQUEST_TIMED, *ACCURACY_FLAGS)),
    FactTable("request_approved", (*CASE, "n", *REQUEST_TIMED[1:], "approver_role"), key=(*CASE, "n")),
    FactTable("request_delivered", (*REQUEST_TIMED, *OF_DELIVERED)),
    FactTable("request_handled", (*REQUEST_TIMED, "final", "at_once")),
    FactTable("request_state", (*CASE, "state", *REQUEST_FACT[1:], "seconds"), key=(*CASE, "state")),
    FactTable("request_judged", (*REQUEST_FACT, "passed")),
    FactTable("request_due", (*REQUEST_FACT, "met")),
    FactTable("request_project_due", (*REQUEST_FACT, "met")),
    FactTable("request_task", (*CASE, "task_id", *REQUEST_FACT[1:], "met"), key=(*CASE, "task_id")),
    FactTable(
        "request_life",
        (
            *(*CASE, "n", *STRETCH, "undecided", *OF_REQUEST, "approver_role"),
            *("irregular", "position", "opened_position"),
        ),
        key=(*CASE, "n"),
    ),
)
OF_PROBLEM = ("priority", "team_id", "service", "category", "assignee_id")
PROBLEM_FACT = (*CASE, "at", *OF_PROBLEM, *CASE_FLAGS)
PROBLEM_TIMED = (*PROBLEM_FACT, "seconds", "business_seconds", "final")
PROBLEM_STRETCH = ("since", "until", "phase", "on_hold", "caused", "known_error", "opened_at")
PROBLEM = (
    FactTable("problem_opened", (*PROBLEM_FACT, "proactive", *END)),
    FactTable("problem_caused", PROBLEM_TIMED),
    FactTable("problem_resolved", (*PROBLEM_FACT, "final")),
    FactTable("problem_risk_accepted", PROBLEM_FACT),
    FactTable("problem_fixed", PROBLEM_TIMED),
    FactTable("problem_incident", (*CASE, "incident_id", "position"), key=(*CASE, "incident_id")),
    FactTable(
        "problem_life",
        (*CASE, "n", *PROBLEM_STRETCH, *OF_PROBLEM, "irregular", "position", "opened_position"),
        key=(*CASE, "n"),
    ),
)

#: For incidents and requests alike: what people think of what was done for them.
SATISFACTION = tuple(FactTable(*table) for table in satisfaction.TABLES)
#: The tables of each process, by the kind of its records.
PROCESSES: dict[str, Sequence[FactTable]] = {
    "incident": INCIDENT,
    "request": REQUEST,
    "problem": PROBLEM,
    "change": CHANGES,
    "ci": CI,
    "deployment": DEPLOYMENT,
    "sla": SLA,
    "service": SERVICE,
    "article": ARTICLE,
    "improvement_suggestion": SUGGESTION,
    "improvement": IMPROVEMENT,
    "person": PERSON,
    "corrective_action": CORRECTIVE_ACTION,
    "maintenance": MAINTENANCE,
    "audit": AUDIT,
    "finding": FINDING,
    "document": DOCUMENT,
    "risk": RISK,
}
#: By process, the facts between whose first and last instants its KPIs have cases.
EXTENT = {
    "incident": ("opened", "resolved"),
    "request": ("opened", "delivered"),
    "problem": ("opened", "resolved"),
    "change": ("started", "ended"),
    "ci": ("altered",),
    "deployment": ("succeeded", "arrived"),
    "sla": ("signed",),
    "service": ("went_live",),
    "article": ("published", "used", "visit"),
    "improvement_suggestion": ("offered", "standardised"),
    "improvement": ("judged", "pilot_judged"),
    "corrective_action": ("due",),
    "maintenance": ("due",),
    "audit": ("self_check_due", "summary_due"),
    "finding": ("raised",),
    "document": ("published",),
    "risk": ("course",),
}
#: The facts that record the ends of a process's cases; at most one per case is final.
ENDINGS = {"incident": "resolved", "request": "delivered", "problem": "resolved"}

#: The table that sums the work of all cases per person and day.
AGENT_DAY = "agent_day"
#: Tables of causes of breaches and of withdrawn breaches; they follow the log event by event.
OF_BREACHES = ("breach_cause", "breach_withdrawn")
#: The tables of the catalogue's keys, and of cases whose opening names one that it did not hold; the same.
OF_KEYS = ("catalogue_key", "unknown_key_case")
#: The table that has rows while the facts do not reflect a single position of the log.
UNFINISHED = "unfinished"
TABLES = ", ".join(
    f"kpi.{name}"
    for name in dict.fromkeys(
        [
            *(UNFINISHED, AGENT_DAY, *OF_BREACHES, *OF_KEYS, *knowledge.FOLLOWING),
            *(table.name for tables in (*PROCESSES.values(), SATISFACTION) for table in tables),
        ]
    )
)
