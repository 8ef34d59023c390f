"""Judgements that one holder of a role gives alone: authors never judge their own work.

A row of a lifecycle declares what is judged: `wrong=(authors_do_not_judge(PLAN_FIELDS),)`. The authors are
read from the log, so handing the work over beforehand does not help.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from app.foundation.decisions.lookups import acts_of, authors, touches
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import PayloadCheck
from app.kernel.actions.refusals import ConflictingDuty, caller_check

#: Authors of what is judged, from the log; no field of the record names them.
AUTHOR = RecordDuty("author", "作者", ())


def agreed_by_another(fields: Collection[str]) -> PayloadCheck:
    """Return the check that refuses the person who set any of these fields of the record last: what one
    person has set needs the agreement of another, who may have set it before.
    """

    @caller_check
    async def agrees_to_own_work(reads: ReadContext, record: Any, body: Any, ctx: ActionContext) -> None:
        """Refuse the person whose work awaits agreement (`separation_of_duties`)."""
        acts = await acts_of(reads, record)
        setters = [act.person_id for act in acts if touches(act.rows_set, record.row_key, fields, ())]
        if setters and setters[-1] == ctx.caller.person_id:
            raise ConflictingDuty(AUTHOR)

    return agrees_to_own_work


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
