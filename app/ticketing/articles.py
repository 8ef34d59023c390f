"""Use of articles for tickets: recorded on the ticket and on the article, by one command."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.records import TICKET, ForeignRef
from app.common.tickets import Ticket
from app.foundation.articles.records import Article, ArticleUse
from app.foundation.process_spec import ActionRows, ProcessSpec
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import rule, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import STAYS, action
from app.kernel.actions.payloads import Payload, Reference
from app.kernel.actions.refusals import WrongValue
from app.kernel.actions.related import RelatedCommand


class UseArticle(Payload):
    """The case for which the article was used."""

    case: Annotated[Reference, ForeignRef(TICKET)] = Field(
        description="Case that the article helped to solve: its id or number."
    )


class UseArticleTicket(Payload):
    """The article that helped."""

    article: Annotated[Reference, ForeignRef("article")] = Field(
        description="Article that helped: its id or number.", examples=["KNW-2026-000001"]
    )


def use_article(ticket: Ticket, body: UseArticleTicket, ctx: ActionContext) -> None:
    """Use an article for the ticket: the article helped to solve the ticket, and counts the use."""
    ctx.outcome.add(new_article_use(ticket, ctx.required_ref(Article, "article"), ctx))


def new_article_use(record: Ticket, other: Ticket, ctx: ActionContext) -> ArticleUse:
    """Return the record's end of a use. The other end's child record is made there, in the same command."""
    return ArticleUse(
        id=ctx.new_id(),
        record=record.row_key,
        use_id=ctx.command.id,
        other=other.row_key,
        used_by_id=ctx.caller.person_id,
        used_at=ctx.occurred_at,
    )


async def article_already_used(
    reads: ReadContext, ticket: Ticket, body: UseArticleTicket, ctx: ActionContext
) -> None:
    """Refuse if the article is recorded for the ticket already (`there_already`)."""
    other = ctx.required_ref(Article, "article").row_key
    if await reads.child(ArticleUse, ticket, other=other) is not None:
        raise WrongValue(pointer="/article", because="there_already")


async def case_already_helped(
    reads: ReadContext, article: Article, body: UseArticle, ctx: ActionContext
) -> None:
    """Refuse if the case is recorded for the article already (`there_already`)."""
    other = ctx.required_ref(Ticket, "case").row_key
    if await reads.child(ArticleUse, article, other=other) is not None:
        raise WrongValue(pointer="/case", because="there_already")


USE_ON_ARTICLE = RelatedCommand(
    action="use",
    field="article",
    record=lambda ctx: ctx.required_ref(Article, "article").row_key,
    body=lambda ticket, body: UseArticle(case=str(ticket.id)),
)
USE_ON_CASE = RelatedCommand(
    action="use_article",
    field="case",
    record=lambda ctx: ctx.required_ref(Ticket, "case").row_key,
    body=lambda article, body: UseArticleTicket(article=str(article.id)),
)


# fmt: off
def rows(spec: ProcessSpec) -> ActionRows:
    """Return the rows of the lifecycle table for articles."""
    return (
        #      action         中文        from       to     who           event
        action(use_article,   "登记所用文章", spec.any, STAYS, staff | rule, f"{spec.kind}.article_used", wrong=(article_already_used,),
               staff_only=True, related=USE_ON_ARTICLE),
    )
# fmt: on
