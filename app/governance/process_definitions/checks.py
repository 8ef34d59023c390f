"""Checks of actions on definitions of processes, beyond state and role."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from app.common.people import Person, Role
from app.common.records import Record
from app.foundation.people.eligibility import is_active_person
from app.foundation.process_definitions.lookups import editions_of
from app.foundation.process_definitions.records import (
    DefinitionContent,
    DefinitionState,
    ProcessDefinition,
    RaciPart,
)
from app.foundation.process_names import PROCESS_KINDS, process_named
from app.foundation.statements.actions import objected_by_all
from app.foundation.statements.records import StatedFact
from app.governance.process_definitions.names import names_nothing
from app.governance.process_definitions.payloads import (
    CONTENTS,
    DraftProcessDefinition,
    PilotProcessDefinition,
    ProcessDefinitionFields,
    PublishProcessDefinition,
    RetireProcessDefinition,
    SubmitProcessDefinition,
    TakeNamesProcessDefinition,
)
from app.governance.process_definitions.preparation import DefinitionFreeze, PublishedEditions
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payload_fields import is_meaningful
from app.kernel.actions.refusals import (
    ConflictingDuty,
    PreparationRefused,
    Refusal,
    WrongValue,
    caller_check,
)
from app.kpis.catalogue import KPIS

#: The applicant of a change does not publish it.
APPLICANT = RecordDuty("applicant", "申请人", ("applicant_id",))
#: Roles that draft definitions of any process.
DRAFTING_ROLES = (Role.process_owner, Role.process_designer)
#: The states of improvements that are carried out: minor ones, and those in or after their pilot.
CARRIED_OUT = frozenset(
    {"implementing", "evaluating", "piloting", "pilot_reported", "rolling_out", "handed_over"}
)
#: States among them in which an edition may be published: the pilot was passed, or is not needed.
PUBLISHING = CARRIED_OUT - {"piloting", "pilot_reported"}
#: An edition is published for at most a year ahead: later ones would wait for it.
LATEST_EFFECT = timedelta(days=366)
#: A question with one answer decides nothing.
FEWEST_OUTCOMES = 2
#: Contents whose documents may be in other systems.
ELSEWHERE = (DefinitionContent.templates, DefinitionContent.checklists)
#: Contents that a definition needs before it is reviewed.
NEEDED = (
    *("purpose", "begins_with", "ends_with", "activities", "raci"),
    *("owner_id", "executor_id", "department"),
)


@dataclass
class NoPostInProcess(Refusal):
    """The caller has neither a drafter's role nor a post in the process."""

    STATUS = 403
    CODE = "no_post_in_process"


