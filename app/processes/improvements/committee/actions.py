"""Steps 7, 12 and 13 of improvements: class, charter and project plan are put to the committee, and follow
from its decisions.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.common.duties import GivenDuty
from app.common.people import Person
from app.foundation.decisions.actions import tallied
from app.foundation.decisions.closing import withdraw_open_decisions
from app.foundation.decisions.payloads import Tallied
from app.foundation.decisions.records import Decision, DecisionOutcome
from app.foundation.people.eligibility import holder_by_default, is_active_person
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.actions.refusals import PreparationRefused, WrongValue, caller_check
from app.processes.improvements.committee.payloads import (
    ApprovePlanImprovement,
    ChangePeopleImprovement,
    CharterImprovement,
    ClassifyImprovement,
    ClassTallied,
    ReturnPlanImprovement,
    VoidPeopleImprovement,
)
from app.processes.improvements.committee.questions import put_class, put_to_committee, take_class
from app.processes.improvements.project.records import ImprovementMember
from app.processes.improvements.proposal.records import DecisionSubject
from app.processes.improvements.records import Improvement, ImprovementState
from app.ticketing.projects.planning import expect_next_report


def classify(improvement: Improvement, body: ClassifyImprovement, ctx: ActionContext) -> None:
    """Classify the improvement: the committee votes on its size, its kind and its priority."""
    put_class(improvement, body, body.kind, body.impact, body.urgency)
    put_to_committee(improvement, DecisionSubject.improvement_class, ctx)


def classify_by_decision(improvement: Improvement, body: ClassTallied, ctx: ActionContext) -> None:
    """Classify the improvement by decision: the committee has approved its class."""
    take_class(improvement, ctx)


def charter(improvement: Improvement, body: CharterImprovement, ctx: ActionContext) -> None:
    """Charter the improvement's project: the committee votes on its sponsor, manager, team, resources and
    budget, and on its plan if that is part of the question.
    """
    motion = improvement.motion
    motion.asked_sponsor_id = ctx.required_ref(Person, "sponsor").id
    motion.asked_manager_id = ctx.required_ref(Person, "project_manager").id
    motion.asked_member_ids = [str(member.id) for member in ctx.refs(Person, "members")]
    motion.asked_resources = body.resources
    motion.asked_budget, motion.asked_currency = body.budget, body.currency
    motion.asked_with_plan = body.with_plan
    put_to_committee(improvement, DecisionSubject.charter, ctx)


@dataclass(frozen=True, slots=True)
class NamedPeople:
    """The people of the question who can still take their posts; None where nobody can."""

    sponsor_id: UUID | None
    manager_id: UUID | None
    member_ids: tuple[UUID, ...]


async def people_of_motion(
    reads: ReadContext, improvement: Improvement, body: Tallied, ctx: ActionContext
) -> NamedPeople:
    """Find the people of the question who are active and eligible now: others have left since it was asked,
    and the committee names somebody else for their posts.
    """
    motion = improvement.motion
    sponsor_id = await holder_by_default(
        reads, improvement, body, motion.asked_sponsor_id, GivenDuty.sponsorship
    )
    manager_id = await holder_by_default(
        reads, improvement, body, motion.asked_manager_id, GivenDuty.project_management
    )
    member_ids = [UUID(member_id) for member_id in motion.asked_member_ids or ()]
    members = [member_id for member_id in member_ids if await is_active_person(reads, member_id)]
    return NamedPeople(sponsor_id, manager_id, tuple(members))


def charter_by_decision(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Charter the improvement's project by decision, with its plan if that was asked. The post of somebody
    who has left since then stays vacant.
    """
    motion, named = improvement.motion, ctx.prepared(NamedPeople)
    improvement.sponsor_id, improvement.project_manager_id = named.sponsor_id, named.manager_id
    for member_id in named.member_ids:
        ctx.outcome.add(
            ImprovementMember(
                id=ctx.new_id(),
                record=improvement.row_key,
                person_id=member_id,
                added_at=ctx.occurred_at,
            )
        )
    improvement.project.project_resources = motion.asked_resources
    improvement.budget, improvement.currency = motion.asked_budget, motion.asked_currency
    if motion.asked_with_plan:
        improvement.chartered_at = ctx.occurred_at
        expect_next_report(improvement, ctx)


def state_of_charter(improvement: Improvement) -> ImprovementState:
    """Return the state that an approved charter leads to: that of an approved plan if it was part of it."""
    with_plan = improvement.motion.asked_with_plan
    return ImprovementState.plan_approved if with_plan else ImprovementState.chartered


def approve_plan(improvement: Improvement, body: ApprovePlanImprovement, ctx: ActionContext) -> None:
    """Approve the improvement's plan: the committee votes on it, with its pilot."""
    put_to_committee(improvement, DecisionSubject.project_plan, ctx)


