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

    Its texts belong to the organisation and are no person's own words, so they are encrypted with nobody's
    key (decision 0038). `language` is `en` or `zh`; the `other_…` fields hold the same text in the other
    language. `case` is the stream name of the record that the article came from. `edition` counts the
    published versions from 1.
    """

    KIND: ClassVar[str] = "article"

    title: str | None = required(
        "The trouble in a line, without names of persons.", examples=["The printer prints blank pages"]
    )
    state: ArticleState | None = required()
    author_id: Annotated[UUID | None, ForeignRef("person")] = None
    visibility: Visibility | None = required(
        "The readers once it is published: everybody, or staff.", examples=["public"]
    )
    language: str | None = required("The language in which it is written.", examples=["en"])
    symptoms: str | None = required(
        "The symptoms of the trouble, without names of persons.", examples=["The page comes out empty."]
    )
    answer: str | None = required(
        "The remedy, without names of persons.", examples=["Take the strip off the cartridge."]
    )
    other_title: str | None = optional("The title in the other language.", examples=["打印机打印空白页"])
    other_symptoms: str | None = optional(
        "The symptoms in the other language.", examples=["打印出来是空白的。"]
    )
    other_answer: str | None = optional("The remedy in the other language.", examples=["撕掉墨盒上的封条。"])
    services: list[str] | None = optional("The keys of the services that it is about.", examples=[["print"]])
    categories: list[str] | None = optional("The keys of the categories that it is about.")
    cis: list[str] | None = optional("The keys of the configuration items that it is about.")
    case: Annotated[str | None, StaffOnly()] = optional("The case that it came from, as `incident/<id>`.")
    edition: int | None = optional("Number of times that it was published; null: never.")
    published_at: Annotated[datetime | None, EnteredAt(ArticleState.published)] = optional(
        "Time of its first publication."
    )
    published_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "The reviewer of the present edition."
    )
    confirmed_at: datetime | None = None
    next_review_at: Annotated[datetime | None, ClearedBy(entering={ArticleState.retired})] = optional(
        "Time of the next review.", examples=["2199-01-01T00:00:00Z"]
    )
    review_overdue_at: Annotated[datetime | None, ClearedBy(entering={ArticleState.retired})] = optional(
        "Time at which its review was flagged as overdue; null again once it is confirmed."
    )
    retired_at: Annotated[datetime | None, EnteredAt(ArticleState.retired)] = None
    used_count: int | None = optional("Number of cases with which it has helped.")
    last_used_at: datetime | None = None
    helped_count: int | None = optional("Number of persons who say that it helped them.")
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
