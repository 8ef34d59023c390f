"""The article of a known error follows its problem, and leaves alone what somebody has written otherwise."""

from __future__ import annotations

from typing import Any

from app.common.children import Visibility
from app.common.people import Caller, Role
from app.foundation.articles.records import Article, ArticleState
from app.kernel.access.reads import load
from app.kernel.actions.payloads import EmptyPayload, Payload, Reason
from app.processes.articles.checks import MOST_REVISIONS
from app.processes.articles.payloads import (
    AcceptRevisionArticle,
    ChangeVisibilityArticle,
    DeclineRevisionArticle,
    DraftArticle,
    EditArticle,
    ProposeRevisionArticle,
    PublishArticle,
)
from app.processes.problems.payloads import (
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
from tests.automation.conftest import Desk
from tests.automation.worker import by_rules
from tests.every_action.articles import AN_ARTICLE, REVIEWED
from tests.extent import in_test_all
from tests.people import act, add_caller, add_team
from tests.processes.problems.samples import CAUSE, WORKAROUND, a_problem


async def known(desk: Desk, **more: Any) -> tuple[Problem, Caller]:
    """A known error, and who works on it."""
    await add_team(desk.ledger, "network")
    roles = (Role.engineer, Role.problem_manager, Role.knowledge_editor)
    caller = await add_caller(desk.ledger, "Tomasz", *roles, teams=("network",))
    body = RaiseProblem.model_validate(a_problem())
    problem = (await act(desk.ledger, caller, "problem", "raise", body=body, now=desk.now)).record
    begun = InvestigateProblem(team="network", assignee=str(caller.person_id))
    await said(desk, caller, problem, "investigate", begun)
    workaround = DocumentWorkaroundProblem(**{**WORKAROUND, **more})
    return await said(desk, caller, problem, "document_workaround", workaround), caller


async def said(desk: Desk, engineer: Caller, record: Problem | Article, action: str, body: Payload) -> Any:
    """What the record is after that."""
    return (await act(desk.ledger, engineer, record.KIND, action, record.id, body, now=desk.now)).record


async def fixed(desk: Desk, engineer: Caller, problem: Problem) -> None:
    await said(desk, engineer, problem, "identify_cause", IdentifyCauseProblem(**CAUSE))
    await said(desk, engineer, problem, "begin_fix", BeginFixProblem(no_change_reason="A setting."))
    await said(desk, engineer, problem, "resolve", ResolveProblem(prevention="It is watched."))
    await said(desk, engineer, problem, "close", CloseProblem(lessons="Watch it."))
    await desk.worker.work(desk.now)


async def article_of(desk: Desk, problem: Problem) -> Article:
    loaded = await load(desk.ledger.db, desk.ledger.lifecycles["article"], str(problem.article_id))
    assert loaded is not None
    article: Article = loaded.record
    return article


async def test_a_draft_reads_as_the_workaround_does_and_says_that_it_is_fixed(desk: Desk) -> None:
    problem, engineer = await known(desk)
    await desk.worker.work(desk.now)
    assert await by_rules(desk.ledger, f"article/{problem.article_id}") == []
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait."}))
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == "Wait."
    await fixed(desk, engineer, problem)
    day = desk.now.astimezone(desk.ledger.numbers.zone).date()
    assert (await article_of(desk, problem)).answer == f"Wait.\n\n{problem.number}: fixed for good on {day}."
    incident = await desk.report()
    await said(desk, engineer, problem, "reopen", ReopenProblem(incident=str(incident.id)))
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == "Wait."


async def test_what_is_published_gets_a_revision_and_what_was_written_otherwise_stays(desk: Desk) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    await said(desk, engineer, article, "edit", EditArticle.model_validate({"answer": "Ask the desk."}))
    await said(
        desk,
        engineer,
        problem,
        "edit",
        EditProblem.model_validate({"workaround": "Wait.", "symptoms": "It is gone."}),
    )
    await desk.worker.work(desk.now)
    article = await article_of(desk, problem)
    assert (article.answer, article.symptoms) == ("Ask the desk.", "It is gone.")
    await published(desk, engineer, article)
    await fixed(desk, engineer, problem)
    assert (await article_of(desk, problem)).answer == "Ask the desk."
    (revision,) = await desk.ledger.db.rows("select answer, symptoms from fold.article_revision", ())
    assert revision["answer"].startswith(f"Ask the desk.\n\n{problem.number}: fixed for good on ")
    assert revision["symptoms"] is None
    await said(
        desk, engineer, problem, "edit", EditProblem.model_validate({"title": "Mail is late, and was."})
    )
    await desk.worker.work(desk.now)
    assert len(await desk.ledger.db.rows("select answer from fold.article_revision", ())) == 1


@in_test_all
async def test_a_paragraph_of_somebody_else_that_begins_with_the_number_stays(desk: Desk) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    text = f"{problem.number} is about the gateway.\n\n{problem.number}: fixed for good on some day."
    await said(desk, engineer, article, "edit", EditArticle.model_validate({"answer": text}))
    await fixed(desk, engineer, problem)
    day = desk.now.astimezone(desk.ledger.numbers.zone).date()
    assert (await article_of(desk, problem)).answer == f"{text}\n\n{problem.number}: fixed for good on {day}."
    incident = await desk.report()
    await said(desk, engineer, problem, "reopen", ReopenProblem(incident=str(incident.id)))
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == text


async def published(desk: Desk, engineer: Caller, article: Article) -> Caller:
    """Somebody else, who has published it."""
    await said(desk, engineer, article, "submit", EmptyPayload())
    editor = await add_caller(desk.ledger, "Eva", Role.knowledge_editor)
    await said(desk, editor, article, "publish", PublishArticle.model_validate(REVIEWED))
    return editor


async def waiting(desk: Desk) -> list[dict[str, str | None]]:
    """What is proposed, by rules or people."""
    rows = await desk.ledger.db.rows("select symptoms, answer from fold.article_revision order by id")
    return [{name: text for name, text in row.items() if text is not None} for row in rows]


async def done(desk: Desk, problem: Problem) -> list[str]:
    """What the rule has done to the article."""
    return [event.type for event in await by_rules(desk.ledger, f"article/{problem.article_id}")]


async def newest_revision(desk: Desk) -> str:
    query = "select id from fold.article_revision order by id desc limit 1"
    return str(await desk.ledger.db.value(query))


@in_test_all
async def test_one_revision_waits_that_says_all_that_is_otherwise(desk: Desk) -> None:
    problem, engineer = await known(desk)
    await published(desk, engineer, await article_of(desk, problem))
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"symptoms": "It is gone."}))
    await desk.worker.work(desk.now)
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait."}))
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [{"symptoms": "It is gone.", "answer": "Wait."}]
    await said(
        desk, engineer, problem, "edit", EditProblem.model_validate({"title": "Mail is late, and was."})
    )
    await desk.worker.work(desk.now)
    assert await done(desk, problem) == [
        "article.revision_proposed",
        "article.revision_withdrawn",
        "article.revision_proposed",
    ]
    back = EditProblem.model_validate(
        {"symptoms": WORKAROUND["symptoms"], "workaround": WORKAROUND["workaround"]}
    )
    await said(desk, engineer, problem, "edit", back)
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [], "nothing is to be decided on"


