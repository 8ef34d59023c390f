"""Lifecycle of problems: find the cause behind incidents, document a workaround, remove the cause.

logged ─► investigating ─► cause_identified ─► fix_in_progress ─► resolved ─► closed
               └────────────► known_error (a workaround is documented) ─┘
resolved, closed ─► investigating (reopen)        any open ─► closed (accept_risk) | cancelled
"""

from __future__ import annotations

import re

from app.common.children import ExternalReference
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.common.records import CodeEnum
from app.common.tickets import Ticket
from app.foundation.articles.records import Article
from app.foundation.custom.values import invalid_custom_values, set_custom_fields
from app.foundation.editing import apply_patch, edit_action
from app.foundation.people.records import Team
from app.foundation.people.succession.handing_over import succession_rows
from app.kernel.access.audience_rules import to_persons, to_services, to_team_or_desk
from app.kernel.access.kinds import Lookup
from app.kernel.actions.actor_policy import (
    assignee,
    engineer,
    problem_manager,
    process_owner,
    process_relation,
    rule,
    staff,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Branch, Lifecycle, action
from app.kernel.actions.payloads import (
    Reason,
)
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import Rules
from app.log.events import stream
from app.processes.problems import checks, fixes
from app.processes.problems.face import FACE
from app.processes.problems.payloads import (
    AcceptRiskProblem,
    CloseProblem,
    DocumentWorkaroundProblem,
    EditProblem,
    IdentifyCauseProblem,
    InvestigateProblem,
    LapseRiskProblem,
    RaiseProblem,
    ReopenProblem,
    ResolveProblem,
)
from app.processes.problems.preparation import (
    UndraftedArticle,
    UnlinkedIncident,
    undrafted_article,
    unlinked_incident,
)
from app.processes.problems.records import (
    ENDED,
    OPEN,
    Problem,
)
from app.processes.problems.records import ProblemState as State
from app.ticketing import CHILDREN, ticket_actions
from app.ticketing.links import LinkTicket, new_link
from app.ticketing.opening import set_requester
from app.ticketing.priority import PRIORITY
from app.ticketing.records import LinkKind
from app.ticketing.reopening import former_assignee, return_to_team, told_of_reopening

CHINESE = re.compile("[\u3400-\u9fff]")


def raise_(problem: Problem, body: RaiseProblem, ctx: ActionContext) -> None:
    """Raise a problem: the cause of past or expected incidents is to be found."""
    copy_fields(problem, body, ctx, without="affected_services affected_customers")
    problem.affected_services = list(dict.fromkeys(body.affected_services))
    problem.affected_customers = _team_ids(ctx, "affected_customers")
    set_requester(problem, ctx)
    problem.opened_at = ctx.occurred_at
    for incident in ctx.refs(Ticket, "incidents"):
        ctx.outcome.add(new_link(problem, LinkKind.causes, incident, ctx))
    set_custom_fields(problem, ctx)


def _team_ids(ctx: ActionContext, field: str) -> list[str]:
    """Return the ids of the teams that the payload's field references, without duplicates."""
    return list(dict.fromkeys(str(team.id) for team in ctx.refs(Team, field)))


def investigate(problem: Problem, body: InvestigateProblem, ctx: ActionContext) -> None:
    """Investigate the problem: assign the team and the person who look for its cause."""
    problem.team_id = ctx.required_ref(Team, "team").id
    problem.assignee_id = ctx.required_ref(Person, "assignee").id


def identify_cause(problem: Problem, body: IdentifyCauseProblem, ctx: ActionContext) -> None:
    """Identify the problem's cause, or correct it. A known error stays a known error."""
    copy_fields(problem, body, ctx)
    problem.cause_identified_at = ctx.occurred_at


def state_after_cause_identified(problem: Problem) -> CodeEnum:
    """Return the state once the cause is identified: a known error stays one, since its workaround is found
    by that state.
    """
    return State.known_error if problem.state is State.known_error else State.cause_identified


def document_workaround(problem: Problem, body: DocumentWorkaroundProblem, ctx: ActionContext) -> None:
    """Document a workaround for the problem: the problem becomes a known error, and incidents that it may
    have caused show the workaround.
    """
    copy_fields(problem, body, ctx)
    problem.workaround_documented_at = ctx.occurred_at
    if problem.article_id is None:
        problem.article_id = ctx.command.related_id


def resolve(problem: Problem, body: ResolveProblem, ctx: ActionContext) -> None:
    """Resolve the problem: its cause is removed."""
    problem.prevention = body.prevention


def accept_risk(problem: Problem, body: AcceptRiskProblem, ctx: ActionContext) -> None:
    """Accept the risk of the problem: it is closed without a fix, until the acceptance ends."""
    problem.risk_reason = body.reason
    problem.risk_accepted_at = ctx.occurred_at
    problem.risk_accepted_until_at = body.until_at
    problem.risk_owner_id = ctx.caller.person_id


def lapse_risk(problem: Problem, body: LapseRiskProblem, ctx: ActionContext) -> None:
    """Lapse the risk acceptance of the problem: its time is over, and the problem may be reopened without an
    incident.
    """
    problem.risk_lapsed_at = ctx.occurred_at


def close(problem: Problem, body: CloseProblem, ctx: ActionContext) -> None:
    """Close the problem: it has not recurred, and its lessons are recorded."""
    problem.lessons = body.lessons


def reopen(problem: Problem, body: ReopenProblem, ctx: ActionContext) -> None:
    """Reopen the problem: it has recurred, or was never removed. An assignee who has left is cleared."""
    return_to_team(problem, ctx)
    incident = ctx.prepared(UnlinkedIncident).incident
    if incident is not None:
        ctx.outcome.add(new_link(problem, LinkKind.causes, incident, ctx))


def cancel(problem: Problem, body: Reason, ctx: ActionContext) -> None:
    """Cancel the problem: it turned out not to be one."""


LIST_FIELDS = ("affected_services", "affected_customers")


def edit(problem: Problem, body: EditProblem, ctx: ActionContext) -> None:
    """Edit the problem's fields."""
    apply_patch(problem, body, ctx, skip=LIST_FIELDS)
    if "affected_services" in body.model_fields_set:
        problem.affected_services = list(dict.fromkeys(body.affected_services))
    if "affected_customers" in body.model_fields_set:
        problem.affected_customers = _team_ids(ctx, "affected_customers")


LINK_INCIDENTS = RelatedCommand(
    action="link",
    field="incidents",
    record=lambda ctx: [incident.row_key for incident in ctx.refs(Ticket, "incidents")],
    body=lambda problem, body: LinkTicket(kind=LinkKind.caused_by, other=str(problem.id)),
)
LINK_RECURRENCE = RelatedCommand(
    action="link",
    field="incident",
    record=lambda ctx: (
        () if (incident := ctx.prepared(UnlinkedIncident).incident) is None else incident.row_key
    ),
    body=lambda problem, body: LinkTicket(kind=LinkKind.caused_by, other=str(problem.id)),
)

DRAFT_ARTICLE = RelatedCommand(
    action="draft",
    field="symptoms",
    record=lambda ctx: (
        stream(Article.KIND, ctx.command.related_id) if ctx.prepared(UndraftedArticle).is_missing else ()
    ),
    body=lambda problem, body: {
        "title": problem.title or problem.number,
        "language": body.language or ("zh" if CHINESE.search(body.symptoms + body.workaround) else "en"),
        "symptoms": body.symptoms,
        "answer": body.workaround,
        "visibility": body.workaround_visibility,
        "case": str(problem.id),
    },
)
#: The states to which identifying the cause may lead: a known error stays one.
CAUSE_KNOWN = Branch(
    state_after_cause_identified,
    (State.cause_identified, State.known_error),
    outcomes={
        State.investigating: (State.cause_identified,),
        State.cause_identified: (State.cause_identified,),
        State.known_error: (State.known_error,),
    },
)
MANAGERS = frozenset({Role.problem_manager})
risk_owner = process_relation(
    "accepted_risk_owner", "the owner of the accepted risk", "已接受风险的负责人", "risk_owner_id"
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="problem", plural="problems", zh="问题", record=Problem, code="PRB",
    face=FACE,
    visible=(to_persons("requester_id", "reported_by_id", "assignee_id", "risk_owner_id"), *to_team_or_desk(), to_services("service")),
    children=(ExternalReference, *CHILDREN),
    lookup=Lookup(
        ended=ENDED,
        searched_fields=("title", "description", "tried", "cause", "symptoms", "workaround", "prevention", "service", "ci", "category"),
    ),
    rules=Rules(derivation=PRIORITY),
    rows=(
        # action        中文          from                                       to                       who                       event
        action(raise_,              "提出",         NEW_RECORD, State.logged, staff | rule, "problem.raised",
               wrong=(checks.incident_named_twice, checks.incident_shows_nothing, invalid_custom_values), related=LINK_INCIDENTS),
        action(investigate,         "开始调查",     [State.logged], State.investigating, problem_manager, "problem.investigation_begun",
               wrong=(checks.cannot_be_investigated,)),
        action(identify_cause,      "确定根因",     [State.investigating, State.cause_identified, State.known_error], CAUSE_KNOWN,
               engineer | assignee, "problem.cause_identified"),
        action(document_workaround, "记录变通方法", [State.investigating, State.cause_identified], State.known_error, engineer | assignee,
               "problem.workaround_documented",
               prepare=(undrafted_article,), related=DRAFT_ARTICLE),
        action(fixes.begin_fix,     "开始修复",     [State.cause_identified, State.known_error], State.fix_in_progress, problem_manager, "problem.fix_begun",
               prepare=(fixes.named_change,), related=fixes.LINK_FIX),
        action(fixes.change_fix,    "改换修复方式", [State.fix_in_progress], STAYS, problem_manager, "problem.fix_changed",
               prepare=(fixes.named_change,), related=fixes.LINK_FIX),
        action(fixes.note_fixing_change_failed, "记录修复变更失败", [State.fix_in_progress], STAYS, rule, "problem.fixing_change_failed",
               notifies=(RecipientRule(NoticeType.fixing_change_failed, field="assignee_id"), RecipientRule(NoticeType.fixing_change_failed, roles=MANAGERS))),
        action(resolve,             "解决",         [State.fix_in_progress], State.resolved, problem_manager, "problem.resolved",
               wrong=(fixes.fixing_change_not_done, fixes.foreign_fix_unproven)),
        action(accept_risk,         "接受风险",     OPEN, State.closed, process_owner.in_person(), "problem.risk_accepted",
               wrong=(checks.until_not_in_future,)),
        action(close,               "关闭",         [State.resolved], State.closed, problem_manager, "problem.closed",
               wrong=(fixes.confirms_own_fix,)),
        action(reopen,              "重新打开",     [State.resolved, State.closed], State.investigating, staff | risk_owner, "problem.reopened",
               prepare=(unlinked_incident, former_assignee), notifies=told_of_reopening(Role.problem_manager),
               wrong=(checks.reopened_without_incident, checks.incident_shows_nothing), related=LINK_RECURRENCE),
        action(cancel,              "取消",         OPEN, State.cancelled, problem_manager, "problem.cancelled"),
        action(lapse_risk,          "风险接受到期", [State.closed], STAYS, rule, "problem.risk_lapsed",
               notifies=(RecipientRule(NoticeType.risk_lapsed, field="risk_owner_id"),)),
        *edit_action(edit, "problem", State, checks.cannot_be_edited),
        *ticket_actions(kind="problem", any=State, open=OPEN, delivered=ENDED, manager=Role.problem_manager),
        *succession_rows("problem", State, named={"risk_owner_id": checks.successor_accepts_no_risk}),
    ),
)
# fmt: on
