"""Checks of actions on articles, beyond state and role. Each returns or raises the code of its refusal."""

from __future__ import annotations

from app.common.tickets import Ticket
from app.foundation.articles.records import Article, ArticleRevision
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue, caller_check
from app.processes.articles.payloads import (
    AcceptRevisionArticle,
    ConfirmArticle,
    DraftArticle,
    EditArticle,
    ProposeRevisionArticle,
    PublishArticle,
    WithdrawRevisionArticle,
)

MOST_REVISIONS = 20


async def no_revision_waits(reads: ReadContext, article: Article, ctx: ActionContext) -> str | None:
    """Refuse to decide on a revision if there is no waiting one (`no_revision_waits`)."""
    return None if await reads.children(ArticleRevision, article) else "no_revision_waits"


async def only_own_revisions(reads: ReadContext, article: Article, ctx: ActionContext) -> str | None:
    """Refuse to accept a revision where the caller proposed all that wait (`is_its_author`)."""
    waiting = await reads.children(ArticleRevision, article)
    return (
        None if any(revision.author_id != ctx.caller.person_id for revision in waiting) else "is_its_author"
    )


@caller_check
async def accepts_own_revision(
    reads: ReadContext, article: Article, body: AcceptRevisionArticle, ctx: ActionContext
) -> str | None:
    """Refuse if the caller proposed the revision that they accept (`is_its_author`)."""
    return "is_its_author" if _is_revision_author(ctx) else None


@caller_check
async def proposed_by_another(
    reads: ReadContext, article: Article, body: WithdrawRevisionArticle, ctx: ActionContext
) -> str | None:
    """Refuse to withdraw a revision that another person proposed; an editor may decline it instead
    (`proposed_by_another`).
    """
    return None if _is_revision_author(ctx) else "proposed_by_another"


def _is_revision_author(ctx: ActionContext) -> bool:
    """Return whether the caller proposed the revision. A revision without an author was proposed by
    a rule.
    """
    return ctx.caller.person_id == ctx.required_ref(ArticleRevision, "revision").author_id


async def case_not_resolved(
    reads: ReadContext, article: Article, body: DraftArticle, ctx: ActionContext
) -> None:
    """Refuse an article about a ticket that is not resolved, unless a rule drafts it or the ticket is a known
    error with a documented workaround (`not_resolved`).
    """
    case = ctx.ref(Ticket, "case")
    if case is None or ctx.caller.is_rule or getattr(case, "workaround_documented_at", None) is not None:
        return
    ended = reads.lifecycles[case.KIND].lookup.ended
    if case.state not in ended:
        raise WrongValue(pointer="/case", because="not_resolved")


async def translation_incomplete(
    reads: ReadContext,
    article: Article,
    body: DraftArticle | EditArticle | ProposeRevisionArticle,
    ctx: ActionContext,
) -> None:
    """Refuse a translation without both a title and an answer (`missing`)."""
    sent = body.model_fields_set
    title = body.other_title if "other_title" in sent else article.other_title
    answer = body.other_answer if "other_answer" in sent else article.other_answer
    symptoms = body.other_symptoms if "other_symptoms" in sent else article.other_symptoms
    if title is None and (answer is not None or symptoms is not None):
        raise WrongValue(pointer="/other_title", because="missing")
    if answer is None and title is not None:
        raise WrongValue(pointer="/other_answer", because="missing")


async def review_not_ahead(
    reads: ReadContext, article: Article, body: PublishArticle | ConfirmArticle, ctx: ActionContext
) -> None:
    """Refuse if the next review is not in the future (`not_ahead`)."""
    if body.next_review_at <= ctx.counts_from:
        raise WrongValue(pointer="/next_review_at", because="not_ahead")


async def too_many_revisions(
    reads: ReadContext, article: Article, body: ProposeRevisionArticle, ctx: ActionContext
) -> None:
    """Refuse a further revision if the article has MOST_REVISIONS already, as many as an editor can review
    (`too_long`).
    """
    if len(await reads.children(ArticleRevision, article)) >= MOST_REVISIONS:
        raise WrongValue({"max_length": str(MOST_REVISIONS)}, pointer="", because="too_long")