async def not_their_process(
    reads: ReadContext, definition: ProcessDefinition, body: DraftProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse a draft by somebody without a drafter's role who is neither the owner nor the executor of the
    process by its published edition (`no_post_in_process`).
    """
    if ctx.caller.is_rule or any(ctx.caller.has_role(role, definition) for role in DRAFTING_ROLES):
        return
    present = ctx.prepared(PublishedEditions).present
    if present is None or ctx.caller.person_id not in (present.owner_id, present.executor_id):
        raise NoPostInProcess()


@caller_check
async def owner_not_in_post(
    reads: ReadContext, definition: ProcessDefinition, body: object, ctx: ActionContext
) -> None:
    """Refuse an owner who becomes the owner only by this edition (`owner_only_by_this_edition`): a quality
    manager judges that.
    """
    if ctx.caller.is_rule or ctx.caller.has_role(Role.quality_manager, definition):
        return
    present = PublishedEditions(tuple(await editions_of(reads, str(definition.process)))).present
    if present is None or present.owner_id != ctx.caller.person_id:
        raise PreparationRefused("owner_only_by_this_edition")


async def contents_invalid(
    reads: ReadContext, definition: ProcessDefinition, body: ProcessDefinitionFields, ctx: ActionContext
) -> None:
    """Refuse an owner who is the executor, a parent that is the process itself or a part of it, and what is
    not known or is named twice.
    """
    owner, executor = ctx.ref(Person, "owner"), ctx.ref(Person, "executor")
    owner_id = definition.owner_id if owner is None else owner.id
    executor_id = definition.executor_id if executor is None else executor.id
    if owner_id is not None and owner_id == executor_id:
        raise WrongValue(pointer="/executor" if owner is None else "/owner", because="owner_executes")
    process = definition.process or getattr(body, "process", None)
    if body.parent is not None and process in await _wholes(reads, body.parent):
        raise WrongValue(pointer="/parent", because="part_of_itself")
    for n, kpi in enumerate(body.kpis):
        if kpi not in KPIS:
            raise WrongValue({"value": kpi}, pointer=f"/kpis/{n}", because="unknown_value")
    _check_contradictions(definition, body)
    _check_path(reads, process, body)


def _check_contradictions(definition: ProcessDefinition, body: ProcessDefinitionFields) -> None:
    """Check that the reason for leaving a content out is not given for one that is there, and that one role
    is accountable for an activity and for the whole process (RACI). Raises WrongValue.
    """
    for n, absent in enumerate(body.none_because):
        name = absent.name.value
        content = getattr(body if name in body.model_fields_set else definition, name)
        if content:
            words = {"contents": [absent.name]}
            raise WrongValue(words, pointer=f"/none_because/{n}/name", because="content_is_given")
    accountable: dict[str | None, Role] = {}
    for n, entry in enumerate(body.raci):
        if entry.part is not RaciPart.accountable:
            continue
        activity = None if entry.activity is None else _folded(entry.activity)
        if accountable.setdefault(activity, entry.role) != entry.role:
            raise WrongValue(pointer=f"/raci/{n}/part", because="accountable_already")


async def _wholes(reads: ReadContext, process: str) -> list[str]:
    """Return the process, what it is a part of, and so on, by the published editions."""
    wholes: list[str] = []
    place: str | None = process
    while place is not None and place not in wholes:
        wholes.append(place)
        published = [
            edition
            for edition in await editions_of(reads, place)
            if edition.state is DefinitionState.published
        ]
        place = published[-1].parent if published else None
    return wholes


def _check_path(reads: ReadContext, process: str | None, body: ProcessDefinitionFields) -> None:
    """Check that each step is there once and, of a process of ours, an event of it; the step of another one
    may not name an event that we do not have. Raises WrongValue.
    """
    earlier: set[str] = set()
    for n, step in enumerate(body.expected_path):
        pointer = f"/expected_path/{n}/event"
        kind = reads.lifecycles.get(process or "") or reads.lifecycles.get(step.event.partition(".")[0])
        event_types = kind.event_types if isinstance(kind, Lifecycle) else None
        if event_types is not None and step.event not in event_types:
            raise WrongValue({"value": step.event}, pointer=pointer, because="unknown_value")
        if step.event in earlier:
            raise WrongValue(pointer=pointer, because="each_once")
        earlier.add(step.event)


async def contents_missing(
    reads: ReadContext, definition: ProcessDefinition, ctx: ActionContext
) -> str | None:
    """Refuse a definition without its essential contents (`definition_incomplete`), with an activity that no
    role carries out (`activity_of_nobody`), or without a role that is accountable (`nobody_accountable`).
    """
    if not all(getattr(definition, name) for name in NEEDED):
        return "definition_incomplete"
    if any(entry["role"] is None for entry in definition.activities or ()):
        return "activity_of_nobody"
    parts = {entry["part"] for entry in definition.raci or ()}
    return None if RaciPart.accountable in parts else "nobody_accountable"


async def post_holder_left(
    reads: ReadContext, definition: ProcessDefinition, ctx: ActionContext
) -> str | None:
    """Refuse a definition whose owner or executor has left (`post_holder_left`)."""
    for person_id in (definition.owner_id, definition.executor_id):
        if person_id is not None and not await is_active_person(reads, person_id):
            return "post_holder_left"
    return None


async def nobody_consulted(
    reads: ReadContext, definition: ProcessDefinition, ctx: ActionContext
) -> str | None:
    """Refuse a definition if all people objected who were entered as consulted (`nobody_consulted`)."""
    is_objected = await objected_by_all(reads, definition, StatedFact.consulted)
    return "nobody_consulted" if is_objected else None


@caller_check
async def contents_unexplained(
    reads: ReadContext, definition: ProcessDefinition, body: SubmitProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse a definition without one of the further contents of 002 and without the reason for it
    (`definition_lacks_contents`), or with both (`definition_contradicts`).
    """
    explained = {entry["name"] for entry in definition.none_because or ()}
    left = [content for content in DefinitionContent if not getattr(definition, content.value)]
    if definition.external_numbers:
        left = [content for content in left if content not in ELSEWHERE]
    contradicted = [
        content
        for content in DefinitionContent
        if content.value in explained and getattr(definition, content.value)
    ]
    if contradicted:
        raise PreparationRefused("definition_contradicts", {"contents": contradicted})
    absent = [content for content in left if content.value not in explained]
    if absent:
        raise PreparationRefused("definition_lacks_contents", {"contents": absent})


@caller_check
async def thin_contents(
    reads: ReadContext, definition: ProcessDefinition, body: SubmitProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse a definition with a decision that has fewer than two different outcomes
    (`decision_without_outcomes`), or with an interface to itself or to a name that says nothing
    (`interface_without_process`). Other unknown names are listed until a definition takes them.
    """
    for entry in definition.decision_points or ():
        if len({_folded(outcome) for outcome in entry["outcomes"] or ()}) < FEWEST_OUTCOMES:
            raise PreparationRefused("decision_without_outcomes", {"decision": entry["title"]})
    for entry in definition.interfaces or ():
        name = str(entry["process"])
        partner = process_named(await reads.defined_name(ProcessDefinition.KIND, name) or name)
        if partner == definition.process or not is_meaningful(partner):
            raise PreparationRefused("interface_without_process", {"partner": name})


@caller_check
async def steps_do_not_fit(
    reads: ReadContext, definition: ProcessDefinition, body: SubmitProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse a definition with two activities of one name (`activities_of_one_name`), a part in an activity
    that is not there (`part_in_no_activity`), or an activity that needs what only it or a later one brings
    about (`steps_in_a_circle`).
    """
    activities = definition.activities or ()
    titles = [_folded(entry["title"]) for entry in activities]
    for n, title in enumerate(titles):
        if title in titles[:n]:
            raise PreparationRefused("activities_of_one_name", {"activity": activities[n]["title"]})
    for entry in definition.raci or ():
        if entry["activity"] is not None and _folded(entry["activity"]) not in titles:
            raise PreparationRefused("part_in_no_activity", {"activity": entry["activity"]})
    present = {_folded(name) for name in definition.inputs or ()}
    outputs = [{_folded(name) for name in entry.get("outputs") or ()} for entry in activities]
    for n, entry in enumerate(activities):
        for name in entry.get("inputs") or ():
            if _folded(name) not in present and _folded(name) in set().union(*outputs[n:]):
                raise PreparationRefused("steps_in_a_circle", {"activity": entry["title"], "input": name})
        present |= outputs[n]


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


async def only_author_heard(
    reads: ReadContext, definition: ProcessDefinition, body: SubmitProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse to submit a definition if nobody besides its author and the caller was heard about it
    (`only_author_heard`).
    """
    heard = {person.id for person in ctx.refs(Person, "heard")}
    if heard <= {definition.author_id, ctx.caller.person_id}:
        raise WrongValue(pointer="/heard", because="only_author_heard")


async def name_of_another(
    reads: ReadContext, definition: ProcessDefinition, body: TakeNamesProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse a name that means another process already."""
    for n, name in enumerate(body.names):
        process = process_named(await reads.defined_name(ProcessDefinition.KIND, name) or name)
        if process == definition.process:
            continue
        editions = await editions_of(reads, process)
        is_defined = any(edition.state is DefinitionState.published for edition in editions)
        if is_defined or process in PROCESS_KINDS:
            raise WrongValue({"process": process}, pointer=f"/names/{n}", because="names_another")


async def change_not_approved(
    reads: ReadContext, definition: ProcessDefinition, body: PublishProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse another edition of a process without an approval of its change (`edition_without_approval`): an
    application that the heads approved before the edition was drafted, or the improvement that pilots it,
    if the committee has let it be carried out. Each of them leads to one edition. The first edition changes
    no process.
    """
    editions = [
        edition for edition in ctx.prepared(PublishedEditions).editions if edition.id != definition.id
    ]
    if not editions:
        return
    used = {change_id for edition in editions for change_id in edition.process_change_ids or ()}
    piloted = {edition.improvement_id for edition in editions}
    for change_id in definition.process_change_ids or ():
        change = await reads.record("process_change", change_id)
        if change is None or change_id in used or not _approves(change.record, definition):
            break
    else:
        if definition.process_change_ids or (
            definition.improvement_id not in piloted and await _is_piloted(reads, definition)
        ):
            return
    raise PreparationRefused("edition_without_approval", {"process": str(definition.process)})


def _approves(change: Any, definition: ProcessDefinition) -> bool:
    """Return whether the application, which does not ask to retire the process, was approved, for this
    process and before the edition was drafted, and led to no other edition.
    """
    if (
        change.retires
        or change.process != definition.process
        or change.approved_at is None
        or change.published_at is not None
    ):
        return False
    return definition.drafted_at is not None and change.approved_at <= definition.drafted_at


async def retirement_not_approved(
    reads: ReadContext, definition: ProcessDefinition, body: RetireProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse to retire a process without an application to retire it that the heads have approved since the
    edition was published, and that retired no other edition (`retirement_without_approval`).
    """
    if ctx.caller.is_rule:
        return
    change: Any = ctx.ref(Record, "process_change")
    if (
        change is None
        or not change.retires
        or change.process != definition.process
        or change.approved_at is None
        or change.published_at is not None
        or (definition.published_at is not None and change.approved_at < definition.published_at)
    ):
        words = {"process": str(definition.process)}
        raise WrongValue(words, pointer="/process_change", because="retirement_without_approval")


async def _is_piloted(reads: ReadContext, definition: ProcessDefinition) -> bool:
    """Return whether an improvement of the process that the committee has approved pilots the edition."""
    if definition.improvement_id is None:
        return False
    loaded = await reads.record("improvement", str(definition.improvement_id))
    return loaded is not None and belongs_to(definition, loaded.record, PUBLISHING)


def belongs_to(definition: ProcessDefinition, improvement: Any, states: Collection[str]) -> bool:
    """Return whether the edition can be one of the improvement, which is in one of the states: of the same
    process, and drafted since the committee approved the improvement.
    """
    return (
        improvement.process == definition.process
        and improvement.state in states
        and improvement.approved_at is not None
        and definition.drafted_at is not None
        and improvement.approved_at <= definition.drafted_at
    )


async def of_another_improvement(
    reads: ReadContext, definition: ProcessDefinition, body: PilotProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse an improvement of another process, one that is not carried out now, and one that was approved
    after the edition was drafted (`not_of_this_edition`).
    """
    improvement = ctx.required_ref(Record, "improvement")
    if not belongs_to(definition, improvement, CARRIED_OUT):
        words = {"process": str(definition.process)}
        raise WrongValue(words, pointer="/improvement", because="not_of_this_edition")


async def not_publishable(
    reads: ReadContext, definition: ProcessDefinition, body: PublishProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse an edition that would be in force before it is published, or only after a year, and while the
    definition is frozen (`process_is_frozen`), unless a member of the committee granted an exception. It may
    replace an edition that has not taken effect yet.
    """
    if (body.freeze_exception is None) != (body.freeze_exception_reason is None):
        missing = "freeze_exception" if body.freeze_exception is None else "freeze_exception_reason"
        raise WrongValue(pointer=f"/{missing}", because="missing")
    if body.freeze_exception not in (None, definition.freeze_exception):
        raise WrongValue(pointer="/freeze_exception", because="freeze_exception_not_granted")
    if definition.freeze_exception_by_id == ctx.caller.person_id is not None:
        raise PreparationRefused("exception_of_your_own")
    frozen = ctx.prepared(DefinitionFreeze).number
    if frozen is not None and definition.freeze_exception is None:
        raise PreparationRefused("process_is_frozen", {"number": frozen})
    begins, present = body.effective_at or ctx.counts_from, ctx.prepared(PublishedEditions).present
    if begins < ctx.counts_from:
        raise WrongValue(pointer="/effective_at", because="not_ahead")
    if begins > (latest := ctx.counts_from + LATEST_EFFECT):
        raise WrongValue({"until": latest}, pointer="/effective_at", because="effective_too_late")
    in_force_since = None if present is None else present.effective_at
    if present is not None and in_force_since is not None and begins <= in_force_since <= ctx.counts_from:
        raise WrongValue(
            {"number": present.number}, pointer="/effective_at", because="before_present_edition"
        )


@caller_check
async def applied_for_the_change(
    reads: ReadContext, definition: ProcessDefinition, body: PublishProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse publishers who applied for a change that the edition implements (`separation_of_duties`)."""
    for change_id in definition.process_change_ids or ():
        change: Any = await reads.record("process_change", change_id)
        if change is not None and change.record.applicant_id == ctx.caller.person_id:
            raise ConflictingDuty(APPLICANT)


async def differs_from_approval(
    reads: ReadContext, definition: ProcessDefinition, body: PublishProcessDefinition, ctx: ActionContext
) -> None:
    """Refuse a later edition unless the publisher confirms each field in which it differs from the previous
    one (`edition_differs`). The approval is in words, so a person compares them with the contents.
    """
    published = [e for e in ctx.prepared(PublishedEditions).editions if e.id != definition.id]
    if not published or ctx.caller.is_rule:
        return
    previous = max(published, key=lambda edition: edition.edition or 0)
    differing = [
        name
        for field, name in CONTENTS.items()
        if (getattr(definition, field) or None) != (getattr(previous, field) or None)
    ]
    if set(body.differs_in) != set(differing):
        words = {"number": previous.number, "fields": ", ".join(differing) or "–"}
        raise WrongValue(words, pointer="/differs_in", because="edition_differs")


#: Checks before an edition is published.
PUBLICATION = (
    *(applied_for_the_change, not_publishable, change_not_approved, differs_from_approval),
    names_nothing,
)
