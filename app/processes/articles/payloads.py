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
    Paragraph,
    Patch,
    Payload,
    Reason,
    RecordKey,
    Reference,
    ShortText,
    Title,
    WithinThreeYears,
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
    """A known fault and its solution, to be drafted as an article. Without services, categories or
    configuration items, the article takes those of its case.
    """

    case: Annotated[Reference, ForeignRef(TICKET)] | None = Field(
        default=None,
        description="Case from which the article is written, which must be resolved or a known "
        "error: its id or number.",
    )


class EditArticle(Patch, ArticleFields):
    """The fields to change in an article that is still a draft."""


class PublishArticle(Payload, of=Article):
    """The result of the review, and the date of the next one."""

    verdict: FreeText = Field(description="Result of the review.", examples=["Tried on two printers."])
    next_review_at: WithinThreeYears


class ConfirmArticle(Payload, of=Article):
    """The date of the next review."""

    next_review_at: WithinThreeYears = Field(examples=["2028-06-01T00:00:00Z"])


class ProposeRevisionArticle(Payload, of=Article):
    """The proposed texts of a revision; texts left out stay unchanged."""

    title: Title | None = None
    symptoms: Paragraph | None = None
    answer: Paragraph | None = Field(default=None, examples=["Take the orange strip off the cartridge."])
    other_title: Title | None = None
    other_symptoms: Paragraph | None = None
    other_answer: Paragraph | None = None


class AcceptRevisionArticle(Payload):
    """The revision to publish, and the result of its review."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="Identifier of the revision.")
    verdict: FreeText = Field(description="Result of the review.")


class DeclineRevisionArticle(Reason):
    """The revision to decline, and the reason."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="Identifier of the revision.")


class WithdrawRevisionArticle(Payload):
    """The revision that its author withdraws."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="Identifier of the revision.")


class ChangeVisibilityArticle(Payload):
    """The new visibility of the article."""

    visibility: Visibility = Field(
        description="Readers of the article once it is published: everybody, or staff only.",
        examples=["internal"],
    )


class RateArticle(Payload):
    """The caller's rating of the article."""

    helped: bool = Field(strict=True, description="True if the article helped.", examples=[True])
    session: ShortText | None = Field(
        default=None,
        description="Random id that the portal gives to the visit; left out outside of portals.",
        examples=["5f0a6c1e"],
    )


class ShowArticle(Payload):
    """The visit to a portal in which the article was suggested."""

    session: ShortText = Field(
        description="Random id that the portal gives to the visit, which must not identify a person.",
        examples=["5f0a6c1e"],
    )


class ViewArticle(ShowArticle):
    """The visit to a portal in which the article was opened."""
