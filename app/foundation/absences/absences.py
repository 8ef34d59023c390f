"""Absences: when a person is away, and who deputises (lifecycle).

planned ─► withdrawn
planned ─► removed (one that was taken from a calendar)
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.people import Person, PersonKind, Role
from app.common.records import ForeignRef, Hidden
from app.foundation.absences.face import FACE
from app.foundation.absences.lookups import AbsenceTeams, absence_teams, is_away_between, leads_person
from app.foundation.absences.records import Absence, AbsenceSource
from app.foundation.absences.records import AbsenceState as State
from app.foundation.people.credentials.bounds import ABSENCES, within_bound
from app.foundation.people.credentials.maker_credential import (
    MakerCredential,
    consent_needed,
    require_consent,
)
from app.foundation.people.eligibility import check_on_the_same_side
from app.kernel.access.audience_rules import to_members, to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import addressee, admin, process_relation, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import EmptyPayload, FreeText, Instant, Patch, Payload, Reference
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.rules import CheckFailed, Rules

LONGEST_ABSENCE = timedelta(days=366)

# Whose absence it is, checks of the actions read.
absence_keeper = process_relation(
    "absence_keeper",
    "anybody for themselves, a lead for members of the team",
    "任何人（限本人）、团队负责人（限本团队成员）",
    any_credential=True,
)
#: A deputy votes for another person, so assistants may not name deputies.
KEEPERS = (admin | absence_keeper | rule).in_person()
OWNER = addressee.in_person()

AbsentPerson = Annotated[Reference, ForeignRef("person", GivenDuty.participation, quiet=True, on_behalf=True)]
DeputyReference = Annotated[
    Reference, ForeignRef("person", GivenDuty.deputising), Responsible(NoticeType.deputises)
]
EventKey = Annotated[
    str,
    StringConstraints(pattern="^[0-9a-f]{64}$"),
    Hidden(),
    Field(description="A fingerprint of the event in the calendar."),
]


class AbsenceTimes(Payload, of=Absence):
    """The time of an absence, and the deputy."""

    from_at: Instant
    until_at: Instant
    deputy: DeputyReference | None = None


class NewAbsence(AbsenceTimes, of=Absence):
    """An absence: the person, the time, the deputy and the reason."""

    person: AbsentPerson = "me"
    reason: Annotated[FreeText, Hidden()] | None = Field(
        default=None, description="Reason for the absence, which only the absent person sees."
    )


class PlanAbsence(NewAbsence, of=Absence):
    """An absence, with where it comes from: people enter theirs by hand."""

    source: AbsenceSource = AbsenceSource.by_hand
    calendar: Annotated[Reference, ForeignRef("absence_calendar")] | None = None
    event_key: EventKey | None = None


def plan(absence: Absence, body: PlanAbsence, ctx: ActionContext) -> None:
    """Plan an absence: meanwhile a deputy votes and is on call in the person's place, and no rule assigns
    them work.
    """
    copy_fields(absence, body, ctx)
    _take_teams(absence, ctx)
    absence.entered_by_id = ctx.caller.person_id
    used = _maker(absence, ctx)
    used.stamp(absence)
    if absence.deputy_id is not None and used.consents:
        _name_deputy(absence, used)
    elif absence.deputy_id is not None:
        # The owner of a calendar's file chooses its times, so the absent person must confirm the times for
        # which it passes on a vote.
        absence.deputy_named_by_id = ctx.caller.person_id


def _maker(absence: Absence, ctx: ActionContext) -> MakerCredential:
    """Return the credential that the absence is entered with; it consents if it is the absent person's."""
    imported = ctx.prepared_if_any(MakerCredential)
    if imported is not None:
        return imported
    used = MakerCredential.of_caller(ctx.caller)
    return replace(used, consents=used.consents and ctx.caller.person_id == absence.person_id)


def _name_deputy(absence: Absence, used: MakerCredential) -> None:
    """Note that the absent person names the deputy for the absence's time, as long as their key lasts."""
    absence.deputy_named_by_id = absence.person_id
    absence.votes_from_at, until_at = absence.from_at, absence.until_at
    assert until_at is not None
    absence.votes_until_at = until_at if used.lasts_until is None else min(until_at, used.lasts_until)
    absence.suspended_by_rotation = None