def approve_plan_by_decision(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Approve the improvement's plan by decision: the project can be kicked off."""


def return_plan(improvement: Improvement, body: ReturnPlanImprovement, ctx: ActionContext) -> None:
    """Return the improvement's plan: the committee votes on whether it goes back to the project manager."""
    improvement.motion.asked_lacking = body.lacking
    put_to_committee(improvement, DecisionSubject.plan_return, ctx)


def return_plan_by_decision(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Return the improvement's plan by decision, to its project manager: for the gaps that the committee was
    asked about, or, if it was asked to approve the plan, for the reasons in its votes.
    """
    returns = improvement.proposal.decision_subject is DecisionSubject.plan_return
    improvement.project.lacking = improvement.motion.asked_lacking if returns else None
    improvement.pilot.kicked_off_at = None


def change_people(improvement: Improvement, body: ChangePeopleImprovement, ctx: ActionContext) -> None:
    """Change the improvement's people: the committee votes on another sponsor or manager."""
    sponsor, manager = ctx.ref(Person, "sponsor"), ctx.ref(Person, "project_manager")
    improvement.motion.asked_sponsor_id = None if sponsor is None else sponsor.id
    improvement.motion.asked_manager_id = None if manager is None else manager.id
    put_to_committee(improvement, DecisionSubject.people, ctx)


async def people_stay(
    reads: ReadContext, improvement: Improvement, body: ChangePeopleImprovement, ctx: ActionContext
) -> None:
    """Refuse to ask for those who hold the posts already, or for the caller."""
    for field, holder in (
        ("sponsor", improvement.sponsor_id),
        ("project_manager", improvement.project_manager_id),
    ):
        person = ctx.ref(Person, field)
        if person is not None and person.id == holder:
            raise WrongValue(pointer=f"/{field}", because="holds_it_already")
        if person is not None and person.id == ctx.caller.person_id:
            raise WrongValue(pointer=f"/{field}", because="takes_post_oneself")


def change_people_by_decision(improvement: Improvement, body: Tallied, ctx: ActionContext) -> None:
    """Change the improvement's people by decision: the people replaced lose the duties of their posts. The
    question ends without an outcome if somebody named in it has left or is no longer eligible.
    """
    named = ctx.prepared(NamedPeople)
    if named.sponsor_id is not None:
        improvement.sponsor_id = named.sponsor_id
        if improvement.pilot.pilot_started_at is None:
            # The pilot is kicked off by the sponsor who answers for it.
            improvement.pilot.kicked_off_at = None
    improvement.project_manager_id = named.manager_id or improvement.project_manager_id


def void_people(improvement: Improvement, body: VoidPeopleImprovement, ctx: ActionContext) -> None:
    """Void the improvement's question about people: somebody in it has left or is no longer eligible.
    The committee is asked again, with somebody else.
    """
    withdraw_open_decisions(ctx)


async def lost_candidates(reads: ReadContext, improvement: Improvement) -> list[UUID]:
    """Return the people of the question who can no longer take the posts that it gives them."""
    motion, body = improvement.motion, EmptyPayload()
    candidates = (
        (motion.asked_sponsor_id, GivenDuty.sponsorship),
        (motion.asked_manager_id, GivenDuty.project_management),
    )
    return [
        person_id
        for person_id, duty in candidates
        if person_id is not None
        and await holder_by_default(reads, improvement, body, person_id, duty) is None
    ]


@caller_check
async def candidate_is_lost(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> None:
    """Refuse an outcome without effect (`candidate_lost`): a rule ends the question."""
    for person_id in await lost_candidates(reads, improvement):
        person = await reads.record(Person.KIND, str(person_id))
        assert person is not None, "no person is ever taken out of the log"
        raise PreparationRefused("candidate_lost", {"person": str(person.record.name)})


@caller_check
async def candidates_fit(
    reads: ReadContext, improvement: Improvement, body: object, ctx: ActionContext
) -> str | None:
    """Refuse to end a question whose people can take their posts (`candidates_fit`)."""
    return None if await lost_candidates(reads, improvement) else "candidates_fit"


def class_tallied(improvement: Improvement, decision: Decision) -> ClassTallied:
    """Return the tally of a decision on the improvement, with the class that was put to the vote."""
    motion = improvement.motion
    priority = {
        "impact": motion.asked_impact,
        "urgency": motion.asked_urgency,
        "priority": motion.asked_priority,
    }
    return ClassTallied.model_validate({**dict(tallied(decision)), **priority})


#: The action that follows if the committee approves what it was asked.
ACTIONS_OF_SUBJECTS = {
    DecisionSubject.charter: "charter_by_decision",
    DecisionSubject.project_plan: "approve_plan_by_decision",
    DecisionSubject.plan_return: "return_plan_by_decision",
    DecisionSubject.people: "change_people_by_decision",
    DecisionSubject.revert: "revert_by_decision",
}


def action_of_motion(improvement: Improvement, decision: Decision) -> tuple[str, Payload] | None:
    """Return the action to which a decision on class, charter, project plan, people or reverting leads, with
    its payload; None if nothing changes by it.
    """
    subject = improvement.proposal.decision_subject
    if subject is DecisionSubject.project_plan and decision.outcome is DecisionOutcome.rejected:
        return "return_plan_by_decision", tallied(decision)
    if decision.outcome is not DecisionOutcome.approved or subject is None:
        return None
    if subject is DecisionSubject.improvement_class:
        return "classify_by_decision", class_tallied(improvement, decision)
    return ACTIONS_OF_SUBJECTS[subject], tallied(decision)
