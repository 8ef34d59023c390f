"""Lifecycle of knowledge articles: remedies are drafted, reviewed by another person, published and revised.

draft ⇄ in_review ─► published ─► retired
"""

from __future__ import annotations

from dataclasses import dataclass

from app.common.children import Attachment, ExternalReference, Visibility
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.tickets import Ticket
from app.foundation.articles.records import Article, ArticleRating, ArticleRevision, ArticleUse
from app.foundation.articles.records import ArticleState as State
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.decisions.authorship import authors_do_not_judge
from app.foundation.editing import apply_patch
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.process_spec import ProcessSpec
from app.kernel.access.audience_rules import to_everybody, to_persons, to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import RecordDuty, anybody, author, knowledge_editor, rule, staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, DueAt, Lifecycle, action
from app.kernel.actions.payloads import (
    EmptyPayload,
    Reason,
)
from app.processes.articles import checks
from app.processes.articles.face import FACE
from app.processes.articles.payloads import (
    AcceptRevisionArticle,
    ChangeVisibilityArticle,
    ConfirmArticle,
    DeclineRevisionArticle,
    DraftArticle,
    EditArticle,
    ProposeRevisionArticle,
    PublishArticle,
    RateArticle,
    ShowArticle,
    ViewArticle,
    WithdrawRevisionArticle,
)
from app.ticketing import attachments, comments, links, tags
from app.ticketing.articles import USE_ON_CASE, UseArticle, case_already_helped, new_article_use
from app.ticketing.priority import USUAL_PRIORITIES
from app.ticketing.records import Comment, Link, Tag
from app.ticketing.work.tasks import USUAL_TASKS

TEXTS = ("title", "symptoms", "answer", "other_title", "other_symptoms", "other_answer")


def draft(article: Article, body: DraftArticle, ctx: ActionContext) -> None:
    """Draft an article, about a known fault and its solution."""
    case = ctx.ref(Ticket, "case")
    copy_fields(article, body, ctx, without="case")
    article.services = _keys_or_case_key(body.services, case, "service")
    article.categories = _keys_or_case_key(body.categories, case, "category")
    article.cis = _keys_or_case_key(body.cis, case, "ci")
    article.case = None if case is None else case.row_key
    article.author_id = ctx.caller.person_id
    article.opened_at = ctx.occurred_at
    set_custom_fields(article, ctx)


def _keys_or_case_key(keys: tuple[str, ...] | None, case: Ticket | None, name: str) -> list[str] | None:
    """Return the payload's keys, each once; without keys, the key in the ticket's field of that name."""
    if keys is not None:
        return list(dict.fromkeys(keys))
    key = getattr(case, name, None)
    return None if key is None else [key]


LIST_FIELDS = ("services", "categories", "cis")


def edit(article: Article, body: EditArticle, ctx: ActionContext) -> None:
    """Edit the article's draft: its text or its classification."""
    apply_patch(article, body, ctx, skip=LIST_FIELDS)
    for name in LIST_FIELDS:
        if name in body.model_fields_set:
            keys = getattr(body, name)
            setattr(article, name, None if keys is None else list(dict.fromkeys(keys)))


def submit(article: Article, body: EmptyPayload, ctx: ActionContext) -> None:
    """Submit the article for review, by another person."""


def send_back(article: Article, body: Reason, ctx: ActionContext) -> None:
    """Send the article back to its author, because it cannot be published yet."""


def publish(article: Article, body: PublishArticle, ctx: ActionContext) -> None:
    """Publish the article, after its review by another person: it can be found, suggested and used."""
    article.edition = 1
    article.published_by_id = ctx.caller.person_id
    article.next_review_at = body.next_review_at
    article.used_count = article.helped_count = article.did_not_help_count = 0


def confirm(article: Article, body: ConfirmArticle, ctx: ActionContext) -> None:
    """Confirm the article: it is still correct."""
    article.confirmed_at = ctx.occurred_at
    article.next_review_at, article.review_overdue_at = body.next_review_at, None


def flag_review(article: Article, body: EmptyPayload, ctx: ActionContext) -> None:
    """Flag the article's review as overdue: the article was not confirmed in time."""
    article.review_overdue_at = ctx.occurred_at


