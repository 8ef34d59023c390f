"""Payloads of actions on articles."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.common.children import Visibility
from app.common.records import TICKET, ChildRef, ForeignRef, KeyRef
from app.foundation.articles.records import ArticleRevision
from app.foundation.custom.values import CustomValues
from app.kernel.actions.payloads import (
    LONGEST_LIST,
    BoundedList,
    FreeText,
    Instant,
    Paragraph,
    Patch,
    Payload,
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


class DraftArticle(Payload):
    """A known fault and its remedy, to be drafted as an article."""

    title: Title = Field(description="The trouble, in a line.", examples=["The printer prints blank pages"])
    language: Language = Field(description="In which language it is written.", examples=["en"])
    symptoms: Paragraph = Field(
        description="How one recognises it. Name no persons here.", examples=["The page comes out empty."]
    )
    answer: Paragraph = Field(
        description="What helps. Name no persons here.", examples=["Take the strip off the cartridge."]
    )
    other_title: Title | None = Field(
        default=None, description="The title in the other language.", examples=["打印机打印空白页"]
    )
    other_symptoms: Paragraph | None = Field(
        default=None, description="The symptoms in the other language.", examples=["打印出来是空白的。"]
    )
    other_answer: Paragraph | None = Field(
        default=None, description="The answer in the other language.", examples=["撕掉墨盒上的封条。"]
    )
    visibility: Visibility = Field(
        default=Visibility.internal,
        description="Who may read it once it is published: everybody, or staff.",
        examples=["public"],
    )
    services: ServiceKeys | None = Field(
        default=None,
        description="The keys of the services that it is about; none: that of the case.",
        examples=[["print"]],
    )
    categories: CategoryKeys | None = Field(default=None, description="The same of categories.")
    cis: CiKeys | None = Field(default=None, description="The same of configuration items.")
    case: Annotated[Reference, ForeignRef(TICKET)] | None = Field(
        default=None, description="The case that it comes from, resolved, or a known error: its id or number."
    )
    custom: CustomValues = Field(default_factory=dict)


class EditArticle(Patch):
    """The fields to change in an article that is still a draft."""

    title: Title = Field(default_factory=str, description="The trouble, in a line.", examples=["Blank pages"])
    language: Language = Field(default_factory=lambda: "en", description="In which language it is written.")
    symptoms: Paragraph = Field(default_factory=str, description="How one recognises it.")
    answer: Paragraph = Field(default_factory=str, description="What helps.", examples=["Shake it."])
    other_title: Title | None = Field(default=None, description="The title in the other language.")
    other_symptoms: Paragraph | None = Field(default=None, description="The symptoms in the other language.")
    other_answer: Paragraph | None = Field(default=None, description="The answer in the other language.")
    visibility: Visibility = Field(
        default_factory=lambda: Visibility.internal, description="Who may read it once it is published."
    )
    services: ServiceKeys | None = Field(default=None, description="The keys of the services.")
    categories: CategoryKeys | None = Field(default=None, description="The keys of the categories.")
    cis: CiKeys | None = Field(default=None, description="The keys of configuration items.")
    custom: CustomValues = Field(default_factory=dict)


class PublishArticle(Payload):
    """The result of the review, and when the next review is due."""

    verdict: FreeText = Field(description="What the review found.", examples=["Tried on two printers."])
    next_review_at: Instant = Field(
        description="When somebody is to look whether it is still right.", examples=["2199-01-01T00:00:00Z"]
    )


class ConfirmArticle(Payload):
    """The date by which the article is to be reviewed next."""

    next_review_at: Instant = Field(
        description="When somebody is to look again.", examples=["2199-06-01T00:00:00Z"]
    )


class ProposeRevisionArticle(Payload):
    """The proposed texts of a revision; texts that are left out stay as they are."""

    title: Title | None = Field(default=None, description="The trouble, in a line.")
    symptoms: Paragraph | None = Field(default=None, description="How one recognises it.")
    answer: Paragraph | None = Field(
        default=None, description="What helps.", examples=["Take the orange strip off the cartridge."]
    )
    other_title: Title | None = Field(default=None, description="The title in the other language.")
    other_symptoms: Paragraph | None = Field(default=None, description="The symptoms in the other language.")
    other_answer: Paragraph | None = Field(default=None, description="The answer in the other language.")


class AcceptRevisionArticle(Payload):
    """The revision to publish, and the result of its review."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="The revision: its id.")
    verdict: FreeText = Field(description="What the review found.")


class DeclineRevisionArticle(Payload):
    """The revision to decline, and the reason."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="The revision: its id.")
    reason: FreeText = Field(description="Why, in the words of whoever acts.")


class WithdrawRevisionArticle(Payload):
    """The revision that its author withdraws."""

    revision: Annotated[UUID, ChildRef(ArticleRevision)] = Field(description="The revision: its id.")


class ChangeVisibilityArticle(Payload):
    """The new visibility of the article: the readers to whom it is open."""

    visibility: Visibility = Field(
        description="Who may read it from now on, or once it is published: everybody, or staff.",
        examples=["internal"],
    )


class RateArticle(Payload):
    """The caller's rating of the article: whether it helped."""

    helped: bool = Field(strict=True, description="Whether it helped.", examples=[True])
    session: ShortText | None = Field(
        default=None, description="Of a portal: what it calls the visit, a random id.", examples=["5f0a6c1e"]
    )


class ShowArticle(Payload):
    """The visit of a portal in which the article was suggested."""

    session: ShortText = Field(
        description="What the portal calls the visit: a random id, and no person's.", examples=["5f0a6c1e"]
    )


class ViewArticle(ShowArticle):
    """The visit of a portal in which the article was opened."""
