"""Articles: what helped once is written down, looked at by somebody else, found, used and kept right.

draft ⇄ in_review ─► published ─► retired
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.common.children import Attachment, ExternalReference, Visibility
from app.common.notices import Step, Tells
from app.common.people import SEE_EVERYTHING, Role
from app.common.records import TICKET, Child, KeyOf, Labelled, Refers
from app.common.tickets import Ticket
from app.foundation.articles.records import Article, ArticleRating, ArticleRevision, ArticleUse
from app.foundation.articles.records import ArticleState as State
from app.foundation.custom.values import CustomValues, custom_fits, give
from app.foundation.editing import take
from app.foundation.rows import Table
from app.kernel.bodies import (
    LONGEST_LIST,
    Body,
    Few,
    Instant,
    Key,
    Line,
    Nothing,
    Paragraph,
    Patch,
    Reason,
    Reference,
    Title,
    Words,
)
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.visibility import EVERYBODY, STAFF
from app.kernel.who import Part, anybody, author, knowledge_editor, rule, staff
from app.processes.articles import checks
from app.ticketing import attachments, comments, links, tags
from app.ticketing.articles import ON_THE_CASE, UseArticle, helped_already, used
from app.ticketing.priority import prioritise
from app.ticketing.records import Comment, Link, Tag
from app.ticketing.tasks import complete_task

Language = Literal["en", "zh"]
TEXTS = ("title", "symptoms", "answer", "other_title", "other_symptoms", "other_answer")
_SOME = Field(min_length=1, max_length=LONGEST_LIST)
ServiceKeys = Annotated[tuple[Annotated[Key, KeyOf("service")], ...], _SOME, Few]
CategoryKeys = Annotated[tuple[Annotated[Key, KeyOf("category")], ...], _SOME, Few]
CiKeys = Annotated[tuple[Annotated[Key, KeyOf("ci")], ...], _SOME, Few]


class DraftArticle(Body):
    """What is known of a trouble, and what helps."""

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
    case: Annotated[Reference, Refers(TICKET)] | None = Field(
        default=None, description="The case that it comes from, resolved, or a known error: its id or number."
    )
    custom: CustomValues = Field(default_factory=dict)


def draft(article: Article, body: DraftArticle, at: Moment) -> None:
    """What helped is written down."""
    case = at.the(Ticket, "case")
    for name in TEXTS:
        setattr(article, name, getattr(body, name))
    article.language = body.language
    article.visibility = body.visibility
    article.services = _keys(body.services, case, "service")
    article.categories = _keys(body.categories, case, "category")
    article.cis = _keys(body.cis, case, "ci")
    article.case = None if case is None else case.row_key
    article.author_id = at.caller.person_id
    article.opened_at = at.occurred_at
    give(article, at)


def _keys(said: tuple[str, ...] | None, case: Ticket | None, name: str) -> list[str] | None:
    """What was said, or what the case has."""
    if said is not None:
        return list(dict.fromkeys(said))
    key = getattr(case, name, None)
    return None if key is None else [key]


class EditArticle(Patch):
    """What is to be read otherwise, before it is reviewed."""

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


LISTS = ("services", "categories", "cis")


def edit(article: Article, body: EditArticle, at: Moment) -> None:
    """It is to be read otherwise."""
    take(article, body, at, but=LISTS)
    for name in LISTS:
        if name in body.model_fields_set:
            said = getattr(body, name)
            setattr(article, name, None if said is None else list(dict.fromkeys(said)))


def submit(article: Article, body: Nothing, at: Moment) -> None:
    """Somebody else is to look at it."""


def send_back(article: Article, body: Reason, at: Moment) -> None:
    """It cannot be published as it is."""


class PublishArticle(Body):
    """Why it can be published, and when it is looked at again."""

    verdict: Words = Field(description="What the review found.", examples=["Tried on two printers."])
    next_review_at: Instant = Field(
        description="When somebody is to look whether it is still right.", examples=["2199-01-01T00:00:00Z"]
    )


def publish(article: Article, body: PublishArticle, at: Moment) -> None:
    """Somebody else found it right: from now on it is found, suggested and used."""
    article.edition = 1
    article.published_at = at.occurred_at
    article.published_by_id = at.caller.person_id
    article.next_review_at = body.next_review_at
    article.used_count = article.helped_count = article.did_not_help_count = 0


class ConfirmArticle(Body):
    """Until when it is taken to be right."""

    next_review_at: Instant = Field(
        description="When somebody is to look again.", examples=["2199-06-01T00:00:00Z"]
    )


def confirm(article: Article, body: ConfirmArticle, at: Moment) -> None:
    """It is still right."""
    article.confirmed_at = at.occurred_at
    article.next_review_at = body.next_review_at


class ProposeRevisionArticle(Body):
    """How it could be read instead; what is left out stays as it is."""

    title: Title | None = Field(default=None, description="The trouble, in a line.")
    symptoms: Paragraph | None = Field(default=None, description="How one recognises it.")
    answer: Paragraph | None = Field(
        default=None, description="What helps.", examples=["Take the orange strip off the cartridge."]
    )
    other_title: Title | None = Field(default=None, description="The title in the other language.")
    other_symptoms: Paragraph | None = Field(default=None, description="The symptoms in the other language.")
    other_answer: Paragraph | None = Field(default=None, description="The answer in the other language.")


def propose_revision(article: Article, body: ProposeRevisionArticle, at: Moment) -> None:
    """Somebody knows better how it should be read."""
    proposed = ArticleRevision(
        id=at.new_id(),
        record=article.row_key,
        author_id=at.caller.person_id,
        proposed_at=at.occurred_at,
    )
    for name in TEXTS:
        setattr(proposed, name, getattr(body, name))
    at.add(proposed)


class AcceptRevisionArticle(Body):
    """Which revision is published."""

    revision: Annotated[UUID, Child(ArticleRevision)] = Field(description="The revision: its id.")
    verdict: Words = Field(description="What the review found.")


def accept_revision(article: Article, body: AcceptRevisionArticle, at: Moment) -> None:
    """Somebody else found it right: it is the next edition."""
    revision = at.named(ArticleRevision, "revision")
    for name in TEXTS:
        if (text := getattr(revision, name)) is not None:
            setattr(article, name, text)
    article.edition = (article.edition or 0) + 1
    article.published_by_id = at.caller.person_id
    at.remove(revision)


class DeclineRevisionArticle(Body):
    """Which revision is not published, and why."""

    revision: Annotated[UUID, Child(ArticleRevision)] = Field(description="The revision: its id.")
    reason: Words = Field(description="Why, in the words of whoever acts.")


def decline_revision(article: Article, body: DeclineRevisionArticle, at: Moment) -> None:
    """It stays as it is."""
    at.remove(at.named(ArticleRevision, "revision"))


class WithdrawRevisionArticle(Body):
    """Which revision is proposed no more."""

    revision: Annotated[UUID, Child(ArticleRevision)] = Field(description="The revision: its id.")


def withdraw_revision(article: Article, body: WithdrawRevisionArticle, at: Moment) -> None:
    """Whoever proposed it thinks better of it."""
    at.remove(at.named(ArticleRevision, "revision"))


class ChangeVisibilityArticle(Body):
    """Who may read it."""

    visibility: Visibility = Field(
        description="Who may read it from now on, or once it is published: everybody, or staff.",
        examples=["internal"],
    )


def change_visibility(article: Article, body: ChangeVisibilityArticle, at: Moment) -> None:
    """Others may read it than could before; what it says stays."""
    article.visibility = body.visibility


def use(article: Article, body: UseArticle, at: Moment) -> None:
    """It helped with a case; that one is told as well."""
    at.add(used(article, at.named(Ticket, "case"), at))
    article.used_count = (article.used_count or 0) + 1
    article.last_used_at = at.occurred_at


class RateArticle(Body):
    """Whether it helped."""

    helped: bool = Field(strict=True, description="Whether it helped.", examples=[True])
    session: Line | None = Field(
        default=None, description="Of a portal: what it calls the visit, a random id.", examples=["5f0a6c1e"]
    )


@dataclass(frozen=True, slots=True)
class EarlierRating:
    """What the caller has said before of whether it helped; None: nothing, or nobody can know."""

    rating: ArticleRating | None


async def earlier_rating(look: Look, article: Article, body: RateArticle, at: Moment) -> EarlierRating:
    """Finds what whoever rates it has said before: they say something else now."""
    if at.caller.person_id is None:
        return EarlierRating(None)
    return EarlierRating(await look.child(ArticleRating, article, person_id=at.caller.person_id))


def rate(article: Article, body: RateArticle, at: Moment) -> None:
    """Somebody says whether it helped them; who said so before thinks better of it."""
    given = at.prepared(EarlierRating).rating
    if given is None:
        at.add(
            ArticleRating(
                id=at.new_id(),
                record=article.row_key,
                person_id=at.caller.person_id,
                helped=body.helped,
                rated_at=at.occurred_at,
            )
        )
    else:
        _count(article, helped=bool(given.helped), by=-1)
        changed = at.change(given)
        changed.helped = body.helped
        changed.rated_at = at.occurred_at
    _count(article, helped=body.helped, by=1)


def _count(article: Article, *, helped: bool, by: int) -> None:
    if helped:
        article.helped_count = (article.helped_count or 0) + by
    else:
        article.did_not_help_count = (article.did_not_help_count or 0) + by


class ShowArticle(Body):
    """In which visit of the portal."""

    session: Line = Field(
        description="What the portal calls the visit: a random id, and no person's.", examples=["5f0a6c1e"]
    )


def show(article: Article, body: ShowArticle, at: Moment) -> None:
    """A portal has suggested it to a visitor."""


class ViewArticle(ShowArticle):
    """In which visit of the portal."""


def view(article: Article, body: ViewArticle, at: Moment) -> None:
    """A visitor of a portal has opened it."""


def retire(article: Article, body: Reason, at: Moment) -> None:
    """It helps no more, or never did."""
    article.retired_at = at.occurred_at


def entered(article: Article, before: Labelled | None, at: Moment) -> None:
    """What is retired is looked at no more."""
    if article.state is State.retired:
        article.next_review_at = None


def audience(article: Article) -> tuple[str, ...]:
    """Staff, whoever wrote it, and everybody what is published for all."""
    own = () if article.author_id is None else (f"person:{article.author_id}",)
    public = article.state is State.published and article.visibility is Visibility.public
    return (STAFF, *own, *((EVERYBODY,) if public else ()))


EDITORS = Tells(Step.to_publish, roles=frozenset({Role.knowledge_editor}))
THE_AUTHOR = Part("author", "作者", ("author_id",))
BESIDE = Table("article", State, (), (), Role.knowledge_editor, prioritise, complete_task)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="article", plural="articles", zh="知识文章", record=Article, states=State, code="KNW",
    audience=audience, sees_all=SEE_EVERYTHING | {Role.knowledge_editor},
    columns={"staff": (), "everybody": (), "person": ("author_id",)},
    open_to_all="(r.state = 'published' and r.visibility = 'public')",
    entered=entered, children=(ExternalReference, ArticleRating, ArticleRevision, ArticleUse, Comment, Tag, Attachment, Link),
    searched=("title", "symptoms", "answer", "other_title", "other_symptoms", "other_answer"),
    rows=(
        # action, 中文, from, to, who, event
        action(draft, "起草", FROM_NOTHING, State.draft, staff | rule, "article.drafted",
               wrong=(checks.case_not_resolved, checks.half_a_language, custom_fits), staff_only=True),
        action(edit, "编辑", [State.draft], STAYS, author | knowledge_editor | rule, "article.edited",
               wrong=(checks.half_a_language, custom_fits), staff_only=True),
        action(submit, "提交审核", [State.draft], State.in_review, author | knowledge_editor, "article.submitted", staff_only=True,
               tells=(EDITORS,)),
        action(send_back, "退回", [State.in_review], State.draft, knowledge_editor, "article.sent_back", staff_only=True,
               tells=(Tells(Step.sent_back, field="author_id"),)),
        action(publish, "发布", [State.in_review], State.published, knowledge_editor, "article.published",
               never=(THE_AUTHOR,), wrong=(checks.review_not_ahead,), staff_only=True),
        action(confirm, "确认有效", [State.published], STAYS, knowledge_editor, "article.confirmed",
               wrong=(checks.review_not_ahead,), staff_only=True),
        action(retire, "停用", [State.draft, State.in_review, State.published], State.retired, knowledge_editor, "article.retired", staff_only=True),
        action(propose_revision, "提议修订", [State.published], STAYS, staff | rule, "article.revision_proposed",
               wrong=(checks.half_a_language, checks.too_many_revisions), staff_only=True, tells=(EDITORS,)),
        action(accept_revision, "采纳修订", [State.published], STAYS, knowledge_editor, "article.revised",
               wrong=(checks.proposed_it,), staff_only=True),
        action(decline_revision, "拒绝修订", [State.published], STAYS, knowledge_editor, "article.revision_declined", staff_only=True),
        action(withdraw_revision, "撤回修订", [State.published], STAYS, staff | rule, "article.revision_withdrawn",
               wrong=(checks.proposed_by_another,), staff_only=True),
        action(change_visibility, "更改可见范围", [State.in_review, State.published], STAYS, knowledge_editor | rule, "article.visibility_changed",
               never=(THE_AUTHOR,), staff_only=True),
        action(use, "使用", [State.published], STAYS, staff | rule, "article.used",
               wrong=(helped_already,), staff_only=True, second=ON_THE_CASE),
        action(rate, "评价", [State.published], STAYS, anybody, "article.rated",
               prepare=(earlier_rating,), staff_only=True),
        action(show, "展示", [State.published], STAYS, anybody, "article.shown", staff_only=True),
        action(view, "查看", [State.published], STAYS, anybody, "article.viewed", staff_only=True),
        *comments.rows(BESIDE), *tags.rows(BESIDE), *attachments.rows(BESIDE), *links.rows(BESIDE),
    ),
)
# fmt: on
