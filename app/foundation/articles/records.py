"""Knowledge articles, and what stands beside them and beside the cases that they were used for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlmodel import Field

from app.common.children import Visibility
from app.common.records import FOLD, ChildRecord, CodeEnum, ForeignRef, StaffOnly
from app.common.tickets import Ticket


class ArticleState(CodeEnum):
    """Where an article stands."""

    draft = "draft", "Draft", "草稿"
    in_review = "in_review", "In review", "审核中"
    published = "published", "Published", "已发布"
    retired = "retired", "Retired", "已停用"


class Article(Ticket):
    """What is known of a trouble and what helps, in one language or in both.

    Its texts are the organisation's, and no person's own words: nobody's key is on them (decision 0038).
    `language` is `en` or `zh`, `other_…` the same in the other one. `case` is the record that it came from,
    named as in the log.
    `edition` counts what was published: 1, 2, …
    """

    KIND: ClassVar[str] = "article"

    state: ArticleState | None = Field(default=None, sa_type=Text)
    author_id: Annotated[UUID | None, ForeignRef("person")] = None
    visibility: Visibility | None = Field(default=None, sa_type=Text)
    language: str | None = None
    symptoms: str | None = None
    answer: str | None = None
    other_title: str | None = None
    other_symptoms: str | None = None
    other_answer: str | None = None
    services: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    categories: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    cis: list[str] | None = Field(default=None, sa_type=ARRAY(Text))
    case: Annotated[str | None, StaffOnly()] = None
    edition: int | None = None
    published_at: datetime | None = None
    published_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    confirmed_at: datetime | None = None
    next_review_at: datetime | None = None
    retired_at: datetime | None = None
    used_count: int | None = None
    last_used_at: datetime | None = None
    helped_count: int | None = None
    did_not_help_count: int | None = None


class ArticleRating(ChildRecord):
    """Whether an article has helped somebody; one for each person."""

    KIND: ClassVar[str] = "article_rating"

    person_id: Annotated[UUID | None, ForeignRef("person")] = None
    helped: bool | None = None
    rated_at: datetime | None = None


class ArticleRevision(ChildRecord):
    """How the texts of a published article could read instead, until somebody else has decided on it."""

    KIND: ClassVar[str] = "article_revision"

    author_id: Annotated[UUID | None, ForeignRef("person")] = None
    title: str | None = None
    symptoms: str | None = None
    answer: str | None = None
    other_title: str | None = None
    other_symptoms: str | None = None
    other_answer: str | None = None
    proposed_at: datetime | None = None

    @property
    def for_staff(self) -> bool:
        """What nobody has looked at is for those who do."""
        return True


class ArticleUse(ChildRecord):
    """An article helped with a case: a row beside the case, and one beside the article.

    `other` is the other end, named as in the log; both ends have the same `use_id`.
    """

    KIND: ClassVar[str] = "article_use"

    use_id: UUID | None = None
    other: str | None = None
    used_by_id: Annotated[UUID | None, ForeignRef("person")] = None
    used_at: datetime | None = None

    @property
    def for_staff(self) -> bool:
        """It names a record that not everybody may see."""
        return True


class ArticleTable(Article, table=True):
    """Where articles stand."""

    __tablename__ = "article"
    __table_args__: ClassVar = FOLD


class ArticleRatingTable(ArticleRating, table=True):
    """Where the ratings of articles stand."""

    __tablename__ = "article_rating"
    __table_args__: ClassVar = FOLD


class ArticleRevisionTable(ArticleRevision, table=True):
    """Where proposed revisions stand."""

    __tablename__ = "article_revision"
    __table_args__: ClassVar = FOLD


class ArticleUseTable(ArticleUse, table=True):
    """Where uses of articles stand."""

    __tablename__ = "article_use"
    __table_args__: ClassVar = FOLD
