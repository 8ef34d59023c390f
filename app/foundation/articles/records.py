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

    Its texts belong to the organisation and are not a person's own words, so they are not encrypted with a
    person's key (decision 0038). `language` is `en` or `zh`; the `other_…` fields hold the same text in the
    other language. `case` is the stream name of the record that the article came from. `edition` counts the
    published versions from 1.
    """

    KIND: ClassVar[str] = "article"

    title: str | None = required(
        "Fault that the article is about, in one line, without names of persons.",
        examples=["The printer prints blank pages"],
    )
    state: ArticleState | None = required()
    author_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who wrote the article; null if unknown."
    )
    visibility: Visibility | None = required(
        "Readers of the published article: everybody, or staff only.", examples=["public"]
    )
    language: str | None = required("Language in which the article is written.", examples=["en"])
    symptoms: str | None = required(
        "Symptoms of the fault, without names of persons.", examples=["The page comes out empty."]
    )
    answer: str | None = required(
        "Solution of the fault, without names of persons.", examples=["Take the strip off the cartridge."]
    )
    other_title: str | None = optional(
        "Title in the other language; null if it is not translated.", examples=["打印机打印空白页"]
    )
    other_symptoms: str | None = optional(
        "Symptoms in the other language; null if they are not translated.", examples=["打印出来是空白的。"]
    )
    other_answer: str | None = optional(
        "Solution in the other language; null if it is not translated.", examples=["撕掉墨盒上的封条。"]
    )
    services: list[str] | None = optional(
        "Keys of the services that the article is about.", examples=[["print"]]
    )
    categories: list[str] | None = optional("Keys of the categories that the article is about.")
    cis: list[str] | None = optional("Keys of the configuration items that the article is about.")
    case: Annotated[str | None, StaffOnly()] = optional(
        "Case from which the article was written, in the form `<kind>/<id>`; null if not set."
    )
    edition: int | None = optional("Number of times that the article was published; null if it never was.")
    published_at: Annotated[datetime | None, EnteredAt(ArticleState.published)] = optional(
        "Time at which the article was first published; null if it never was."
    )
    published_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Reviewer who published the current edition; null if the article was never published."
    )
    confirmed_at: datetime | None = optional(
        "Time at which the article was last confirmed to be correct; null if it never was."
    )
    next_review_at: Annotated[datetime | None, ClearedBy(entering={ArticleState.retired})] = optional(
        "Time by which the article must be reviewed again; null if no review is planned.",
        examples=["2028-06-01T00:00:00Z"],
    )
    review_overdue_at: Annotated[datetime | None, ClearedBy(entering={ArticleState.retired})] = optional(
        "Time at which the review was flagged as overdue; null if it is not overdue."
    )
    retired_at: Annotated[datetime | None, EnteredAt(ArticleState.retired)] = None
    used_count: int | None = optional("Number of cases that were solved with the article.")
    last_used_at: datetime | None = optional(
        "Time at which the article was last used for a case; null if it never was."
    )
    helped_count: int | None = optional("Number of persons who rated the article as helpful.")
    did_not_help_count: int | None = optional("Number of persons who rated the article as not helpful.")


class ArticleRating(ChildRecord):
    """A person's rating of an article: whether it has helped; one for each person."""

    KIND: ClassVar[str] = "article_rating"

    person_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who rated the article; null for an anonymous visitor."
    )
    helped: bool | None = required("True if the article solved the person's fault.")
    rated_at: datetime | None = required("Time at which the person rated the article.")


class ArticleRevision(ChildRecord):
    """Proposed new texts of a published article, until another person has decided on them."""

    KIND: ClassVar[str] = "article_revision"

    author_id: Annotated[UUID | None, ForeignRef("person")] = optional("Person who proposed the revision.")
    title: str | None = optional("Proposed title; null if the revision keeps the current one.")
    symptoms: str | None = optional("Proposed symptoms; null if the revision keeps the current ones.")
    answer: str | None = optional("Proposed solution; null if the revision keeps the current one.")
    other_title: str | None = optional(
        "Proposed title in the other language; null if the revision keeps the current one."
    )
    other_symptoms: str | None = optional(
        "Proposed symptoms in the other language; null if the revision keeps the current ones."
    )
    other_answer: str | None = optional(
        "Proposed solution in the other language; null if the revision keeps the current one."
    )
    proposed_at: datetime | None = required("Time at which the revision was proposed.")

    @property
    def for_staff(self) -> bool:
        """Only staff see the revision, since it has not been reviewed yet."""
        return True


class ArticleUse(ChildRecord):
    """The use of an article for a case: one child record of the case, and one of the article.

    `other` is the stream name of the other end; both ends have the same `use_id`.
    """

    KIND: ClassVar[str] = "article_use"

    use_id: UUID | None = required("Identifier that the use has in the article and in the case.")
    other: str | None = required("Other side of the use: the case, or the article, as `<kind>/<id>`.")
    used_by_id: Annotated[UUID | None, ForeignRef("person")] = optional(
        "Person who used the article for the case."
    )
    used_at: datetime | None = required("Time at which the article was used for the case.")

    @property
    def for_staff(self) -> bool:
        """Only staff see the use, since it names a record that not everybody may see."""
        return True
