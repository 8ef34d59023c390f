"""Duties that can be handed over: which fields of which kinds hold them, and who manages them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.common.people import Role


@dataclass(frozen=True, slots=True)
class KindDuties:
    """Fields of a kind of record that name the holders of duties, and the roles that hand the duties over.

    `ended` are the codes of the states in which nothing of it waits for anybody, except the fields that are
    `outlasting`: they name the holders of what follows. `apart` are fields that do not name the same person,
    each pair by the code of its refusal.
    """

    fields: tuple[str, ...]
    managers: frozenset[Role]
    ended: frozenset[str] = frozenset()
    outlasting: frozenset[str] = frozenset()
    apart: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def ended_for(self, field: str) -> frozenset[str]:
        """Return the codes of the states in which the field's duty is over."""
        return frozenset() if field in self.outlasting else self.ended


@dataclass(frozen=True, slots=True)
class RowDuty:
    """Fields of a child record that name the holders of duties, which are over once one of `done` is set:
    they outlast the record, unless `ends_with_record`. `apart` as of the record.
    """

    fields: tuple[str, ...]
    done: tuple[str, ...]
    kinds: frozenset[str]
    apart: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ends_with_record: bool = False


def _of(fields: str, *managers: Role, ended: str = "", outlasting: str = "") -> KindDuties:
    return KindDuties(
        tuple(fields.split()), frozenset(managers), frozenset(ended.split()), frozenset(outlasting.split())
    )


#: Duties of the records of each kind. Representatives of agreements are named by the agreement itself.
KIND_DUTIES: Mapping[str, KindDuties] = {
    "article": _of("assignee_id", Role.knowledge_editor, ended="retired"),
    "audit": _of("head_id", Role.quality_manager, ended="concluded"),
    "change": _of("assignee_id", Role.change_manager, ended="closed rejected cancelled"),
    "ci": _of("owner_id", Role.configuration_manager, ended="retired"),
    "corrective_action": _of("owner_id", Role.quality_manager, ended="verified dropped"),
    "finding": _of("owner_id", Role.quality_manager, ended="verified withdrawn"),
    "freeze": _of("owner_id", Role.change_manager, ended="withdrawn"),
    "group": _of("chair_id", Role.admin, ended="retired"),
    "improvement": replace(
        _of(
            "assignee_id executor_id process_owner_id project_manager_id sponsor_id",
            Role.quality_manager,
            Role.committee_member,
            ended="rejected reverted",
        ),
        apart={"owner_is_executor": ("process_owner_id", "executor_id")},
    ),
    "improvement_plan": _of("owner_id", Role.quality_manager, ended="closed"),
    "incident": _of("assignee_id commander_id", Role.incident_manager, ended="closed cancelled"),
    "meeting": _of("assignee_id chair_id organiser_id", Role.quality_manager, ended="cancelled"),
    "person": _of("manager_id", Role.admin, ended="inactive erased"),
    "problem": _of(
        "assignee_id risk_owner_id",
        Role.problem_manager,
        ended="closed cancelled",
        outlasting="risk_owner_id",
    ),
    "process_definition": replace(
        _of("executor_id owner_id", Role.quality_manager, ended="superseded retired"),
        apart={"owner_executes": ("owner_id", "executor_id")},
    ),
    "quality_assessment": _of("assessor_id", Role.quality_manager, ended="verified cancelled"),
    "quality_target": _of("answerable_id", Role.quality_manager, ended="withdrawn"),
    "release": _of(
        "assignee_id faults_owner_id stage_author_id stage_reviewer_id",
        Role.change_manager,
        ended="closed rolled_back cancelled",
    ),
    "request": replace(
        _of("assignee_id requester_id", Role.service_level_manager, ended="closed cancelled rejected"),
        apart={"requester_is_assignee": ("requester_id", "assignee_id")},
    ),
    "risk": _of("owner_id", Role.quality_manager, ended="closed"),
    "scorecard": replace(
        _of("superior_id talker_id", Role.quality_manager, ended="settled"),
        apart={
            "own_superior": ("concerned_id", "superior_id"),
            "talks_to_oneself": ("concerned_id", "talker_id"),
        },
    ),
    "service": _of("owner_id", Role.service_level_manager, ended="retired"),
    "service_level_plan": _of("owner_id", Role.service_level_manager, ended="adopted"),
    "team": _of("lead_id", Role.admin, ended="retired"),
    "training": _of("trainer_id", Role.quality_manager, ended="licensed cancelled"),
    "webhook_source": _of("owner_id", Role.admin, ended="retired"),
}
_TICKETS = frozenset({"change", "improvement", "incident", "problem", "release", "request"})
#: Duties that child records give, by their kind, in records of these kinds.
ROW_DUTIES: Mapping[str, RowDuty] = {
    "complaint": RowDuty(
        ("owner_id",),
        ("answered_at", "merged_at"),
        _TICKETS,
        apart={"complained_about": ("owner_id", "person_id")},
    ),
    "improvement_plan_step": RowDuty(("person_id",), ("done_at",), frozenset({"improvement_plan"})),
    "release_stage": RowDuty(
        ("author_id", "reviewer_id"),
        ("passed_at",),
        frozenset({"release"}),
        apart={"reviews_own_stage": ("author_id", "reviewer_id")},
        ends_with_record=True,
    ),
    "risk_action": RowDuty(("person_id",), ("done_at", "dropped_at"), frozenset({"risk"})),
    "rollout_step": RowDuty(("owner_id",), ("completed_at",), frozenset({"improvement"})),
    "task": RowDuty(("assignee_id",), ("completed_at", "dropped_at"), _TICKETS | {"meeting"}),
}
#: Kinds of records whose duties may outlast their end: they are handed over in every state.
OUTLASTING = frozenset(kind for kind, duties in KIND_DUTIES.items() if duties.outlasting).union(
    *(duty.kinds for duty in ROW_DUTIES.values() if not duty.ends_with_record)
)
#: Roles that hand over the duties of some kind.
MANAGERS = frozenset(role for duties in KIND_DUTIES.values() for role in duties.managers)
