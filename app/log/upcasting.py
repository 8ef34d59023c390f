"""Up-casters: they bring the data of events that were written before a table was split or renamed into the
present form, whenever events are read. The log itself stays as it is.

Each has a twin in SQL, `log.upcast`, by which the view `log.told` reads (the newest migration that replaces
it); tests/log/test_upcasting.py compares the two. To add one: add it to UPCASTERS, replace `log.upcast` in a
migration, and move the rows in the same migration. Data in the present form passes unchanged. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Data = dict[str, Any]
#: The fields of rows by row key, as in the members `set` and `late` of an event's data.
Rows = dict[str, Any]
Upcaster = Callable[[Data], Data]

#: The members of an event's data that name rows.
ROW_MEMBERS = ("set", "late")


def upcast(event_type: str, schema_version: int, data: Data) -> Data:
    """Return the event's data in the present schema version of its type."""
    for upcaster in _upcasters(event_type)[schema_version - 1 :]:
        data = upcaster(data)
    return data


def current_version(event_type: str) -> int:
    """Return the schema version in which events of that type are written."""
    return len(_upcasters(event_type)) + 1


def _upcasters(event_type: str) -> tuple[Upcaster, ...]:
    """Return the up-casters of that type of event, or else of all types of its kind of record."""
    return UPCASTERS.get(event_type) or UPCASTERS.get(event_type.partition(".")[0], ())


def move_fields(kind: str, children: Mapping[str, frozenset[str]]) -> Upcaster:
    """Return the up-caster that moves fields of the records of that kind to child rows with the record's id:
    `children` are the fields by the kind of the child row.
    """
    prefix, moved = f"{kind}/", frozenset[str]().union(*children.values())

    def split(rows: Rows) -> Rows:
        upcasted: Rows = {}
        for key, fields in rows.items():
            if fields is None or not key.startswith(prefix) or moved.isdisjoint(fields):
                upcasted[key] = fields
                continue
            upcasted[key] = {name: value for name, value in fields.items() if name not in moved}
            for child, names in children.items():
                if of_child := {name: value for name, value in fields.items() if name in names}:
                    upcasted[f"{child}/{key.removeprefix(prefix)}"] = {"record": key, **of_child}
        return upcasted

    return _for_rows(split)


def rename_rows(kind: str, new_kind: str) -> Upcaster:
    """Return the up-caster that renames the kind of child rows."""
    prefix = f"{kind}/"

    def rename(rows: Rows) -> Rows:
        return {
            f"{new_kind}/{key.removeprefix(prefix)}" if key.startswith(prefix) else key: fields
            for key, fields in rows.items()
        }

    return _for_rows(rename)


def _for_rows(change: Callable[[Rows], Rows]) -> Upcaster:
    def upcaster(data: Data) -> Data:
        return data | {member: change(data[member]) for member in ROW_MEMBERS if member in data}

    return upcaster


def _split_names(parts: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Return the names of fields, which have spaces between, by the kind of the part."""
    return {kind: frozenset(names.split()) for kind, names in parts.items()}


#: The fields of improvements that moved to parts, by the kind of the part.
IMPROVEMENT_PARTS = _split_names(
    {
        "improvement_proposal": (
            "suggestion_ids assessment_id selection_reason freeze_exception_reason "
            "outside_plan_reason proposal_id proposed_at submitted_at decision_subject review_again_at "
            "taken_up_at what_changed size_criteria size_reason to_pilot classified_at"
        ),
        "improvement_project": ("project_resources work_plan lacking implementation_plan implemented_what"),
        "improvement_pilot": (
            "pilot_scope pilot_control pilot_begins_at pilot_ends_at pilot_length pilot_agreement "
            "data_gathering kicked_off_at pilot_rounds pilot_started_at pilot_report_id"
        ),
        "improvement_judgement": (
            "asked_judgement asked_position asked_reason asked_told judgement_overdue_at next_scope "
            "next_control next_begins_at next_ends_at first_judgement first_judged_at last_judgement "
            "judged_at"
        ),
        "improvement_rollout": (
            "rollout_advice rollout_scope rollout_departments rollout_contributions rollout_schedule "
            "rollout_told release_id rollout_goal rollout_planned_at cutover_share handover_id "
            "handover_asked_at accepted_by_id"
        ),
        "improvement_evaluation": (
            "measured_occasion measured_position measured_at goal_reached scope_reached benefit_reached "
            "reached against_evidence against_evidence_reason evaluation_comment evaluated_by_id "
            "agreed_by_id evaluated_at"
        ),
        "improvement_outcome": (
            "document_numbers published_at fixed_at faded_at revert_reason reverted_told"
        ),
    }
)
#: Those of changes, of requests and of agreements.
CHANGE_PARTS = _split_names(
    {
        "change_plans": "no_cis_reason plan test_plan back_out_plan",
        "change_assessment": (
            "questionnaire_id risk_answers risk_score effects resources conflicts_found assessed_by_id "
            "cannot_wait approval_requested_at"
        ),
        "change_implementation": (
            "out_of_window_reason started_by_voter work_done tests_run deviations back_out_reason "
            "service_restored_at"
        ),
        "change_review": "reviewer_id first_pass_reason goals_met caused_incident_ids lessons",
    }
)
REQUEST_PARTS = _split_names(
    {
        "request_solution_approval": (
            "it_approved_by_id business_approved_by_id sent_back_at solution_approved_at"
        ),
    }
)
AGREEMENT_PARTS = _split_names(
    {"sla_reasons": "gap_reason effect_on_cost effect_on_workload termination_reason"}
)
#: The up-casters by the type of the event, or by the kind of the record for all of its types: the first takes
#: schema version 1 to 2, and so on.
UPCASTERS: Mapping[str, tuple[Upcaster, ...]] = {
    "improvement": (move_fields("improvement", IMPROVEMENT_PARTS),),
    "change": (move_fields("change", CHANGE_PARTS),),
    "request": (move_fields("request", REQUEST_PARTS),),
    "request.training_recorded": (rename_rows("training", "request_training"),),
    "sla": (move_fields("sla", AGREEMENT_PARTS),),
}
