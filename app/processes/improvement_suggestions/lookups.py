"""Lookups of rules for suggestions, and the command by which a signal becomes one or joins an open one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

from app.common.improvement import ImprovementAspect, ImprovementScope, SuggestionSource
from app.i18n import translate
from app.kernel.actions.payloads import LONGEST_LINE
from app.kernel.consumers.rules import RuleConsequence
from app.kernel.ledger import Ledger
from app.processes.improvement_suggestions.payloads import (
    MOST_EVIDENCE,
    AddEvidenceImprovementSuggestion,
    GivenEvidence,
    OfferImprovementSuggestion,
)
from app.processes.improvement_suggestions.records import ImprovementSuggestion, SuggestionCause

#: By the partial unique index: at most one is open.
OPEN_SUGGESTION = """
select id, version from fold.improvement_suggestion
where cause = %s and cause_scope = %s and state in ('offered', 'deferred')"""
KNOWN_EVIDENCE = """
select e.about, e.text, e.kpi, e.period from fold.improvement_suggestion s
join fold.suggestion_evidence e on e.record = 'improvement_suggestion/' || s.id
where s.cause = %s and s.cause_scope = %s"""

#: The names of what incidents can have in common, by its kind.
NAMES_BY_KEY = {
    "service": "select name_en, name_zh from fold.service where key = %s",
    "category": "select name_en, name_zh from fold.category where process = 'incident' and key = %s",
    "ci": "select name as name_en, name as name_zh from fold.ci where key = %s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImprovementSignal:
    """A signal for an improvement: its cause and the subject, the evidence, and the texts of a suggestion
    that is offered for it. `process` None: it is about the department.
    """

    cause: SuggestionCause
    cause_scope: str
    title: str
    process: str | None
    aspect: ImprovementAspect
    source: SuggestionSource
    evidence: tuple[GivenEvidence, ...]


async def suggestion_for(
    ledger: Ledger, signal: ImprovementSignal, *, least: int = 1, only_open: bool = False
) -> RuleConsequence | None:
    """Return the command that adds the evidence to the open suggestion of the signal's cause and scope, or
    that offers a new one, for `least` pieces of evidence that no earlier suggestion had. None without new
    evidence. `only_open`: do not offer a new one.
    """
    cause = (signal.cause.value, signal.cause_scope)
    earlier = {tuple(row.values()) for row in await ledger.db.rows(KNOWN_EVIDENCE, cause)}
    new = tuple(
        piece
        for piece in signal.evidence
        if (piece.about, piece.text, piece.kpi, piece.period) not in earlier
    )[:MOST_EVIDENCE]
    if not new:
        return None
    known_open = await ledger.db.row(OPEN_SUGGESTION, cause)
    if known_open is not None:
        body = AddEvidenceImprovementSuggestion(shown_by=new)
        # If it is settled meanwhile, the rule decides again, and offers another one.
        version = known_open["version"]
        return RuleConsequence(
            ImprovementSuggestion.KIND, "add_evidence", known_open["id"], body, if_match=version
        )
    if only_open or len(new) < least:
        return None
    offer = OfferImprovementSuggestion(
        title=signal.title,
        scope=ImprovementScope.department if signal.process is None else ImprovementScope.process,
        process=signal.process,
        aspect=signal.aspect,
        source=signal.source,
        shown_by=new,
        cause=signal.cause,
        cause_scope=signal.cause_scope,
    )
    # One event may lead to several suggestions: `about` distinguishes their idempotency keys.
    about = uuid5(NAMESPACE_URL, "/".join(cause))
    return RuleConsequence(ImprovementSuggestion.KIND, "offer", None, offer, about=about)


async def names_in_both_languages(ledger: Ledger, kind: str, key: str) -> tuple[str, str]:
    """Return the names in English and Chinese of the service, item or category of incidents with that key;
    the key itself if it is unknown.
    """
    row = await ledger.db.row(NAMES_BY_KEY[kind], (key,))
    return (key, key) if row is None else (row["name_en"], row["name_zh"])


def line_of_rule(
    ledger: Ledger, code: str, words: dict[str, str], zh_words: dict[str, str] | None = None
) -> str:
    """Return the line of that code in the organisation's language, in which rules write. `zh_words` are words
    that differ in Chinese.
    """
    language = ledger.settings.language
    more = (zh_words or {}) if language == "zh" else {}
    line = translate(language, "suggestion", code, words | more)
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"


def listed(names: Iterable[str]) -> str:
    """Return the names as an enumeration."""
    return ", ".join(names)