@in_test_all
async def test_what_somebody_has_proposed_counts_as_long_as_it_waits(desk: Desk) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    editor = await published(desk, engineer, article)
    await said(desk, engineer, article, "propose_revision", ProposeRevisionArticle(answer="Ask the desk."))
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait."}))
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [{"answer": "Ask the desk."}]
    declined = DeclineRevisionArticle.model_validate(
        {"revision": await newest_revision(desk), "reason": "They are asked enough."}
    )
    await said(desk, editor, article, "decline_revision", declined)
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [{"answer": "Wait."}]


@in_test_all
async def test_what_somebody_proposes_otherwise_takes_the_place_of_what_the_rule_has_proposed(
    desk: Desk,
) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    await published(desk, engineer, article)
    await said(
        desk,
        engineer,
        problem,
        "edit",
        EditProblem.model_validate({"symptoms": "It is gone.", "workaround": "Wait."}),
    )
    await desk.worker.work(desk.now)
    await said(desk, engineer, article, "propose_revision", ProposeRevisionArticle(answer="Ask the desk."))
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [{"answer": "Ask the desk."}, {"symptoms": "It is gone."}]


@in_test_all
async def test_what_there_was_no_place_for_is_proposed_when_there_is(desk: Desk) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    editor = await published(desk, engineer, article)
    for n in range(MOST_REVISIONS):
        await said(desk, engineer, article, "propose_revision", ProposeRevisionArticle(title=f"Title {n}"))
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait."}))
    await desk.worker.work(desk.now)
    assert await done(desk, problem) == []
    accepted = {"revision": await newest_revision(desk), "verdict": "It is the best of them."}
    await said(desk, editor, article, "accept_revision", AcceptRevisionArticle.model_validate(accepted))
    await desk.worker.work(desk.now)
    assert {"answer": "Wait."} in await waiting(desk)


@in_test_all
async def test_what_an_editor_has_declined_is_proposed_again_only_if_it_reads_otherwise(desk: Desk) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    editor = await published(desk, engineer, article)
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait."}))
    await desk.worker.work(desk.now)
    declined = {"revision": await newest_revision(desk), "reason": "How long?"}
    await said(desk, editor, article, "decline_revision", DeclineRevisionArticle.model_validate(declined))
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"symptoms": "It is gone."}))
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [{"symptoms": "It is gone."}]
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait an hour."}))
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [{"symptoms": "It is gone.", "answer": "Wait an hour."}]


@in_test_all
async def test_what_changes_during_a_review_is_caught_up_with_when_it_is_over(desk: Desk) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    await said(desk, engineer, article, "submit", EmptyPayload())
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait."}))
    await desk.worker.work(desk.now)
    assert await done(desk, problem) == []
    editor = await add_caller(desk.ledger, "Ewa", Role.knowledge_editor)
    await said(desk, editor, article, "send_back", Reason(reason="Too short."))
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == "Wait."
    await said(desk, engineer, article, "submit", EmptyPayload())
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait an hour."}))
    await desk.worker.work(desk.now)
    await said(desk, editor, article, "publish", PublishArticle.model_validate(REVIEWED))
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [{"answer": "Wait an hour."}]


