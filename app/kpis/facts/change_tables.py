"""The tables of facts of changes, of configuration items and of deployments."""

from __future__ import annotations

from app.kpis.facts.table import CASE, FactTable

CASE_FLAGS = ("excluded", "irregular", "position", "opened_position")
OF_CHANGE = ("change_type", "team_id", "service", "risk")
CHANGE_FACT = (*CASE, "at", *OF_CHANGE, *CASE_FLAGS)
CHANGE_STRETCH = ("since", "until", "phase", "on_hold", "waiting", "overdue", "opened_at")
CHANGES = (
    FactTable("change_handed", (*CASE, "at")),
    FactTable("change_started", CHANGE_FACT),
    FactTable("change_ended", (*CHANGE_FACT, "verdict", "at_first", "failed")),
    FactTable("change_implemented", (*CHANGE_FACT, "seconds")),
    FactTable("change_maintenance", (*CASE, "service", "since", "until", "position"), key=(*CASE, "service")),
    FactTable(
        "change_life",
        (*CASE, "n", *CHANGE_STRETCH, *OF_CHANGE, "irregular", "position", "opened_position"),
        key=(*CASE, "n"),
    ),
)
CI = (
    FactTable(
        "ci_altered",
        (*CASE, "n", "at", "ci_class", "team_id", "authorisation", *CASE_FLAGS),
        key=(*CASE, "n"),
    ),
)
DEPLOYMENT_FACT = (*CASE, "at", "team_id", "service", *CASE_FLAGS)
DEPLOYMENT = (
    FactTable("deployment_succeeded", DEPLOYMENT_FACT),
    FactTable("deployment_arrived", (*DEPLOYMENT_FACT, "failed", "rolled_back_at")),
    FactTable("deployment_incident", (*CASE, "incident_id", "position"), key=(*CASE, "incident_id")),
    FactTable(
        "deployment_brought",
        (*CASE, "brought", *DEPLOYMENT_FACT[1:], "committed_at", "change_id"),
        key=(*CASE, "brought"),
    ),
)
