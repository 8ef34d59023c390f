"""Keeps the article of a known error in line with its problem: symptoms, workaround, and whether it is fixed.

A draft is edited; a published article gets one revision at a time, on which an editor decides; an article in
review is handled after the review. Texts that a person has changed stay, and changes that a person has
declined are not proposed again. If the workaround is for staff only, so is the article, at once.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from app.common.children import Visibility
from app.common.people import rule_caller as as_caller
from app.foundation.articles.records import Article, ArticleRevision, ArticleState
from app.kernel.access.reads import ReadContext, load
from app.kernel.actions.payloads import Payload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of, kind_of
from app.processes.articles.lifecycle import TEXTS
from app.processes.articles.payloads import (
    ChangeVisibilityArticle,
    EditArticle,
    ProposeRevisionArticle,
    WithdrawRevisionArticle,
)
from app.processes.problems.records import Problem, ProblemState

NAME = "keep_articles_of_problems"
#: The paragraph on the fix, by language; only a paragraph that reads exactly so counts as the rule's own.
FIXED_SENTENCES = {"en": "{number}: fixed for good on {day}.", "zh": "{number}：已于 {day} 彻底解决。"}
PARAGRAPH_BREAK = "\n\n"
#: The fields of a problem that its article contains. The article's answer holds two of them: the
#: workaround and, in a paragraph of its own, how the problem stands.
SYMPTOMS, WORKAROUND, VISIBILITY, STATE = "symptoms", "workaround", "workaround_visibility", "state"


@dataclass(frozen=True, slots=True)
class _ArticleSync:
    """A known error and its article.

    `problem_events` are the events of the problem. Among the open revisions, `own_revisions` belong to the
    rule and `other_revisions` to people, each newest last. `rule_events` are the events by which the rule has
    changed or proposed something that is no longer open to a decision. `fixed_paragraph` is the paragraph
    that the article is to contain.
    """

    problem: Problem
    article: Article
    problem_events: Sequence[Recorded]
    own_revisions: Sequence[ArticleRevision]
    other_revisions: Sequence[ArticleRevision]
    rule_events: Sequence[Recorded]
    fixed_paragraph: str | None

    def problem_fields(self, fields: Mapping[str, Any]) -> dict[str, str | None]:
        """Map these fields of an article to the fields of the problem that they come from."""
        names = {"symptoms": SYMPTOMS, "visibility": VISIBILITY}
        values: dict[str, str | None] = {names[name]: fields[name] for name in names if name in fields}
        if "answer" in fields:
            values[WORKAROUND], values[STATE] = self.split_answer(fields["answer"])
        return values

    def split_answer(self, answer: str) -> tuple[str, str | None]:
        """Split an article's answer into the text without the rule's own paragraph, and that paragraph (None
        if missing).
        """
        assert self.problem.number is not None
        ours = _fixed_pattern(self.problem.number)
        parts = answer.split(PARAGRAPH_BREAK)
        ends = [part for part in parts if ours.fullmatch(part)]
        return PARAGRAPH_BREAK.join(part for part in parts if part not in ends).strip(), ends[
            -1
        ] if ends else None

    def problem_values(self, field: str) -> dict[int, str | None]:
        """Return the values that the field of the problem has had, by position of the events that set it.

        Text that reads like the rule's own paragraph is left out, so that it is not mistaken for the
        paragraph in the article.
        """
        rows = [
            (event.position, event.data["set"].get(self.problem.row_key) or {})
            for event in self.problem_events
        ]
        values = {position: row[field] for position, row in rows if field in row}
        if field == WORKAROUND:
            return {position: self.split_answer(text)[0] for position, text in values.items()}
        return values


async def keep_articles_of_problems(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the next action that brings a known error's article in line with its problem, if needed.

    The event of that action triggers the rule again, until nothing is left to do.
    """
    sync = await _load_sync(ledger, event)
    if sync is None:
        return
    try:
        following = _next_action(sync)
    except ValidationError:  # with the paragraph, the answer would be too long
        return
    if following is not None:
        action, body = following
        yield RuleConsequence("article", action, sync.article.id, body, if_match=sync.article.version)


async def _load_sync(ledger: Ledger, event: Recorded) -> _ArticleSync | None:
    """Load the known error and the article that the event concerns; None if it concerns neither."""
    problem = await _problem(ledger, event)
    if problem is None or problem.article_id is None:
        return None
    written = await load(ledger.db, ledger.lifecycles["article"], str(problem.article_id))
    assert written is not None, "the command that names it has drafted it"
    article: Article = written.record
    waiting = await ReadContext(ledger.db, ledger.lifecycles, ledger.directory).children(
        ArticleRevision, article
    )
    own = [revision for revision in waiting if revision.author_id is None]
    of_persons = [revision for revision in waiting if revision.author_id is not None]
    events = await read.stream_events(ledger.db, article.row_key, actor=as_caller(NAME).actor)
    past = await read.stream_events(ledger.db, problem.row_key)
    return _ArticleSync(
        problem,
        article,
        past,
        own,
        of_persons,
        _decided_events(events, own),
        _fixed_paragraph(problem, article, ledger),
    )


async def _problem(ledger: Ledger, event: Recorded) -> Problem | None:
    """Return the problem of the event, or the problem from which the event's article was drafted."""
    name: str | None = event.stream
    if kind_of(event.stream) == Article.KIND:
        written = await load(ledger.db, ledger.lifecycles["article"], str(id_of(event.stream)))
        name = None if written is None else written.record.case
    if name is None or kind_of(name) != Problem.KIND:
        return None
    problem = await load(ledger.db, ledger.lifecycles["problem"], str(id_of(name)))
    return None if problem is None else problem.record