def _narrow_votes(before: Absence, absence: Absence) -> None:
    """Let the deputy vote for no other time than before, now that somebody else has changed the absence's."""
    begin, end = before.votes_from_at or before.from_at, before.votes_until_at or before.until_at
    assert begin is not None
    assert end is not None
    assert absence.from_at is not None
    assert absence.until_at is not None
    absence.votes_from_at, absence.votes_until_at = max(begin, absence.from_at), min(end, absence.until_at)


async def not_by_hand(reads: ReadContext, absence: Absence, body: PlanAbsence, ctx: ActionContext) -> None:
    """Refuse a claim that an absence comes from a calendar, unless a rule makes it."""
    if body.source is not AbsenceSource.by_hand and not ctx.caller.is_rule:
        raise WrongValue({"value": body.source.value}, pointer="/source", because="unknown_value")


class EditAbsence(Patch, AbsenceTimes, of=Absence):
    """Fields to change; fields left out stay unchanged."""


def edit(absence: Absence, body: EditAbsence, ctx: ActionContext) -> None:
    """Edit the absence: its time or its deputy."""
    before = absence.model_copy()
    copy_fields(absence, body, ctx)
    _take_teams(absence, ctx)
    used = _maker(absence, ctx)
    was_named = before.deputy_named_by_id is not None and before.deputy_named_by_id == absence.person_id
    is_same = absence.deputy_id == before.deputy_id
    if absence.deputy_id is None:
        absence.deputy_named_by_id = absence.votes_from_at = absence.votes_until_at = None
    elif used.consents and "deputy" in body.model_fields_set:
        _name_deputy(absence, used)
        used.stamp(absence)
    elif used.consents and was_named:
        # The deputy is kept even if another secret named them: both secrets give the same absence.
        suspended = absence.suspended_by_rotation
        _name_deputy(absence, used)
        used.add_to(absence)
        absence.suspended_by_rotation = suspended
    elif not is_same:
        used.add_to(absence)
        absence.deputy_named_by_id = ctx.caller.person_id
        absence.votes_from_at = absence.votes_until_at = None
    elif was_named:
        _narrow_votes(before, absence)


def withdraw(absence: Absence, body: EmptyPayload, ctx: ActionContext) -> None:
    """Withdraw the absence: the person is present."""


class RescheduleAbsence(Payload, of=Absence):
    """The new time of an absence, from the calendar."""

    from_at: Instant
    until_at: Instant


def reschedule(absence: Absence, body: RescheduleAbsence, ctx: ActionContext) -> None:
    """Reschedule the absence, to the time in its calendar."""
    before = absence.model_copy()
    copy_fields(absence, body, ctx)
    if absence.deputy_named_by_id is not None and absence.deputy_named_by_id == absence.person_id:
        _narrow_votes(before, absence)
    _take_teams(absence, ctx)


def remove(absence: Absence, body: EmptyPayload, ctx: ActionContext) -> None:
    """Remove the absence: its calendar no longer has it."""


def suspend(absence: Absence, body: EmptyPayload, ctx: ActionContext) -> None:
    """Suspend the absence's deputy, because the key that entered the absence was lost: the deputy does not
    vote until the absent person confirms the absence, but is still on call.
    """
    absence.suspended_by_rotation = True


def confirm(absence: Absence, body: EmptyPayload, ctx: ActionContext) -> None:
    """Confirm the absence: its deputy votes in the absent person's name during the absence."""
    used = _maker(absence, ctx)
    used.stamp(absence)
    absence.suspended_by_rotation = None
    if absence.deputy_id is not None:
        _name_deputy(absence, used)


async def nothing_to_confirm(reads: ReadContext, absence: Absence, ctx: ActionContext) -> str | None:
    """Refuse if the absence is not suspended, and has no deputy but one who votes for all of its time
    (`nothing_to_confirm`).
    """
    votes = absence.votes_from_at or absence.from_at, absence.votes_until_at or absence.until_at
    votes_throughout = absence.deputy_named_by_id == absence.person_id and votes == (
        absence.from_at,
        absence.until_at,
    )
    is_settled = absence.deputy_id is None or votes_throughout
    return "nothing_to_confirm" if is_settled and not absence.suspended_by_rotation else None


