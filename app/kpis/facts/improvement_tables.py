"""The tables of facts of suggestions and improvements, and of persons, whom suggestions are counted for."""

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
