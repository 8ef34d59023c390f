"""Successors of the people of a project, who stand in the committee's charter."""

from __future__ import annotations

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.foundation.people.succession import handing_over
from app.foundation.people.succession.handing_over import HandOverDuties, HeldDuties, guarded
from app.foundation.people.succession.lookups import duty_in, replaceable
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.held_duties import fits_duty
from app.kernel.actions.refusals import WrongValue
from app.processes.improvements.pilot.checks import check_executor
from app.processes.improvements.pilot.preparation import executor_licence
from app.processes.improvements.records import Improvement
from app.processes.improvements.rollout.plan_checks import FIRST_STEPS, check_first_owner
from app.processes.improvements.rollout.records import RolloutStep

#: The duties that the committee gives with the charter.
CHARTERED_DUTIES = frozenset({"sponsor_id", "project_manager_id"})
TO_COMMITTEE = (RecipientRule(NoticeType.updated, roles=frozenset({Role.committee_member})),)


def hand_over_duties(improvement: Improvement, body: HandOverDuties, ctx: ActionContext) -> None:
    """Hand over the record's duties: a new holder takes over all that are still open."""
    handing_over.hand_over_duties(improvement, body, ctx)
    if "sponsor_id" in ctx.prepared(HeldDuties).fields and improvement.pilot.pilot_started_at is None:
        # The pilot is kicked off by the sponsor who answers for it.
        improvement.pilot.kicked_off_at = None


async def successor_not_suitable(
    reads: ReadContext, improvement: Improvement, body: HandOverDuties, ctx: ActionContext
) -> None:
    """Refuse a successor who could not be named as the executor of the pilot, or as the owner of a first
    step of the rollout.
    """
    duties, successor = ctx.prepared(HeldDuties), ctx.required_ref(Person, "new_holder")
    if "executor_id" in duties.fields:
        licence = await executor_licence(reads, improvement, successor, ctx)
        check_executor(improvement, successor, licence, "/new_holder")
    for row, _ in duties.rows:
        if isinstance(row, RolloutStep) and row.step in FIRST_STEPS:
            check_first_owner(improvement, row.step, successor, "/new_holder")


async def names_people_alone(
    reads: ReadContext, improvement: Improvement, body: HandOverDuties, ctx: ActionContext
) -> None:
    """Refuse to replace a sponsor or project manager who keeps the duty (`committee_replaces`), people who
    make themselves one of them (`takes_post_oneself`), and a successor whom the proposer or one of these
    people names (`proposer_names_people`): the committee named both. A rule is judged as the person behind
    it.
    """
    chartered = CHARTERED_DUTIES.intersection(ctx.prepared(HeldDuties).fields)
    if not chartered:
        return
    person = ctx.required_ref(Person, "person")
    takers = (ctx.required_ref(Person, "new_holder").id, ctx.acting_person_id)
    if not await replaceable(guarded(reads), [person.id], ctx.now, takers):
        for name in sorted(chartered):
            if await fits_duty(reads, improvement, name, duty_in(Improvement, name), person.id):
                raise WrongValue(pointer="/person", because="committee_replaces")
    if ctx.required_ref(Person, "new_holder").id == ctx.acting_person_id:
        raise WrongValue(pointer="/new_holder", because="takes_post_oneself")
    parties = (improvement.proposed_by_id, *(getattr(improvement, name) for name in CHARTERED_DUTIES))
    if ctx.acting_person_id in parties:
        raise WrongValue(pointer="/new_holder", because="proposer_names_people")
