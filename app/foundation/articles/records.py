"""Knowledge articles, their child records, and the child records of cases that name the articles used
(tables).
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from app.common.children import Visibility
from app.common.records import ChildRecord, CodeEnum, ForeignRef, StaffOnly, optional, required
from app.common.state_fields import ClearedBy, EnteredAt
from app.common.tickets import Ticket


class ArticleState(CodeEnum):
    """State of a knowledge article."""

    draft = "draft", "Draft", "草稿"
    in_review = "in_review", "In review", "审核中"
    published = "published", "Published", "已发布"
    retired = "retired", "Retired", "已停用"


class Article(Ticket):
    """A knowledge article: a known problem and what helps, in one language or in both.

    Its texts belong to the organisation and are no person's own words, so they are sealed with nobody's key
    (decision 0038). `language` is `en` or `zh`; the `other_…` fields hold the same text in the other
    language. `case` is the stream name of the record that the article came from. `edition` counts the
    published versions from 1.
    """

    KIND: ClassVar[str] = "article"

    title: str | None = required()
    state: ArticleState | None = required()
    author_id: Annotated[UUID | None, ForeignRef("person")] = None
    visibility: Visibility | None = required("Who may read it once it is published.")
    language: str | None = required()
    symptoms: str | None = required()
    answer: str | None = required()
    other_title: str | None = optional("The title in the other language.")
    other_symptoms: str | None = None
    other_answer: str | None = None
    services: list[str] | None = optional("The keys of the services that it is about.")
    categories: list[str] | None = None
    cis: list[str] | None = None
    case: Annotated[str | None, StaffOnly()] = optional(
        "What it came from, as `incident/<id>`; for staff only."
    )
    edition: int | None = optional("How often it was published; null: never.")
    published_at: Annotated[datetime | None, EnteredAt(ArticleState.published)] = optional(
        "When it was published first."
    )
    published_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Who found the present edition right."
    )
    confirmed_at: datetime | None = None
    next_review_at: Annotated[datetime | None, ClearedBy(entering={ArticleState.retired})] = optional(
        "When somebody is to look whether it is right."
    )
    retired_at: Annotated[datetime | None, EnteredAt(ArticleState.retired)] = None
    used_count: int | None = optional("With how many cases it has helped.")
    last_used_at: datetime | None = None
    helped_count: int | None = optional("How many say that it helped them.")
    did_not_help_count: int | None = None


class ArticleRating(ChildRecord):
    """A person's rating of an article: whether it has helped; one for each person."""

    KIND: ClassVar[str] = "article_rating"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    helped: bool | None = required()
    rated_at: datetime | None = required()


class ArticleRevision(ChildRecord):
    """Proposed new texts of a published article, until another person has decided on them."""

    KIND: ClassVar[str] = "article_revision"

    author_id: Annotated[UUID | None, ForeignRef("person")] = None
    title: str | None = None
    symptoms: str | None = None
    answer: str | None = None
    other_title: str | None = None
    other_symptoms: str | None = None
    other_answer: str | None = None
    proposed_at: datetime | None = required()

    @property
    def for_staff(self) -> bool:
        """Only staff see the revision, since nobody has reviewed it yet."""
        return True


class ArticleUse(ChildRecord):
    """The use of an article for a case: one child record of the case, and one of the article.

    `other` is the stream name of the other end; both ends have the same `use_id`.
    """

    KIND: ClassVar[str] = "article_use"

    use_id: UUID | None = required()
    other: str | None = required()
    used_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    used_at: datetime | None = required()

    @property
    def for_staff(self) -> bool:
        """Only staff see the use, since it names a record that not everybody may see."""
        return True