def propose_revision(article: Article, body: ProposeRevisionArticle, ctx: ActionContext) -> None:
    """Propose a revision of the article's texts."""
    proposed = ArticleRevision(
        id=ctx.new_id(),
        record=article.row_key,
        author_id=ctx.caller.person_id,
        proposed_at=ctx.occurred_at,
    )
    copy_fields(proposed, body, ctx)
    ctx.outcome.add(proposed)


def accept_revision(article: Article, body: AcceptRevisionArticle, ctx: ActionContext) -> None:
    """Accept a revision of the article, after its review by another person. It becomes the next edition."""
    revision = ctx.required_ref(ArticleRevision, "revision")
    for name in TEXTS:
        if (text := getattr(revision, name)) is not None:
            setattr(article, name, text)
    article.edition = (article.edition or 0) + 1
    article.published_by_id = ctx.caller.person_id
    ctx.outcome.remove(revision)


def decline_revision(article: Article, body: DeclineRevisionArticle, ctx: ActionContext) -> None:
    """Decline a revision of the article: the article stays unchanged."""
    ctx.outcome.remove(ctx.required_ref(ArticleRevision, "revision"))


def withdraw_revision(article: Article, body: WithdrawRevisionArticle, ctx: ActionContext) -> None:
    """Withdraw a revision of the article: one that the caller proposed."""
    ctx.outcome.remove(ctx.required_ref(ArticleRevision, "revision"))


def change_visibility(article: Article, body: ChangeVisibilityArticle, ctx: ActionContext) -> None:
    """Change the article's visibility: it determines who can read the article. The texts stay unchanged."""
    article.visibility = body.visibility


def use_article(article: Article, body: UseArticle, ctx: ActionContext) -> None:
    """Use the article for a ticket: it helped to solve the ticket. The ticket's history shows the use."""
    ctx.outcome.add(new_article_use(article, ctx.required_ref(Ticket, "case"), ctx))
    article.used_count = (article.used_count or 0) + 1
    article.last_used_at = ctx.occurred_at


@dataclass(frozen=True, slots=True)
class EarlierArticleRating:
    """The caller's earlier rating of the article; None without one, or if the caller is not a known
    person.
    """

    rating: ArticleRating | None


async def earlier_rating(
    reads: ReadContext, article: Article, body: RateArticle, ctx: ActionContext
) -> EarlierArticleRating:
    """Find the caller's earlier rating of the article, which the new rating replaces."""
    if ctx.caller.person_id is None:
        return EarlierArticleRating(None)
    return EarlierArticleRating(await reads.child(ArticleRating, article, person_id=ctx.caller.person_id))


def rate(article: Article, body: RateArticle, ctx: ActionContext) -> None:
    """Rate the article as helpful or not. A new rating replaces the caller's earlier one."""
    rating = ctx.prepared(EarlierArticleRating).rating
    if rating is None:
        ctx.outcome.add(
            ArticleRating(
                id=ctx.new_id(),
                record=article.row_key,
                person_id=ctx.caller.person_id,
                helped=body.helped,
                rated_at=ctx.occurred_at,
            )
        )
    else:
        _count(article, helped=bool(rating.helped), by=-1)
        changed = ctx.outcome.change(rating)
        changed.helped = body.helped
        changed.rated_at = ctx.occurred_at
    _count(article, helped=body.helped, by=1)


def _count(article: Article, *, helped: bool, by: int) -> None:
    if helped:
        article.helped_count = (article.helped_count or 0) + by
    else:
        article.did_not_help_count = (article.did_not_help_count or 0) + by


def record_suggestion(article: Article, body: ShowArticle, ctx: ActionContext) -> None:
    """Show the article to a visitor: a portal suggested it."""


def view(article: Article, body: ViewArticle, ctx: ActionContext) -> None:
    """View the article: a visitor of a portal opened it."""


def retire(article: Article, body: Reason, ctx: ActionContext) -> None:
    """Retire the article: its solution does not help."""


