"""Read side of articles: their schema and listing, and the articles suggested for a ticket."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, Renderer, TicketOut
from app.foundation.articles.records import Article
from app.foundation.people.queries import PERSONS
from app.processes.articles.lifecycle import LIFECYCLE
from app.processes.articles.payloads import Language

MOST_SUGGESTED = 10


class ArticleOut(
    TicketOut,
    of=Article,
    without="requester customer team assignee impact urgency priority",
    after={"other_answer": "visibility", "case": "author opened_at"},
):
    """A knowledge article: a known fault and its solution."""

    language: Language
    opened_at: datetime = Field(description="Time at which the article was drafted.")


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ArticleOut,
    filters=(
        "state",
        "visibility",
        "language",
        "services",
        "categories",
        "cis",
        "author",
        "opened_at",
        "published_at",
        "next_review_at",
        "changed_at",
        "tag",
        "external_reference",
    ),
    sorts=("opened_at", "changed_at", "published_at", "next_review_at"),
    expands=(PERSONS,),
)


class Suggestion(OutputModel):
    """An article that may help with a ticket, and the reason why it is suggested."""

    article: LISTING.item  # type: ignore[name-defined]  # made of ArticleOut
    because: list[str] = Field(
        description="Fields that the article and the ticket have in common: `service`, `category`, `ci`."
    )


class Suggestions(OutputModel):
    """Published articles that may help with a ticket, the most likely first."""

    items: list[Suggestion] = Field(
        description=f"Suggested articles, the most likely to help first; at most {MOST_SUGGESTED}."
    )


#: By field of a ticket: the column of articles that it is matched with, and the weight of a match.
WEIGHTS = {"ci": ("cis", 4), "category": ("categories", 2), "service": ("services", 1)}
# Each of the three branches uses its own index and has a limit: many articles may be about one service.
MATCHING_ARTICLES = """
select {columns}, r.id as article_id, f.because, f.weight from (
  select u.id, array_agg(u.because order by u.because) as because, sum(u.weight) as weight from ({ways}) as u
  group by u.id
) as f join fold.article r on r.id = f.id
order by f.weight desc, r.used_count desc, r.id desc limit {most}"""
MATCH_BRANCH = """
(select a.id, '{name}' as because, {weight} as weight from fold.article a
 where a.{column} && %({name})s::text[] and a.state = 'published' {public}
 order by a.used_count desc, a.id desc limit {most})"""


async def suggested_articles(renderer: Renderer, case: Any) -> list[dict[str, Any]]:
    """Return the published articles about the ticket's service, category or CI that the caller may read."""
    keys = {name: [key] for name in WEIGHTS if (key := getattr(case, name, None)) is not None}
    if not keys:
        return []
    public = "" if renderer.caller.is_staff else "and a.visibility = 'public'"
    matches = " union all ".join(
        MATCH_BRANCH.format(name=name, column=column, weight=weight, public=public, most=MOST_SUGGESTED)
        for name, (column, weight) in WEIGHTS.items()
        if name in keys
    )
    query = MATCHING_ARTICLES.format(columns=renderer.columns, ways=matches, most=MOST_SUGGESTED)
    rows = await renderer.ledger.db.rows(query, keys)
    becauses = [row.pop("because") for row in rows]
    for row in rows:
        del row["weight"], row["article_id"]
    await renderer.render_many(rows)
    return [{"article": row, "because": why} for row, why in zip(rows, becauses, strict=True)]
