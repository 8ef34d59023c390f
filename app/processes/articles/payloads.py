"""Payloads of actions on articles."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.common.children import Visibility
from app.common.records import TICKET, ChildRef, ForeignRef, KeyRef
from app.foundation.articles.records import Article, ArticleRevision
from app.foundation.custom.values import CustomValues
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Paragraph,
    Patch,
    Payload,
    Reason,
    RecordKey,
    Reference,
    ShortText,
    Title,
)

Language = Literal["en", "zh"]

_NON_EMPTY = Field(min_length=1, max_length=LONGEST_LIST)

ServiceKeys = Annotated[tuple[Annotated[RecordKey, KeyRef("service")], ...], _NON_EMPTY, BoundedList]

CategoryKeys = Annotated[tuple[Annotated[RecordKey, KeyRef("category")], ...], _NON_EMPTY, BoundedList]

CiKeys = Annotated[tuple[Annotated[RecordKey, KeyRef("ci")], ...], _NON_EMPTY, BoundedList]


class ArticleFields(Payload, of=Article):
    """The fields of an article that may be edited while it is a draft."""

    title: Title
    language: Language
    symptoms: Paragraph
    answer: Paragraph
    other_title: Title | None = None
    other_symptoms: Paragraph | None = None
    other_answer: Paragraph | None = None
    visibility: Visibility = Visibility.internal
    services: ServiceKeys | None = None
    categories: CategoryKeys | None = None
    cis: CiKeys | None = None
    custom: CustomValues = Field(default_factory=dict)


class DraftArticle(ArticleFields):
    """A known fault and its remedy, to be drafted as an article; without services, categories or
    configuration items it is about those of the case.
    """

    case: Annotated[Reference, ForeignRef(TICKET)] | None = Field(
        default=None, description="The case that it comes from, resolved, or a known error: its id or number."
    )


class EditArticle(Patch, ArticleFields):
    """The fields to change in an article that is still a draft."""


class PublishArticle(Payload, of=Article):
    """The result of the review, and when the next review is due."""

    verdict: FreeText = Field(description="The result of the review.", examples=["Tried on two printers."])
    next_review_at: Instant


class ConfirmArticle(Payload, of=Article):
    """The date by which the article is to be reviewed next."""

    next_review_at: Instant = Field(examples=["2199-06-01T00:00:00Z"])


class ProposeRevisionArticle(Payload, of=Article):
    """The proposed texts of a revision; texts that are left out stay as they are."""

    title: Title | None = None
    symptoms: Paragraph | None = None
    answer: Paragraph | None = Field(default=None, examples=["Take the orange strip off the cartridge."])
    other_title: Title | None = None
    other_symptoms: Paragraph | None = None
    other_answer: Paragraph | None = None


class AcceptRevisionArticle(Payload):
    """The revision to publish, and the result of its review."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="The revision: its id.")
    verdict: FreeText = Field(description="The result of the review.")


class DeclineRevisionArticle(Reason):
    """The revision to decline, and the reason."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="The revision: its id.")


class WithdrawRevisionArticle(Payload):
    """The revision that its author withdraws."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="The revision: its id.")


class ChangeVisibilityArticle(Payload):
    """The new visibility of the article: the readers to whom it is open."""

    visibility: Visibility = Field(
        description="The readers from now on, or once it is published: everybody, or staff.",
        examples=["internal"],
    )


class RateArticle(Payload):
    """The caller's rating of the article: whether it helped."""

    helped: bool = Field(strict=True, description="True if it helped.", examples=[True])
    session: ShortText | None = Field(
        default=None,
        description="The portal's random id of the visit, if there is one.",
        examples=["5f0a6c1e"],
    )


class ShowArticle(Payload):
    """The visit of a portal in which the article was suggested."""

    session: ShortText = Field(
        description="The portal's random id of the visit, and no person's.", examples=["5f0a6c1e"]
    )


class ViewArticle(ShowArticle):
    """The visit of a portal in which the article was opened."""
