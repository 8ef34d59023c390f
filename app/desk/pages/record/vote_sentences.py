"""Votes in sentences: what is decided about which record, who asked, and until when votes count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.desk.pages.context import Desk
from app.foundation.decisions.records import DecisionKind
from app.html.filters import moment
from app.i18n import translate
from app.log.canonical import from_instant

#: Kinds of records with a sentence of their own, instead of the one for the kind of decision.
OF_RECORDS = frozenset({"change_template", "request", "meeting"})
#: The sentence for decisions of a kind that has none of its own.
USUAL = "decide"


def vote_sentence(desk: Desk, vote: Mapping[str, Any]) -> str:
    """Return the vote, an item of the reader's work, as a sentence; with the question as it was put, if it
    says more.
    """
    name = " ".join(filter(None, (vote["number"], _quoted(vote["ticket_title"]))))
    record = name or desk.kind_label(vote["kind"])
    sentences = [desk.sentence(decided_code(vote["decision_kind"], vote["kind"]), record=record)]
    if question := _own_question(desk, vote):
        sentences.append(desk.sentence("vote_question", question=question))
    return ("" if desk.language == "zh" else " ").join((*sentences, *_asked(desk, vote)))


def decided_code(decision: str | None, kind: str) -> str:
    """Return the code of the sentence on what a decision of that kind about such a record decides."""
    if kind in OF_RECORDS:
        return f"{USUAL}_{kind}"
    return USUAL if decision is None else f"{USUAL}_{decision}"


def _asked(desk: Desk, vote: Mapping[str, Any]) -> Iterator[str]:
    """Yield who asked, and until when votes count."""
    person = (vote["asked_by"] or {}).get("name")
    until = moment(from_instant(vote["due_at"]), desk.display.zone)
    if vote["opens_at"] is not None:
        opens = moment(from_instant(vote["opens_at"]), desk.display.zone)
        yield desk.sentence("vote_opens_at", opens=opens)
    if person:
        yield desk.sentence("vote_asked_by", person=person, until=until)
    else:
        yield desk.sentence("vote_asked", until=until)


def _own_question(desk: Desk, vote: Mapping[str, Any]) -> str:
    """Return the question without the words that name only the kind of the decision and the record."""
    usual = str(vote["ticket_title"] or "")
    question = str(vote["question"])
    if vote["decision_kind"] is not None:
        label = DecisionKind(vote["decision_kind"]).label(desk.language)
        usual_question = translate(desk.language, "question", "usual", {"kind": label, "title": usual})
        question = question.removeprefix(usual_question)
    return question.removeprefix(usual).strip()


def _quoted(title: str | None) -> str:
    return f"“{title}”" if title else ""
