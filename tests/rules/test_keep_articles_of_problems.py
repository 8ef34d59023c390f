"""The article of a known error follows its problem, and leaves alone what somebody has written otherwise."""

from __future__ import annotations

from typing import Any

from app.common.articles import Article
from app.common.people import Caller, Role
from app.kernel.bodies import Body, Nothing
from app.kernel.look import load
from app.processes.articles.lifecycle import EditArticle, PublishArticle
from app.processes.problems.lifecycle import (
    BeginFixProblem,
    CloseProblem,
    DocumentWorkaroundProblem,
    EditProblem,
    IdentifyCauseProblem,
    InvestigateProblem,
    RaiseProblem,
    ReopenProblem,
    ResolveProblem,
)
from app.processes.problems.records import Problem
from tests.people import act, add_caller, add_team
from tests.processes.problems.samples import CAUSE, WORKAROUND, a_problem
from tests.rules.conftest import Desk
from tests.rules.working import by_rules


async def known(desk: Desk) -> tuple[Problem, Caller]:
    """A known error, and who works on it."""
    await add_team(desk.ledger, "network")
    roles = (Role.engineer, Role.problem_manager, Role.knowledge_editor)
    who = await add_caller(desk.ledger, "Tomasz", *roles, teams=("network",))
    body = RaiseProblem.model_validate(a_problem())
    problem = (await act(desk.ledger, who, "problem", "raise", body=body, now=desk.now)).record
    begun = InvestigateProblem(team="network", assignee=str(who.person_id))
    await said(desk, who, problem, "investigate", begun)
    return await said(desk, who, problem, "document_workaround", DocumentWorkaroundProblem(**WORKAROUND)), who


async def said(desk: Desk, who: Caller, problem: Problem, action: str, body: Body) -> Any:
    """What the problem is after that."""
    return (await act(desk.ledger, who, problem.KIND, action, problem.id, body, now=desk.now)).record


async def fixed(desk: Desk, who: Caller, problem: Problem) -> None:
    await said(desk, who, problem, "identify_cause", IdentifyCauseProblem(**CAUSE))
    await said(desk, who, problem, "begin_fix", BeginFixProblem(fixing_change="CHG-7"))
    await said(desk, who, problem, "resolve", ResolveProblem(prevention="It is watched."))
    await said(desk, who, problem, "close", CloseProblem(lessons="Watch it."))
    await desk.worker.work(desk.now)


async def article_of(desk: Desk, problem: Problem) -> Article:
    found = await load(desk.ledger.db, desk.ledger.lifecycles["article"], str(problem.article_id))
    assert found is not None
    article: Article = found.record
    return article


async def test_a_draft_reads_as_the_workaround_does_and_says_that_it_is_fixed(desk: Desk) -> None:
    problem, who = await known(desk)
    await desk.worker.work(desk.now)
    assert await by_rules(desk.ledger, f"article/{problem.article_id}") == []
    await said(desk, who, problem, "edit", EditProblem(workaround="Wait."))
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == "Wait."
    await fixed(desk, who, problem)
    day = desk.now.astimezone(desk.ledger.numbers.zone).date()
    assert (await article_of(desk, problem)).answer == f"Wait.\n\n{problem.number}: fixed for good on {day}."
    incident = await desk.report()
    await said(desk, who, problem, "reopen", ReopenProblem(incident=str(incident.id)))
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == "Wait."


async def test_what_is_published_gets_a_revision_and_what_was_written_otherwise_stays(desk: Desk) -> None:
    problem, who = await known(desk)
    article = await article_of(desk, problem)
    await act(
        desk.ledger, who, "article", "edit", article.id, EditArticle(answer="Ask the desk."), now=desk.now
    )
    await said(desk, who, problem, "edit", EditProblem(workaround="Wait.", symptoms="It is gone."))
    await desk.worker.work(desk.now)
    article = await article_of(desk, problem)
    assert (article.answer, article.symptoms) == ("Ask the desk.", "It is gone.")
    await act(desk.ledger, who, "article", "submit", article.id, Nothing(), now=desk.now)
    editor = await add_caller(desk.ledger, "Eva", Role.knowledge_editor)
    published = PublishArticle.model_validate({"verdict": "Tried.", "next_review_at": "2199-01-01T00:00:00Z"})
    await act(desk.ledger, editor, "article", "publish", article.id, published, now=desk.now)
    await fixed(desk, who, problem)
    assert (await article_of(desk, problem)).answer == "Ask the desk."
    (revision,) = await desk.ledger.db.rows("select answer, symptoms from fold.article_revision", ())
    assert revision["answer"].startswith(f"Ask the desk.\n\n{problem.number}: fixed for good on ")
    assert revision["symptoms"] is None
    await said(desk, who, problem, "edit", EditProblem(title="Mail is late, and was."))
    await desk.worker.work(desk.now)
    assert len(await desk.ledger.db.rows("select answer from fold.article_revision", ())) == 1


async def test_a_paragraph_of_somebody_else_that_begins_with_the_number_stays(desk: Desk) -> None:
    problem, who = await known(desk)
    article = await article_of(desk, problem)
    text = f"{problem.number} is about the gateway.\n\n{problem.number}: fixed for good on some day."
    await act(desk.ledger, who, "article", "edit", article.id, EditArticle(answer=text), now=desk.now)
    await fixed(desk, who, problem)
    day = desk.now.astimezone(desk.ledger.numbers.zone).date()
    assert (await article_of(desk, problem)).answer == f"{text}\n\n{problem.number}: fixed for good on {day}."
    incident = await desk.report()
    await said(desk, who, problem, "reopen", ReopenProblem(incident=str(incident.id)))
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == text