EDITORS = RecipientRule(NoticeType.to_publish, roles=frozenset({Role.knowledge_editor}))
#: People who answer for the content of an article, and can confirm it.
REVIEW_OVERDUE = (
    RecipientRule(NoticeType.article_review_overdue, field="author_id"),
    RecipientRule(NoticeType.article_review_overdue, roles=frozenset({Role.knowledge_editor})),
)
ARTICLE_AUTHOR = RecordDuty("author", "作者", ("author_id",))
#: Editors change drafts of others, and so write them, too.
WRITERS_DO_NOT_JUDGE = authors_do_not_judge(TEXTS)
PROCESS = ProcessSpec("article", State, (), (), Role.knowledge_editor, USUAL_PRIORITIES, USUAL_TASKS)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="article", plural="articles", zh="知识文章", record=Article, code="KNW",
    face=FACE,
    visible=(to_staff(), to_persons("author_id"), to_everybody(state=State.published, visibility=Visibility.public)),
    children=(ExternalReference, ArticleRating, ArticleRevision, ArticleUse, Comment, Tag, Attachment, Link),
    lookup=Lookup(searched_fields=("title", "symptoms", "answer", "other_title", "other_symptoms", "other_answer")),
    rows=(
        # action, 中文, from, to, who, event
        action(draft,             "起草", NEW_RECORD, State.draft, staff | rule, "article.drafted",
               wrong=(checks.case_not_resolved, checks.translation_incomplete, invalid_custom_values), staff_only=True),
        action(edit,              "编辑", [State.draft], STAYS, author | knowledge_editor | rule, "article.edited",
               wrong=(checks.translation_incomplete, invalid_custom_values), staff_only=True),
        action(submit,            "提交审核", [State.draft], State.in_review, author | knowledge_editor, "article.submitted", staff_only=True,
               notifies=(EDITORS,)),
        action(send_back,         "退回", [State.in_review], State.draft, knowledge_editor, "article.sent_back", staff_only=True,
               notifies=(RecipientRule(NoticeType.sent_back, field="author_id"),)),
        action(publish,           "发布", [State.in_review], State.published, knowledge_editor, "article.published",
               segregate_from=(ARTICLE_AUTHOR,), wrong=(checks.review_not_ahead, WRITERS_DO_NOT_JUDGE), staff_only=True),
        action(confirm,           "确认有效", [State.published], STAYS, knowledge_editor, "article.confirmed",
               wrong=(checks.review_not_ahead,), staff_only=True),
        action(flag_review,       "标记复审逾期", [State.published], STAYS, rule, "article.review_overdue", staff_only=True, notifies=REVIEW_OVERDUE,
               due=DueAt("next_review_at", "flag_article_reviews", unless="review_overdue_at")),
        action(retire,            "停用", [State.draft, State.in_review, State.published], State.retired, knowledge_editor, "article.retired", staff_only=True),
        action(propose_revision,  "提议修订", [State.published], STAYS, staff | rule, "article.revision_proposed",
               wrong=(checks.translation_incomplete, checks.too_many_revisions), staff_only=True, notifies=(EDITORS,)),
        action(accept_revision,   "采纳修订", [State.published], STAYS, knowledge_editor.in_person(), "article.revised",
               unless=(checks.no_revision_waits, checks.only_own_revisions), wrong=(checks.accepts_own_revision,), staff_only=True),
        action(decline_revision,  "拒绝修订", [State.published], STAYS, knowledge_editor, "article.revision_declined",
               unless=(checks.no_revision_waits,), staff_only=True),
        action(withdraw_revision, "撤回修订", [State.published], STAYS, staff | rule, "article.revision_withdrawn",
               wrong=(checks.proposed_by_another,), staff_only=True),
        action(change_visibility, "更改可见范围", [State.in_review, State.published], STAYS, knowledge_editor | rule, "article.visibility_changed",
               segregate_from=(ARTICLE_AUTHOR,), wrong=(WRITERS_DO_NOT_JUDGE,), staff_only=True),
        action(use_article,       "登记使用", [State.published], STAYS, staff | rule, "article.used", name="use",
               wrong=(case_already_helped,), staff_only=True, related=USE_ON_CASE),
        action(rate,              "评价", [State.published], STAYS, anybody.in_person(), "article.rated",
               prepare=(earlier_rating,), staff_only=True),
        action(record_suggestion, "展示", [State.published], STAYS, anybody, "article.shown", name="show", staff_only=True),
        action(view,              "查看", [State.published], STAYS, anybody, "article.viewed", staff_only=True),
        *comments.rows(PROCESS), *tags.rows(PROCESS), *attachments.rows(PROCESS), *links.rows(PROCESS),
        *succession_rows("article", State),
    ),
)
# fmt: on
