"""Keeps the article of a known error as its problem reads: its workaround, and that it is fixed.

A draft is edited, what is published gets a revision that an editor decides on. What somebody has written
otherwise in the article stays; while it is reviewed it is left alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from pydantic import ValidationError

from app.common.articles import Article, ArticleState
from app.kernel.bodies import Body
from app.kernel.history import as_of_version
from app.kernel.ledger import Ledger
from app.kernel.look import load
from app.kernel.rules import Consequence, Rule
from app.log.events import Recorded, id_of
from app.processes.articles.lifecycle import EditArticle, ProposeRevisionArticle
from app.processes.problems.lifecycle import LIFECYCLE
from app.processes.problems.records import Problem, ProblemState

#: The paragraph that says so; only one that reads exactly so is taken for the rule's own.
FIXED = {"en": "{number}: fixed for good on {day}.", "zh": "{number}：已于 {day} 彻底解决。"}
#: What the paragraph comes and goes with.
ENDS = ("problem.closed", "problem.reopened")
BETWEEN = "\n\n"


async def keep_articles_of_problems(ledger: Ledger, event: Recorded) -> AsyncIterator[Consequence]:
    """What of the article is otherwise, if anything is."""
    loaded = await load(ledger.db, LIFECYCLE, str(id_of(event.stream)))
    if loaded is None or loaded.record.article_id is None:
        return
    problem = loaded.record
    written = await load(ledger.db, ledger.lifecycles["article"], str(problem.article_id))
    if written is None:
        return
    article: Article = written.record
    before = await as_of_version(ledger.db, LIFECYCLE, event.stream, event.version - 1)
    texts = _put_right(article, before, problem)
    if event.type in ENDS or "answer" in texts:  # else it was proposed already, and perhaps declined
        answer = texts.get("answer", article.answer or "")
        texts["answer"] = _with_the_end(answer, article, problem, ledger)
    changes = {name: text for name, text in texts.items() if text != getattr(article, name)}
    if changes and (consequence := _consequence(article, changes)) is not None:
        yield consequence


def _put_right(article: Article, before: Problem, problem: Problem) -> dict[str, str]:
    """What the article still has as the problem had it."""
    pairs = (
        ("symptoms", before.symptoms, problem.symptoms),
        ("answer", before.workaround, problem.workaround),
    )
    return {
        name: new
        for name, old, new in pairs
        if new is not None and new != old and getattr(article, name) == old
    }


def _with_the_end(answer: str, article: Article, problem: Problem, ledger: Ledger) -> str:
    """The answer with a paragraph that says that it is fixed, if it is; without it, if it is not."""
    assert problem.number is not None
    ours = _sentences(problem.number)
    left = [part for part in answer.split(BETWEEN) if not ours.fullmatch(part)]
    if problem.state is ProblemState.closed and problem.resolved_at is not None:
        day = problem.resolved_at.astimezone(ledger.numbers.zone).date()
        left.append(FIXED[article.language or "en"].format(number=problem.number, day=day))
    return BETWEEN.join(left)


def _sentences(number: str) -> re.Pattern[str]:
    """What the rule itself writes about the problem, on whatever day and in either language."""
    day = r"\d{4}-\d{2}-\d{2}"
    texts = (text.format(number=number, day="\0") for text in FIXED.values())
    return re.compile("|".join(day.join(map(re.escape, text.split("\0"))) for text in texts))


def _consequence(article: Article, changes: dict[str, str]) -> Consequence | None:
    said: Body
    try:
        if article.state is ArticleState.draft:
            action, said = "edit", EditArticle.model_validate(changes)
        elif article.state is ArticleState.published:
            action, said = "propose_revision", ProposeRevisionArticle.model_validate(changes)
        else:
            return None
    except ValidationError:  # with the paragraph it is longer than an answer may be
        return None
    return Consequence("article", action, article.id, said, if_match=article.version)


RULE = Rule(
    "keep_articles_of_problems",
    ("problem.workaround_documented", "problem.edited", "problem.closed", "problem.reopened"),
    keep_articles_of_problems,
)
