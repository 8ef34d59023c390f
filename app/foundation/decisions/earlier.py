"""Earlier questions about the same subject that were rejected, withdrawn or not decided: those who vote read
them in the new question, since such a matter can be put again in a new record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.common.records import holds_list
from app.foundation.decisions.matters import Matter
from app.i18n import Word, translate
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.actions.context import ActionContext

#: Voters read in the question that others have rejected, withdrawn or not decided the same matter.
TURNED_DOWN = ("rejected", "withdrawn", "undecided")
#: What is added to a question stands in them, divided by the sign in the middle.
PARENTHESES = {"en": (" (", "; ", ")"), "zh": ("（", "；", "）")}
#: So many of each are named at most, the newest ones.
MOST_NAMED = 3
#: By which a record is called, the first that it has.
_NAMES = ("number", "key", "title")
#: SQL of the index decision_turned_down or decision_undecided. What was approved later is decided.
_TURNED_DOWN = """
select {name} as name, max(d.closed_at) as closed_at,
  coalesce(bool_or(d.outcome = 'rejected'), false) as rejected,
  coalesce(bool_or(d.state = 'withdrawn'), false) as withdrawn
from fold.decision d join fold.{kind} r on d.record = '{kind}/' || r.id
where (d.outcome = 'rejected' or d.state = 'withdrawn' or d.outcome in ('deferred', 'lapsed') and not exists (
    select from fold.decision later
    where later.record = d.record and later.outcome = 'approved' and later.closed_at > d.closed_at))
  and d.closed_at > %(since)s and r.id <> %(id)s and ({same})
group by 1"""


async def with_earlier_questions(
    reads: ReadContext, record: Any, matter: Matter, question: Mapping[str, str], ctx: ActionContext
) -> dict[str, str]:
    """Return the question, by language, with the names of other records of the same subject, about which a
    question was rejected, withdrawn or not decided lately.
    """
    rows = await _turned_down(reads, record, matter, ctx)
    return {language: text + _told(rows, language) for language, text in question.items()}


def _told(rows: Sequence[dict[str, Any]], language: str) -> str:
    parts = []
    for end in TURNED_DOWN:
        names = [row["name"] for row in rows if _end_of(row) == end][:MOST_NAMED]
        words: dict[str, Word] = {"names": ", ".join(names)}
        parts += [translate(language, "question", end, words)] if names else []
    if not parts:
        return ""
    begin, separator, end_sign = PARENTHESES[language]
    return f"{begin}{separator.join(parts)}{end_sign}"


def _end_of(row: dict[str, Any]) -> str:
    return next((end for end in ("rejected", "withdrawn") if row[end]), "undecided")


async def _turned_down(
    reads: ReadContext, record: Any, matter: Matter, ctx: ActionContext
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for kind, subject in ((record.KIND, matter.subject), *matter.subject_elsewhere):
        other_class = type(record) if kind == record.KIND else reads.lifecycles[kind].record
        parameters = {"id": record.id, "since": ctx.now - matter.remembered}
        conditions = []
        for mine, theirs in subject:
            if value := getattr(record, mine):
                parameters[mine] = list(value) if isinstance(value, list | tuple) else value
                conditions.append(_same(other_class, mine, theirs))
        if not conditions:
            continue
        name = next(name for name in _NAMES if name in other_class.model_fields)
        query = _TURNED_DOWN.format(name=f"r.{name}", kind=kind, same=" or ".join(dict.fromkeys(conditions)))
        guard = Unguarded("A question counts if it was turned down when the new one is put.")
        rows += await reads.rows(query, parameters, guard=guard)
    return sorted(rows, key=lambda row: row["closed_at"], reverse=True)


def _same(record: Any, mine: str, theirs: str) -> str:
    """Return the condition that the record `r` has the same subject in its field `theirs` as this one has in
    its field `mine`.
    """
    if holds_list(record, theirs):
        return f"r.{theirs} && %({mine})s::text[]"
    return f"lower(r.{theirs}) = lower(%({mine})s)" if mine == "title" else f"r.{theirs} = %({mine})s"
