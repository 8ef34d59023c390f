"""Whoever holds a post does its duty by the post alone, without a role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Caller, Role, RoleGrant
from app.common.records import ForeignRef, empty
from app.foundation.people.succession.duties import KIND_DUTIES
from app.kernel.actions.actor_policy import ProcessRelation, Relation
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import marks
from app.registry import LIFECYCLES, LIFECYCLES_BY_KIND

HOLDER = UUID(int=7)
#: What the holder of the post may do because the record's field names them.
POSTS = {
    ("incident", "commander_id"): {"post_update", "assign", "escalate"},
    ("process_definition", "owner_id"): {"edit", "submit", "send_back", "publish", "take_names"},
    ("process_definition", "executor_id"): {"edit"},
    ("process_change", "process_owner_id"): {"review", "publish"},
    ("improvement", "sponsor_id"): {"kick_off"},
    ("improvement", "project_manager_id"): {"plan", "report_progress", "start_pilot", "roll_out"},
    ("improvement", "process_owner_id"): {"fix"},
    ("quality_target", "answerable_id"): {"accept", "return", "break_down"},
    ("quality_assessment", "assessor_id"): {"conclude", "improve"},
    ("audit", "head_id"): {"countersign"},
    ("finding", "owner_id"): {"correct"},
    ("corrective_action", "owner_id"): {"complete", "hand_over"},
    ("risk", "owner_id"): {"assess", "treat", "reassess", "hand_over"},
    ("scorecard", "talker_id"): {"settle"},
    ("scorecard_rating", "rater_id"): {"rate"},
    ("improvement_plan", "owner_id"): {"revise", "submit", "review", "propose_adjustment"},
    ("meeting", "chair_id"): {"edit", "move", "invite", "hold", "minute", "sign", "cancel"},
    ("meeting", "organiser_id"): {"edit", "move", "invite", "hold", "minute", "cancel"},
    ("problem", "risk_owner_id"): {"reopen"},
    ("service_level_plan", "owner_id"): {"revise"},
    ("training", "trainer_id"): {"hold"},
    ("sla", "representative_id"): {"negotiate", "sign"},
    ("sla", "party_representative_id"): {"negotiate", "sign"},
    # They sign the card that they see.
    ("scorecard", "superior_id"): set[str](),
}
#: Posts whose holders see the record only as staff, who see all of its kind, or by another field of it.
SEEN_OTHERWISE = {
    "article.assignee_id": "its author writes it",
    "meeting.assignee_id": "its participants see it",
    "quality_target.person_id": "the answerable person sees it",
    "scorecard.person_id": "the person concerned sees it",
    "scorecard_rating.person_id": "ratings are the rater's until the card is published",
    "stand_in.person_id": "staff see the rota",
    "escalation_rule.to_person_id": "staff see the rules",
    "service.owner_id": "staff see services",
    "webhook_source.owner_id": "staff see sources",
}
#: What somebody without a role may do who was named to work on the ticket.
ASSIGNED = {
    "problem": {"identify_cause", "document_workaround"},
    "request": {
        *("propose_requirements", "confirm_requirements", "propose_solution", "begin_implementation"),
        *("report_progress", "submit_for_acceptance", "record_training"),
    },
}
#: The role that manages the tickets of each kind.
MANAGERS = {
    "incident": Role.incident_manager,
    "problem": Role.problem_manager,
    "change": Role.change_manager,
    "release": Role.change_manager,
    "request": Role.service_level_manager,
    "improvement": Role.quality_manager,
}


def named(lifecycle: Lifecycle[Any], field: str) -> Any:
    """A record that names the holder there, and nobody else."""
    record = empty(lifecycle.record, UUID(int=1))
    setattr(record, field, HOLDER)
    return record


def caller(*roles: Role) -> Caller:
    """The holder, with these roles."""
    held = tuple(RoleGrant(role) for role in roles)
    return Caller(actor=f"person:{HOLDER}", person_id=HOLDER, roles=held)


def allowed(lifecycle: Lifecycle[Any], record: Any, holder: Caller) -> set[str]:
    """What the holder may do on the record."""
    return {row.name for row in lifecycle.rows if row.policy.allows(holder, record)}


def test_a_post_alone_is_enough_for_its_duty() -> None:
    for (kind, field), duties in POSTS.items():
        lifecycle = LIFECYCLES_BY_KIND[kind]
        missing = duties - allowed(lifecycle, named(lifecycle, field), caller())
        assert not missing, f"{kind}.{field}"
        assert f"person:{HOLDER}" in lifecycle.audience(named(lifecycle, field)), f"{kind}.{field}"


#: References that name somebody for a duty outside the record, or state a fact; each with what is meant.
FACTS = {
    "article.assignee_id": "nobody assigns articles: authors and editors write them",
    "ci.owner_id": "votes on changes of the item",
    "complaint.owner_id": "is eligible by the role that answers",
    "discovery_owner.person_id": "becomes the owner of the item",
    "escalation_rule.to_person_id": "is assigned the ticket",
    "group.chair_id": "decides the questions that name the group",
    "improvement_motion.asked_manager_id": "manages the project once the committee agrees",
    "improvement_motion.asked_sponsor_id": "sponsors the project once the committee agrees",
    "meeting.assignee_id": "nobody assigns meetings: chair and organiser run them",
    "quality_target.person_id": "is measured; the answerable person accepts",
    "recognition.person_id": "has got the award",
    "release.faults_owner_id": "works on incidents and problems after the release",
    "release.stage_author_id": "attaches the documents of the stage, as whoever sees the release",
    "release.stage_reviewer_id": "repeats the reviewer of the stage",
    "release_stage.author_id": "attaches the documents of the stage, as whoever sees the release",
    "scorecard.person_id": "the person concerned objects and confirms",
    "scorecard_rating.person_id": "is rated",
    "service.owner_id": "votes on changes of the service",
    "shift.person_id": "is assigned tickets while on duty",
    "stand_in.person_id": "is assigned tickets while on duty",
    "webhook_source.owner_id": "is told when the source fails",
    "work.person_id": "has done the work",
}
#: Duties that take part in something, are an account, or have no own action.
WITHOUT_ACTION = {
    *(None, GivenDuty.recorded, GivenDuty.account, GivenDuty.participation, GivenDuty.deputising)
}


def duties_named() -> Iterator[tuple[str, str]]:
    """The fields of records and child records that name a person for a duty."""
    for lifecycle in LIFECYCLES:
        for model in (lifecycle.record, *lifecycle.children):
            for field, mark in marks(model, ForeignRef).items():
                if mark.kind == "person" and mark.duty not in WITHOUT_ACTION:
                    yield model.KIND, field


def opened_by_post() -> set[tuple[str, str]]:
    """The fields whose holders have an action by the post."""
    opened: set[tuple[str, str]] = set()
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            for relation in row.policy.relations:
                if isinstance(relation, ProcessRelation):
                    opened |= {(lifecycle.kind, field) for field in relation.fields} | {*relation.named_in}
                elif relation in (Relation.assignee, Relation.implementer):
                    opened.add((lifecycle.kind, "assignee_id"))
    return opened


def test_each_post_opens_an_action_or_is_said_to_be_a_fact() -> None:
    idle = {f"{kind}.{field}" for kind, field in {*duties_named()} - opened_by_post()}
    assert idle == FACTS.keys()


def test_whoever_holds_a_post_sees_the_record() -> None:
    unseen = set()
    for lifecycle in LIFECYCLES:
        for field, mark in marks(lifecycle.record, ForeignRef).items():
            gives = mark.kind == "person" and mark.duty not in (None, GivenDuty.recorded, GivenDuty.account)
            if gives and mark.duty not in (GivenDuty.participation, GivenDuty.deputising):
                tokens = lifecycle.audience(named(lifecycle, field))
                if tokens.isdisjoint({f"person:{HOLDER}", "everybody"}):
                    unseen.add(f"{lifecycle.kind}.{field}")
    assert unseen == SEEN_OTHERWISE.keys()


def test_the_manager_of_a_process_assigns_and_escalates_its_tickets() -> None:
    for kind, role in MANAGERS.items():
        lifecycle = LIFECYCLES_BY_KIND[kind]
        record = empty(lifecycle.record, UUID(int=1))
        assert {"assign", "escalate", "hand_over_duties"} <= allowed(lifecycle, record, caller(role)), kind
        assert role in KIND_DUTIES[kind].managers, f"{kind}: whoever assigns is told what is nobody's"


def test_the_person_to_whom_the_work_is_given_may_do_it() -> None:
    for kind, duties in ASSIGNED.items():
        lifecycle = LIFECYCLES_BY_KIND[kind]
        assert duties <= allowed(lifecycle, named(lifecycle, "assignee_id"), caller()), kind


def test_the_project_manager_of_a_release_assigns_it() -> None:
    lifecycle = LIFECYCLES_BY_KIND["release"]
    record = empty(lifecycle.record, UUID(int=1))
    assert {"assign", "escalate"} <= allowed(lifecycle, record, caller(Role.project_manager))


def test_agents_see_what_a_team_has_resolved_and_may_close_it() -> None:
    lifecycle = LIFECYCLES_BY_KIND["incident"]
    record = empty(lifecycle.record, UUID(int=1))
    record.team_id = UUID(int=2)
    for state in lifecycle.states:
        record.state = state
        assert ("desk" in lifecycle.audience(record)) is (state.value == "resolved"), state
    assert "close" in allowed(lifecycle, record, caller(Role.agent))