def _decided_events(events: Sequence[Recorded], own: Sequence[ArticleRevision]) -> list[Recorded]:
    """Return those of the rule's events whose revisions a person has decided on: neither still open nor
    withdrawn by the rule itself.
    """
    withdrawn = {key for event in events for key, row in event.data["set"].items() if row is None}
    still_its_own = withdrawn | {revision.row_key for revision in own}
    return [event for event in events if still_its_own.isdisjoint(event.data["set"])]


def _fixed_paragraph(problem: Problem, article: Article, ledger: Ledger) -> str | None:
    """Return the paragraph about the fix of the problem, or None if it is not fixed."""
    if problem.state is not ProblemState.closed or problem.resolved_at is None:
        return None
    day = problem.resolved_at.astimezone(ledger.numbers.zone).date()
    return FIXED_SENTENCES[article.language or "en"].format(number=problem.number, day=day)


def _fixed_pattern(number: str) -> re.Pattern[str]:
    """Return the pattern of the paragraph that the rule writes on the problem, for any day and language."""
    day = r"\d{4}-\d{2}-\d{2}"
    texts = (text.format(number=number, day="\0") for text in FIXED_SENTENCES.values())
    return re.compile("|".join(day.join(map(re.escape, text.split("\0"))) for text in texts))


def _next_action(sync: _ArticleSync) -> tuple[str, Payload] | None:
    """Return the next action on the article, with its payload; None if there is nothing to do. Raises
    ValidationError.
    """
    article, own = sync.article, sync.own_revisions
    reads = _article_values(sync)
    changes = _changes(sync, reads)
    texts = _changed_texts(reads, changes)
    if article.state is ArticleState.draft:
        payload = texts | ({"visibility": changes[VISIBILITY]} if VISIBILITY in changes else {})
        return ("edit", EditArticle.model_validate(payload)) if payload else None
    if article.state is not ArticleState.retired and VISIBILITY in changes:
        return "change_visibility", ChangeVisibilityArticle(visibility=Visibility.internal)
    if article.state is not ArticleState.published:
        return None
    if own and (len(own) > 1 or _revision_texts(own[0]) != texts):
        return "withdraw_revision", WithdrawRevisionArticle(revision=own[0].id)
    if texts and not own:
        return "propose_revision", ProposeRevisionArticle.model_validate(texts)
    return None


def _revision_texts(revision: ArticleRevision) -> dict[str, str]:
    return {name: text for name in TEXTS if (text := getattr(revision, name)) is not None}


def _article_values(sync: _ArticleSync) -> dict[str, str | None]:
    """Return the article's values of the problem's fields, as if persons' open revisions were accepted."""
    article = sync.article
    texts = {"symptoms": article.symptoms or "", "answer": article.answer or ""}
    for revision in sync.other_revisions:
        texts |= _revision_texts(revision)
    return sync.problem_fields(texts | {"visibility": article.visibility})


def _changes(sync: _ArticleSync, reads: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the values to change, by field of the problem.

    The rule only narrows visibility. While the article is visible to more readers than the workaround,
    because a person wants it so, nothing but the paragraph on the fix is changed.
    """
    problem = sync.problem
    workaround, _ = sync.split_answer(problem.workaround or "")
    values = {SYMPTOMS: problem.symptoms, WORKAROUND: workaround, STATE: sync.fixed_paragraph}
    if problem.workaround_visibility is Visibility.internal:
        values[VISIBILITY] = Visibility.internal
    changes = {
        field: value
        for field, value in values.items()
        if value != reads[field] and _rule_may_change(sync, field, reads[field], value)
    }
    shown_to = changes.get(VISIBILITY, reads[VISIBILITY])
    if shown_to != Visibility.internal and problem.workaround_visibility is Visibility.internal:
        return {field: value for field, value in changes.items() if field == STATE}
    return changes


def _rule_may_change(sync: _ArticleSync, field: str, reads: str | None, value: str | None) -> bool:
    """Return whether the rule may change the article's value: it comes from the problem or from the rule, and
    no person has decided against the new value since the problem has it.
    """
    had = sync.problem_values(field)
    if field != STATE and reads not in had.values():
        return False
    return not any(
        event.position > max(had) and (field, value) in sync.problem_fields(event.payload).items()
        for event in sync.rule_events
    )


def _changed_texts(reads: Mapping[str, str | None], changes: Mapping[str, str | None]) -> dict[str, str]:
    """Return the texts of the article that these changes alter."""
    after = {**reads, **changes}
    texts = {"symptoms": after[SYMPTOMS]} if SYMPTOMS in changes else {}
    if WORKAROUND in changes or STATE in changes:
        texts["answer"] = PARAGRAPH_BREAK.join(part for part in (after[WORKAROUND], after[STATE]) if part)
    return {name: text for name, text in texts.items() if text is not None}


RULE = Rule(
    NAME,
    (
        "problem.workaround_documented",
        "problem.closed",
        "problem.reopened",
        "article.edited",
        "article.sent_back",
        "article.published",
        "article.revision_proposed",
        "article.revision_declined",
        "article.revision_withdrawn",
        "article.revised",
        "article.visibility_changed",
    ),
    keep_articles_of_problems,
    fields={"problem": frozenset({SYMPTOMS, WORKAROUND, VISIBILITY})},
)
