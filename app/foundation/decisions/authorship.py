"""Judgements that one holder of a role gives alone: authors never judge their own work.

A row of a lifecycle declares what is judged: `wrong=(authors_do_not_judge(PLAN_FIELDS),)`. The authors are
read from the log, so handing the work over beforehand does not help.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any
from uuid import UUID

from app.foundation.decisions.lookups import EventActs, acts_of, authors, touches
from app.foundation.decisions.payloads import AgreeToEdition
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import PayloadCheck
from app.kernel.actions.refusals import ConflictingDuty, PreparationRefused, WrongValue, caller_check

#: Returns the people who decide by what a record sets; none if that depends on the matter.
Deciding = Callable[[ReadContext, Any, ActionContext], Awaitable[set[UUID]]]

#: Authors of what is judged, from the log; no field of the record names them.
AUTHOR = RecordDuty("author", "作者", ())


def agreed_by_another(fields: Collection[str], *, deciding: Deciding | None = None) -> PayloadCheck:
    """Return the check that refuses the person who set any of these fields of the record last: what one
    person has set needs the agreement of another, who may have set it before. With `deciding`, two people
    cannot agree that they alone decide.
    """

    @caller_check
    async def agrees_to_own_work(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
        """Refuse the person whose work awaits agreement (`separation_of_duties`), and anybody if only this
        person and the one who agrees would decide (`only_you_two_decide`).
        """
        acts = await acts_of(reads, record)
        setters = [act.person_id for act in acts if touches(act.rows_set, record.row_key, fields, ())]
        if setters and setters[-1] == ctx.caller.person_id:
            raise ConflictingDuty(AUTHOR)
        if deciding is None or not setters:
            return
        deciders = await deciding(reads, record, ctx)
        if deciders and deciders <= {setters[-1], ctx.caller.person_id}:
            raise PreparationRefused("only_you_two_decide")

    return agrees_to_own_work


async def another_edition(reads: ReadContext, record: Any, body: AgreeToEdition, ctx: ActionContext) -> None:
    """Refuse to agree to an edition that is no longer the newest one."""
    if body.edition is not None and body.edition != (record.edition or 1):
        words = {"edition": str(record.edition or 1)}
        raise WrongValue(words, pointer="/edition", because="another_edition")


def agrees_to_what_was_read(
    written: Collection[str], settled: Collection[str] = (), subject: str | None = None
) -> PayloadCheck:
    """Return the check that a second person agrees to what they have read: if others have written the
    proposal again since it was first put, a consent must name the record's version, by If-Match or an
    edition. `written` are the events (without the kind) that write the proposal, `settled` those that end it;
    with a `subject`, only those count whose consent has that subject.
    """

    async def proposal_was_rewritten(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
        """Refuse a consent that does not say what was read, to a proposal that was rewritten."""
        if ctx.command.names_version or getattr(body, "edition", None) is not None:
            return
        times_written = 0
        for act in await acts_of(reads, record):
            name = act.type.partition(".")[2]
            if name in written and subject is not None and not _is_about(act, subject):
                continue
            if name in settled or (name in written and act.person_id == ctx.caller.person_id):
                times_written = 0
            elif name in written:
                times_written += 1
        if times_written > 1:
            version = record.version
            raise PreparationRefused("proposal_rewritten", {"version": str(version)}, {"version": version})

    return proposal_was_rewritten


def _is_about(act: EventActs, subject: str) -> bool:
    return any(values.get("subject") == subject for values in act.rows_set.values() if values)


def authors_do_not_judge(
    fields: Collection[str], children: Collection[str] = (), *, and_have_set: Collection[str] = ()
) -> PayloadCheck:
    """Return the check that refuses people who have ever set one of these fields of the record, or made,
    changed or removed a child record of one of these kinds; with `and_have_set`, only if they have also set
    one of those fields.
    """

    @caller_check
    async def judges_own_work(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
        """Refuse the authors of the judged work (`separation_of_duties`)."""
        me = ctx.caller.person_id
        if me not in await authors(reads, record, fields, children):
            return
        if not and_have_set or me in await authors(reads, record, and_have_set, ()):
            raise ConflictingDuty(AUTHOR)

    return judges_own_work
