"""The committee's desk: what waits for the reader's vote, with its evidence, and the vote itself; what waits
for others, and why the reader has no vote there; what was decided lately.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_CONTENT

from app.api.authentication.auth import utc_now
from app.api.direct import Router
from app.api.open_actions import action_link
from app.api.pages.sent_forms import SentForm, sent_form
from app.dashboard.addresses import ROOT
from app.dashboard.improvement.evidence import MeasuredEvidence, evidence_of
from app.dashboard.opening import DashboardPage, open_dashboard
from app.desk.names import NAME
from app.desk.pages.context import Desk, require_signed_in
from app.desk.pages.form.key_reasons import reason_against_key
from app.desk.pages.record.vote_sentences import vote_sentence
from app.desk.pages.records import RecordView, lists_within, shown_fields
from app.desk.record_lists import RecordLists
from app.desk.values import ShownField, label_of
from app.foundation.decisions.records import (
    Decision,
    DecisionOutcome,
    DecisionRule,
    VoterLeftOutReason,
    VoteVerdict,
)
from app.kernel.actions.lifecycle import Lifecycle
from app.log.canonical import instant
from app.processes.improvements.records import Improvement

router = Router(prefix=f"{ROOT}/committee", include_in_schema=False)
PATH = f"{ROOT}/committee"
#: So many questions stand on the page with their evidence, and so many of others; the rest is at the desk.
MOST_VOTES, MOST_OTHERS, MOST_DECIDED = 20, 20, 10
PAGE_OF_DECISIONS = "100"
LATELY = timedelta(days=60)
#: Approvals of requests are left out of recent and pending decisions: they are daily work.
NO_COMMITTEE = frozenset({"request"})
#: The inputs of a vote, as the form names them.
INPUTS = ("kind", "record", "action", "decision", "instead_of", "verdict", "comment", "key")
#: The actions that cast a vote.
VOTE, DECIDE = "vote", "decide"


@dataclass(frozen=True, slots=True)
class CastBallot:
    """A vote that was cast: the voter, their verdict in words, the reason, and the deputy who cast it in
    their name (None: they did).
    """

    voter: str
    verdict: str
    comment: str
    cast_by: str | None


@dataclass(frozen=True, slots=True)
class AwaitedVote:
    """A question that waits for the reader's vote. `item` is as the reader's work has it, `listed` as the
    list of decisions has it (None: it is not among them). `absent` is in whose name they vote, if not their
    own; `sentence` says what they decide, `refusal` why they cannot vote now.
    """

    item: Mapping[str, Any]
    view: RecordView
    sentence: str
    kind_label: str
    listed: Mapping[str, Any] | None
    facts: Sequence[ShownField]
    texts: Sequence[ShownField]
    evidence: MeasuredEvidence
    ballots: Sequence[CastBallot]
    absent: str | None
    refusal: str | None
    verdicts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SentVote:
    """A vote that was sent and refused: its inputs, and the problem."""

    inputs: Mapping[str, str]
    problem: Mapping[str, Any]


@router.get("")
async def get_committee_desk(request: Request) -> Response:
    """Return the committee's desk."""
    return await _desk_page(await open_dashboard(request), None)


@router.post("")
async def post_committee_vote(request: Request) -> Response:
    """Cast the vote in the form, and show the remaining questions; or show next to the question what is
    wrong. It is not bound to the record's version: others vote meanwhile, and the question stays the same.
    """
    page = await open_dashboard(request)
    form = await sent_form(request)
    inputs = {name: form.first_value(name) for name in INPUTS}
    lifecycle = page.desk.lifecycle(inputs["kind"])
    record, action = inputs["record"], DECIDE if inputs["action"] == DECIDE else VOTE
    if not NAME.fullmatch(record):
        record = "none"
    if inputs["verdict"] == VoteVerdict.approve and not inputs["comment"].strip():
        view = RecordView(lifecycle, await _record(page.desk, lifecycle, record), page.language)
        if (await _evidence(page, view)).is_against:
            return await _desk_page(page, SentVote(inputs, _reason_missing(page)))
    answer = await page.desk.calls.send(
        "POST",
        action_link(lifecycle, lifecycle[action]).href.replace("{id}", record, 1),
        body=_body(form),
        headers={"idempotency-key": inputs["key"] or page.desk.new_key()},
    )
    if answer.is_success:
        return RedirectResponse(f"{PATH}?view=done", HTTP_303_SEE_OTHER)
    return await _desk_page(page, SentVote(inputs, answer.document))


def _body(form: SentForm) -> dict[str, str]:
    """Return the vote as the action takes it: what is empty is left out."""
    members = {name: form.first_value(name) for name in ("decision", "instead_of", "verdict", "comment")}
    return {name: text for name, text in members.items() if text.strip()}


def _reason_missing(page: DashboardPage) -> Mapping[str, Any]:
    sentence = page.sentence("reason_against_evidence")
    return {"status": HTTP_422_UNPROCESSABLE_CONTENT, "title": sentence, "detail": "", "errors": []}


async def _desk_page(page: DashboardPage, sent: SentVote | None) -> Response:
    """Return the page, with the refusal of the sent vote next to its question."""
    desk = page.desk
    work, listed = await asyncio.gather(desk.calls.read("/v1/me/work"), _open_decisions(page))
    items = [item for item in (*work["votes"], *work["votes_for_others"]) if item["opens_at"] is None]
    items.sort(key=lambda item: item["due_at"])
    by_id = {decision["id"]: decision for decision in listed}
    votes = [await _awaited(page, item, by_id.get(item["decision"])) for item in items[:MOST_VOTES]]
    awaited = {item["decision"] for item in items}
    committees = [
        decision
        for decision in listed
        if decision["id"] not in awaited and decision["kind"] not in NO_COMMITTEE
    ]
    voted_elsewhere = [(decision, await _no_vote(page, decision)) for decision in committees[:MOST_OTHERS]]
    is_beside = sent is not None and any(vote.item["decision"] == sent.inputs["decision"] for vote in votes)
    return page.answer(
        "improvement/committee.html",
        page.sentence("title_committee"),
        status=200 if sent is None else sent.problem["status"],
        path=PATH,
        votes=votes,
        left_off=len(items) - len(votes),
        others=voted_elsewhere,
        more_others=len(committees) - len(voted_elsewhere),
        decided=await _decided(page),
        sent=sent,
        is_beside=is_beside,
        is_done=sent is None and desk.request.query_params.get("view") == "done",
        now=instant(utc_now()),
    )