async def test_what_is_for_staff_from_now_on_is_shown_to_nobody_else(desk: Desk) -> None:
    problem, engineer = await known(desk, workaround_visibility="public")
    article = await article_of(desk, problem)
    await published(desk, engineer, article)
    now_internal = EditProblem.model_validate(
        {"workaround": "Wait.", "workaround_visibility": Visibility.internal}
    )
    await said(desk, engineer, problem, "edit", now_internal)
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).visibility is Visibility.internal
    assert await done(desk, problem) == ["article.visibility_changed", "article.revision_proposed"]
    await said(
        desk,
        engineer,
        problem,
        "edit",
        EditProblem.model_validate({"workaround_visibility": Visibility.public}),
    )
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).visibility is Visibility.internal, "others than rules widen it"


async def test_a_review_does_not_keep_an_article_public(desk: Desk) -> None:
    problem, engineer = await known(desk, workaround_visibility="public")
    article = await article_of(desk, problem)
    await said(desk, engineer, article, "submit", EmptyPayload())
    await said(
        desk,
        engineer,
        problem,
        "edit",
        EditProblem.model_validate({"workaround_visibility": Visibility.internal}),
    )
    await desk.worker.work(desk.now)
    stands = await article_of(desk, problem)
    assert (stands.state, stands.visibility) == (ArticleState.in_review, Visibility.internal)


@in_test_all
async def test_an_article_that_an_editor_shows_to_more_is_told_nothing_that_is_for_staff(desk: Desk) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    editor = await published(desk, engineer, article)
    await said(
        desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Ask Ivan's old server."})
    )
    await desk.worker.work(desk.now)
    assert len(await waiting(desk)) == 1
    for_all = ChangeVisibilityArticle(visibility=Visibility.public)
    await said(desk, editor, article, "change_visibility", for_all)
    await desk.worker.work(desk.now)
    assert await waiting(desk) == []
    assert (await article_of(desk, problem)).visibility is Visibility.public, "as the editor wants it"
    await fixed(desk, engineer, problem)
    (proposed,) = await waiting(desk)
    answer = str(proposed["answer"])
    assert answer.startswith(f"{WORKAROUND['workaround']}\n\n{problem.number}: fixed for good on ")
    await said(
        desk,
        engineer,
        problem,
        "edit",
        EditProblem.model_validate({"workaround_visibility": Visibility.public}),
    )
    await desk.worker.work(desk.now)
    (proposed,) = await waiting(desk)
    assert str(proposed["answer"]).startswith("Ask Ivan's old server.\n\n")


async def test_a_draft_for_everybody_is_told_what_is_for_staff_once_it_is_for_staff(desk: Desk) -> None:
    problem, engineer = await known(desk)
    article = await article_of(desk, problem)
    await said(desk, engineer, article, "edit", EditArticle.model_validate({"visibility": Visibility.public}))
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait."}))
    await desk.worker.work(desk.now)
    stands = await article_of(desk, problem)
    assert (stands.answer, stands.visibility) == (WORKAROUND["workaround"], Visibility.public)
    await said(
        desk, engineer, article, "edit", EditArticle.model_validate({"visibility": Visibility.internal})
    )
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == "Wait."


async def test_another_article_about_the_problem_is_whoevers_wrote_it(desk: Desk) -> None:
    problem, engineer = await known(desk, workaround_visibility="public")
    said_of_it = {**AN_ARTICLE, "answer": WORKAROUND["workaround"], "case": str(problem.id)}
    body = DraftArticle.model_validate(said_of_it)
    other = (await act(desk.ledger, engineer, "article", "draft", body=body, now=desk.now)).record
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": "Wait."}))
    await said(desk, engineer, other, "edit", EditArticle.model_validate({"symptoms": "It is late."}))
    await desk.worker.work(desk.now)
    assert await by_rules(desk.ledger, other.row_key) == []


@in_test_all
async def test_a_workaround_with_a_paragraph_that_reads_as_the_rules_own_does_not_keep_it_busy(
    desk: Desk,
) -> None:
    problem, engineer = await known(desk)
    tricky = f"Wait.\n\n{problem.number}: fixed for good on 2026-01-01.\n\n\nThen ask."
    await said(desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": tricky}))
    await desk.worker.work(desk.now)
    assert (await article_of(desk, problem)).answer == "Wait.\n\n\nThen ask."
    assert await done(desk, problem) == ["article.edited"]
    await published(desk, engineer, await article_of(desk, problem))
    await said(
        desk, engineer, problem, "edit", EditProblem.model_validate({"workaround": f"Please {tricky}"})
    )
    await desk.worker.work(desk.now)
    assert await waiting(desk) == [{"answer": "Please Wait.\n\n\nThen ask."}]
