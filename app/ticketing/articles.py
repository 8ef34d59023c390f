"""Articles: what helped with a ticket is put down there and with the article, by one command."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.records import TICKET, Refers
from app.common.tickets import Ticket
from app.foundation.articles.records import Article, ArticleUse
from app.foundation.rows import Rows, Table
from app.kernel.bodies import Body, Reference
from app.kernel.lifecycle import STAYS, Second, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.who import rule, staff


class UseArticle(Body):
    """Which case the article helped with."""

    case: Annotated[Reference, Refers(TICKET)] = Field(description="The case: its id or number.")


class UseArticleTicket(Body):
    """Which article helped."""

    article: Annotated[Reference, Refers("article")] = Field(
        description="The article: its id or number.", examples=["KNW-2026-000001"]
    )


def use_article(ticket: Ticket, body: UseArticleTicket, at: Moment) -> None:
    """An article helped with it; that one counts it as well."""
    at.add(used(ticket, at.named(Article, "article"), at))


def used(record: Ticket, other: Ticket, at: Moment) -> ArticleUse:
    """The record's end of a use. The other end's row is made there, in the same command."""
    return ArticleUse(
        id=at.new_id(),
        record=record.row_key,
        use_id=at.command_id,
        other=other.row_key,
        used_by_id=at.caller.person_id,
        used_at=at.occurred_at,
    )


async def used_already(look: Look, ticket: Ticket, body: UseArticleTicket, at: Moment) -> None:
    """An article helps with a case once."""
    other = at.named(Article, "article").row_key
    if await look.child(ArticleUse, ticket, other=other) is not None:
        raise WrongValue(pointer="/article", because="there_already")


async def helped_already(look: Look, article: Article, body: UseArticle, at: Moment) -> None:
    """The same, said to the article."""
    other = at.named(Ticket, "case").row_key
    if await look.child(ArticleUse, article, other=other) is not None:
        raise WrongValue(pointer="/case", because="there_already")


ON_THE_ARTICLE = Second(
    action="use",
    field="article",
    record=lambda at: at.named(Article, "article").row_key,
    body=lambda ticket, body: UseArticle(case=str(ticket.id)),
)
ON_THE_CASE = Second(
    action="use_article",
    field="case",
    record=lambda at: at.named(Ticket, "case").row_key,
    body=lambda article, body: UseArticleTicket(article=str(article.id)),
)


# fmt: off
def rows(table: Table) -> Rows:
    """The row of articles."""
    return (
        #      action         中文        from       to     who           event
        action(use_article,   "使用知识", table.any, STAYS, staff | rule, f"{table.kind}.article_used", wrong=(used_already,),
               staff_only=True, second=ON_THE_ARTICLE),
    )
# fmt: on