async def beyond_credential(reads: ReadContext, absence: Absence, body: Payload, ctx: ActionContext) -> None:
    """Refuse to name one's own deputy by a key that may not use all of one's roles."""
    person = ctx.ref(Person, "person")
    person_id = absence.person_id if person is None else person.id
    names_deputy = ctx.ref(Person, "deputy") is not None
    if names_deputy and person_id == ctx.caller.person_id:
        require_consent(ctx.caller)


def _take_teams(absence: Absence, ctx: ActionContext) -> None:
    absence_teams = ctx.prepared(AbsenceTeams)
    absence.team_ids = list(absence_teams.team_ids) or None
    absence.cover_id = absence_teams.cover_id


async def teams_of_person(
    reads: ReadContext, absence: Absence, body: AbsenceTimes | RescheduleAbsence, ctx: ActionContext
) -> AbsenceTeams:
    """Find the person's teams, and who covers for them on call."""
    person = ctx.ref(Person, "person") if isinstance(body, PlanAbsence) else None
    person_id = absence.person_id if person is None else person.id
    assert person_id is not None
    begin, end = _times(absence, body)
    return await absence_teams(reads, person_id, _deputy_after(absence, body, ctx), begin, end)


def _deputy_after(absence: Absence, body: Payload, ctx: ActionContext) -> UUID | None:
    """Return the deputy that the absence has after the action."""
    if isinstance(body, RescheduleAbsence) or (
        isinstance(body, Patch) and "deputy" not in body.model_fields_set
    ):
        return absence.deputy_id
    deputy = ctx.ref(Person, "deputy")
    return None if deputy is None else deputy.id


def _times(absence: Absence, body: AbsenceTimes | RescheduleAbsence) -> tuple[datetime, datetime]:
    """Return begin and end as they are after the action; a patch may leave them out."""
    begin, end = body.from_at or absence.from_at, body.until_at or absence.until_at
    assert begin is not None
    assert end is not None
    return begin, end


async def invalid_time(
    reads: ReadContext, absence: Absence, body: AbsenceTimes | RescheduleAbsence, ctx: ActionContext
) -> None:
    """Refuse a time that is over, ends before it begins, or is longer than a year."""
    begin, end = _times(absence, body)
    if end <= begin:
        raise WrongValue(pointer="/until_at", because="not_after_its_beginning")
    if end <= ctx.now:
        raise WrongValue(pointer="/until_at", because="not_ahead")
    if end - begin > LONGEST_ABSENCE:
        raise WrongValue({"days": str(LONGEST_ABSENCE.days)}, pointer="/until_at", because="too_long_a_time")


async def invalid_deputy(
    reads: ReadContext, absence: Absence, body: AbsenceTimes, ctx: ActionContext
) -> None:
    """Refuse a deputy who is the person themselves, a machine, of another side, or away at that time."""
    person_id = absence.person_id
    if isinstance(body, PlanAbsence):
        person_id = ctx.required_ref(Person, "person").id
    deputy_id = _deputy_after(absence, body, ctx)
    if deputy_id is None or ctx.caller.is_rule:
        return  # A rule takes over the deputy of a whole calendar, who may be away at times.
    if deputy_id == person_id:
        raise WrongValue(pointer="/deputy", because="deputy_of_oneself")
    deputy = ctx.ref(Person, "deputy")
    if deputy is not None and deputy.kind is not PersonKind.human:
        raise WrongValue(pointer="/deputy", because="machines_do_not_deputise")
    if deputy is not None and deputy_id != absence.deputy_id:
        await check_on_the_same_side(reads, person_id, deputy, "/deputy")
    if await is_away_between(reads, deputy_id, *_times(absence, body)):
        raise WrongValue(pointer="/deputy", because="deputy_away")


async def not_your_member(
    reads: ReadContext, absence: Absence, body: PlanAbsence, ctx: ActionContext
) -> None:
    """Refuse an absence of somebody else's, unless an administrator or their lead plans it."""
    person = ctx.required_ref(Person, "person")
    if not await _may_keep(reads, absence, person.id, ctx):
        raise WrongValue(pointer="/person", because="not_your_member")