async def _open_decisions(page: DashboardPage) -> list[Mapping[str, Any]]:
    parameters = {"limit": PAGE_OF_DECISIONS}
    decisions = (await page.desk.calls.read("/v1/decisions", parameters))["items"]
    mine = {**parameters, "waits_for": "me"}
    waiting = (await page.desk.calls.read("/v1/decisions", mine))["items"]
    return list({decision["id"]: decision for decision in [*waiting, *decisions]}.values())


async def _awaited(
    page: DashboardPage, item: Mapping[str, Any], listed: Mapping[str, Any] | None
) -> AwaitedVote:
    desk, lifecycle = page.desk, page.desk.lifecycle(item["kind"])
    view = RecordView(lifecycle, await _record(desk, lifecycle, item["ticket"]), page.language)
    named = await desk.names.replaced(lifecycle, view.record)
    fields = list(desk.display.fields(named, shown_fields(desk, lifecycle)))
    offer = next((each for each in view.record["actions"] if each["action"] == item["action"]), None)
    absent = None
    if item["instead_of"] is not None:
        person = await desk.calls.read_if_allowed(f"/v1/persons/{item['instead_of']}")
        absent = page.sentence("somebody") if person is None else str(person["name"])
    return AwaitedVote(
        item=item,
        view=view,
        sentence=vote_sentence(desk, item),
        kind_label=desk.kind_label(item["kind"]),
        listed=listed,
        facts=[field for field in fields if not field.is_long],
        texts=[field for field in fields if field.is_long],
        evidence=await _evidence(page, view),
        ballots=await _ballots(page, view, item["decision"]),
        absent=absent,
        refusal=reason_against_key(desk, lifecycle[item["action"]]) if offer is None else offer["reason"],
        verdicts=[
            (verdict.value, verdict.label(page.language))
            for verdict in VoteVerdict
            if verdict is not VoteVerdict.abstain or item["action"] == VOTE
        ],
    )


async def _record(desk: Desk, lifecycle: Lifecycle[Any], name: str) -> Mapping[str, Any]:
    record: Mapping[str, Any] = await desk.calls.read(f"/v1/{lifecycle.plural}/{name}")
    return record


async def _evidence(page: DashboardPage, view: RecordView) -> MeasuredEvidence:
    is_improvement = view.lifecycle.kind == Improvement.KIND
    return await evidence_of(page, view.record) if is_improvement else MeasuredEvidence()


async def _ballots(page: DashboardPage, view: RecordView, decision: str) -> list[CastBallot]:
    """Return the votes so far on the decision."""
    votes = await lists_within(page.desk, view).all_rows_if_allowed("votes")
    return [
        CastBallot(
            _name(page, vote["person"]),
            label_of(VoteVerdict, vote["verdict"], page.language),
            vote["comment"] or "",
            None if vote["cast_by"] is None else _name(page, vote["cast_by"]),
        )
        for vote in votes
        if vote["decision_id"] == decision and vote["verdict"] is not None
    ]


def _name(page: DashboardPage, person: Mapping[str, Any]) -> str:
    """Return what a person is called; of one who was erased nothing is left."""
    return str(person["name"] or page.sentence("somebody"))


async def _no_vote(page: DashboardPage, decision: Mapping[str, Any]) -> str:
    """Return why the reader has no vote on the decision, in a sentence."""
    me = str(require_signed_in(page.desk.request).person_id)
    if any(voter["person"]["id"] == me for voter in decision["voted"]):
        return page.sentence("has_voted")
    plural = page.desk.lifecycle(decision["kind"]).plural
    lists = RecordLists(page.desk.calls, page.desk.contract, plural, decision["about"])
    rows = await lists.all_rows_if_allowed("decisions")
    row = next((row for row in rows if row["id"] == decision["id"]), None)
    for left_out in (row or {}).get("left_out") or ():
        if left_out["person"] == me:
            reason = label_of(VoterLeftOutReason, left_out["because"], page.language)
            return page.sentence("kept_apart", reason=reason)
    if decision["rule"] == DecisionRule.chair and decision["chair"] is not None:
        return page.sentence("chair_decides", name=_name(page, decision["chair"]))
    return page.sentence("not_asked")


async def _decided(page: DashboardPage) -> list[tuple[Mapping[str, Any], str]]:
    """Return what was decided lately, the latest first, each with its outcome in words."""
    kinds = [
        kind
        for kind, lifecycle in page.desk.lifecycles.items()
        if Decision in lifecycle.children and kind not in NO_COMMITTEE
    ]
    chosen = {
        "state": "taken",
        "kind": ",".join(kinds),
        "due_after": instant(utc_now() - LATELY),
        "limit": PAGE_OF_DECISIONS,
    }
    decisions = (await page.desk.calls.read("/v1/decisions", chosen))["items"]
    decisions.sort(key=lambda decision: decision["closed_at"], reverse=True)
    return [
        (decision, label_of(DecisionOutcome, decision["outcome"], page.language))
        for decision in decisions[:MOST_DECIDED]
    ]
