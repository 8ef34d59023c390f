"""Earlier questions about the same subject that were rejected or withdrawn: those who vote read them in the
new question, since a rejected matter can be put again in a new record.
"""

from __future__ import annotations

from typing import Any

from app.common.records import holds_list
from app.foundation.decisions.matters import Matter
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext

#: Voters read in the question that others have rejected or withdrawn the same matter.
REJECTED_BEFORE = "近期已否决 Rejected lately:"
WITHDRAWN_BEFORE = "近期已撤回 Withdrawn lately:"
#: So many of each are named at most, the newest ones.
MOST_NAMED = 3
#: By which a record is called, the first that it has.
_NAMES = ("number", "key", "title")
#: By the index decision_turned_down.
_TURNED_DOWN = """
select {name} as name, coalesce(bool_or(d.outcome = 'rejected'), false) as rejected
from fold.decision d join fold.{kind} r on d.record = '{kind}/' || r.id
where (d.outcome = 'rejected' or d.state = 'withdrawn') and d.closed_at > %(since)s
  and r.id <> %(id)s and ({same})
group by 1 order by max(d.closed_at) desc"""


async def with_earlier_questions(
    reads: ReadContext, record: Any, matter: Matter, question: str, ctx: ActionContext
) -> str:
    """Return the question with the names of other records of the same subject, about which a question was
    rejected or withdrawn lately.
    """
    rows = await _turned_down(reads, record, matter, ctx)
    parts = []
    for words, rejected in ((REJECTED_BEFORE, True), (WITHDRAWN_BEFORE, False)):
        names = [row["name"] for row in rows if row["rejected"] is rejected][:MOST_NAMED]
        parts += [f"{words} {', '.join(names)}"] if names else []
    return f"{question} ({'; '.join(parts)})" if parts else question


async def _turned_down(
    reads: ReadContext, record: Any, matter: Matter, ctx: ActionContext
) -> list[dict[str, Any]]:
    fields = type(record).model_fields
    parameters = {"id": record.id, "since": ctx.now - matter.remembered}
    conditions = []
    for mine, theirs in matter.subject:
        if value := getattr(record, mine):
            parameters[mine] = list(value) if isinstance(value, list | tuple) else value
            conditions.append(_same(type(record), mine, theirs))
    if not conditions:
        return []
    name = next(name for name in _NAMES if name in fields)
    query = _TURNED_DOWN.format(
        name=f"r.{name}", kind=record.KIND, same=" or ".join(dict.fromkeys(conditions))
    )
    guard = Unguarded("A question counts if it was turned down when the new one is put.")
    return await reads.rows(query, parameters, guard=guard)


def _same(record: Any, mine: str, theirs: str) -> str:
    """Return the condition that the record `r` has the same subject in its field `theirs` as this one has in
    its field `mine`.
    """
    if holds_list(record, theirs):
        return f"r.{theirs} && %({mine})s::text[]"
    return f"lower(r.{theirs}) = lower(%({mine})s)" if mine == "title" else f"r.{theirs} = %({mine})s"