async def not_your_absence(reads: ReadContext, absence: Absence, ctx: ActionContext) -> str | None:
    """Refuse if it is somebody else's, and the caller is no administrator and does not lead them
    (`not_your_absence`).
    """
    return None if await _may_keep(reads, absence, absence.person_id, ctx) else "not_your_absence"


async def absence_over(reads: ReadContext, absence: Absence, ctx: ActionContext) -> str | None:
    """Refuse to change what is past (`absence_over`)."""
    return "absence_over" if absence.until_at is not None and absence.until_at <= ctx.now else None


async def kept_in_calendar(
    reads: ReadContext, absence: Absence, body: EditAbsence, ctx: ActionContext
) -> None:
    """Refuse another time for an absence that follows a calendar: the calendar would change it back."""
    if absence.source is not AbsenceSource.by_hand:
        for name in ("from_at", "until_at"):
            if name in body.model_fields_set:
                raise WrongValue(pointer=f"/{name}", because="kept_in_calendar")


async def _may_keep(reads: ReadContext, absence: Absence, person_id: UUID | None, ctx: ActionContext) -> bool:
    caller = ctx.caller
    if caller.is_rule or caller.has_role(Role.admin, absence):
        return True
    if caller.person_id is None:
        return False
    return caller.person_id == person_id or await leads_person(reads, person_id, caller.person_id)


TELL_PERSON = RecipientRule(NoticeType.absence_entered, field="person_id", when="entered_by_id")
COVER_NOTICES = (
    RecipientRule(NoticeType.deputises, field="deputy_id", when="deputy_id"),
    RecipientRule(NoticeType.covers_on_call, field="cover_id", when="cover_id"),
)
TELL_OF_END = (
    RecipientRule(NoticeType.deputises_no_more, field="deputy_id", when="deputy_id"),
    RecipientRule(NoticeType.deputises_no_more, field="cover_id", when="cover_id"),
)
EVENT_KEYS = dict.fromkeys(
    ("absence_event_key", "absence_calendar_event_key"), CheckFailed("imported_already")
)
ON_TIME = (invalid_time,)
PREPARED = (teams_of_person,)
CHANGED = (not_your_absence, absence_over)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="absence", plural="absences", zh="不在岗时段", record=Absence, face=FACE,
    access=KindAccess(administrative=True, oversight=frozenset({Role.auditor})),
    visible=(to_persons("person_id", "deputy_id", "cover_id"), to_members("team_ids")),
    rules=Rules(constraints=EVENT_KEYS),
    rows=(
        #      action      中文    from             to               who      event
        action(plan,       "登记", NEW_RECORD,      State.planned,   KEEPERS, "absence.planned",     prepare=PREPARED, notifies=(TELL_PERSON,),
               wrong=(beyond_credential, not_by_hand, not_your_member, invalid_time, invalid_deputy, within_bound(ABSENCES))),
        action(edit,       "编辑", [State.planned], STAYS,           KEEPERS, "absence.edited",      prepare=PREPARED, notifies=(*COVER_NOTICES, TELL_PERSON),
               unless=CHANGED, wrong=(beyond_credential, kept_in_calendar, invalid_time, invalid_deputy)),
        action(withdraw,   "撤销", [State.planned], State.withdrawn, KEEPERS, "absence.withdrawn",   unless=CHANGED, notifies=(*TELL_OF_END, TELL_PERSON)),
        action(reschedule, "改期", [State.planned], STAYS,           rule,    "absence.rescheduled", prepare=PREPARED, wrong=ON_TIME, notifies=COVER_NOTICES),
        action(remove,     "移除", [State.planned], State.removed,   rule,    "absence.removed",     notifies=TELL_OF_END),
        action(suspend,    "中止", [State.planned], STAYS,           rule,    "absence.suspended"),
        action(confirm,    "确认", [State.planned], STAYS,           OWNER,   "absence.confirmed",
               unless=(absence_over, nothing_to_confirm), wrong=(consent_needed,)),
    ),
)
# fmt: on
