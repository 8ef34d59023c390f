"""Benchmark of what waits for people: their work among very many decisions and notices elsewhere, and a vote
among a hundred voters.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from app.common.notices import NoticeType
from app.common.people import Caller, Role, rule_caller
from app.common.tickets import HoldReason
from app.foundation.decisions.approval_rules.lifecycle import AddApprovalRule
from app.foundation.decisions.payloads import CastVote
from app.foundation.decisions.records import VoteVerdict
from app.foundation.people.persons import AddPerson
from app.foundation.people.teams import AddTeam
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.notifications.lifecycle import SendNotice
from app.notifications.records import DeliveryMethod
from app.platform.db import connect
from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from app.processes.changes.payloads import AssessChange, DraftChange, RequestApprovalChange
from app.processes.changes.policies.risk import DEFAULT_QUESTIONNAIRE
from app.processes.changes.records import ChangeType
from app.processes.incidents.payloads import HoldIncident, ReportIncident
from app.ticketing.comments import CommentTicket
from app.ticketing.routes.asked_actions import asked_actions
from app.ticketing.work.assignment import AssignTicket
from app.ticketing.work.work_statements import work_statement_for
from bench.cases import ledger_of
from bench.figures import Figure, Run, latency_ratio
from bench.site import made_token, site

WAITS, VOTE = NAMES = ("what_waits", "vote")
ELSEWHERE, QUICK_ELSEWHERE = 10_000, 1_000
OWN, DONE, TIMES, QUICK_TIMES = 40, 1_000, 60, 10
VOTERS, CHANGES, QUICK_CHANGES = 100, 6, 1
#: The whole board votes, and more than half of it decides.
THE_BOARD = {
    "key": "change_low_risk",
    "decision": "change",
    "name": "Changes of the bench",
    "definition": {"voters": [{"role": "cab_member"}], "rule": "majority", "quorum": VOTERS // 2 + 1},
}
TEAM, LATER = "network", datetime(2190, 1, 1, tzinfo=UTC)
QUESTION = "select id from fold.decision where record = %s"
# Questions that wait for the votes of others, what notices ask of others, and what they asked of the person
# that is done: the notice is of a ticket that is not on hold any more.
MAKE_ELSEWHERE = """
with question as (
  insert into fold.decision
  select (jsonb_populate_record(null::fold.decision,
    to_jsonb(d) || jsonb_build_object('id', gen_random_uuid()))).*
  from (select * from fold.decision where closed_at is null limit 1) as d
  cross join generate_series(1, %(many)s) returning id
), other as (
  insert into fold.vote
  select (jsonb_populate_record(null::fold.vote,
    to_jsonb(v) || jsonb_build_object('id', gen_random_uuid(), 'decision_id', q.id))).*
  from question q cross join (select * from fold.vote where closed_at is null limit 1) as v
)
insert into fold.notice
select (jsonb_populate_record(null::fold.notice, to_jsonb(n) || jsonb_build_object(
  'id', gen_random_uuid(), 'person_id', p.person_id,
  'about', case when p.is_own then 'incident/' || gen_random_uuid() else n.about end))).*
from (select * from fold.notice limit 1) as n
cross join (values (%(me)s::uuid, true, %(done)s), (%(other)s::uuid, false, %(many)s))
  as p(person_id, is_own, many)
cross join generate_series(1, p.many)"""


async def measure(run: Run) -> list[Figure]:
    """Measures a person's work before and after there is much elsewhere, and votes against comments."""
    run.announce("Making an installation with very much that waits for others")
    with site() as installation, embedded_server(installation.data) as server:
        made_token(installation)
        owner = await connect(server.url(DATABASE, SUPERUSER), "-c timezone=UTC -c jit=off")
        try:
            async with ledger_of(installation) as ledger:
                office = _Office(ledger)
                await office.set_up()
                vote = await office.vote(QUICK_CHANGES if run.quick else CHANGES)
                many, times = (QUICK_ELSEWHERE, QUICK_TIMES) if run.quick else (ELSEWHERE, TIMES)
                before = await office.work(times)
                persons = {"me": office.requester.person_id, "other": office.manager.person_id}
                await owner.execute(MAKE_ELSEWHERE.encode(), {"many": many, "done": DONE, **persons})
                await owner.execute(b"vacuum analyze fold.decision, fold.vote, fold.notice")
                return [_waits(many, await office.work(times), before), vote]
        finally:
            await owner.close()


class _Office:
    """Somebody for whom much waits, who sees to it, a change manager, and a board of many."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.rule = rule_caller("bench")
        self.manager: Caller = self.rule
        self.requester: Caller = self.rule
        self.voters: list[Caller] = []

    async def act(
        self, caller: Caller, kind: str, action: str, name: UUID | None, body: Payload | None = None
    ) -> Any:
        lifecycle: Any = self.ledger.lifecycles[kind]
        metadata = CommandMetadata(caller, datetime.now(UTC), "bench", "bench")
        named = None if name is None else str(name)
        command = Command(lifecycle, lifecycle[action], named, body or EmptyPayload(), metadata)
        return await perform(self.ledger, command)

    async def set_up(self) -> None:
        """Makes the people, and tickets that wait for the answers of one of them."""
        await self.act(self.rule, "team", "add", None, AddTeam(key=TEAM, name="Network"))
        managing = (Role.change_manager, Role.agent, Role.engineer)
        self.manager = await self._person("Olga", *managing, teams=(TEAM,))
        self.requester = await self._person("Zhao Min")
        keeper = await self._person("Quirin", Role.quality_manager)
        await self.act(keeper, "approval_rule", "add", None, AddApprovalRule.model_validate(THE_BOARD))
        self.voters = [await self._person(f"Member {n}", Role.cab_member) for n in range(VOTERS)]
        for n in range(OWN):
            await self._wait_for_answer(n)

    async def _person(self, name: str, *roles: Role, teams: tuple[str, ...] = ()) -> Caller:
        body = AddPerson(name=name, teams=teams, roles=tuple(role.value for role in roles))
        made: UUID = (await self.act(self.rule, "person", "add", None, body)).record.id
        return (await self.ledger.directory.callers([made]))[made]

    async def _wait_for_answer(self, n: int) -> None:
        ticket = {"title": f"Mail {n}", "description": "None.", "channel": "portal", "effect": "degraded"}
        ticket |= {"impact": "3", "urgency": "3", "requester": str(self.requester.person_id)}
        made = (
            await self.act(self.manager, "incident", "report", None, ReportIncident.model_validate(ticket))
        ).record.id
        to = AssignTicket(team=TEAM, person=str(self.manager.person_id))
        await self.act(self.manager, "incident", "assign", made, to)
        held = HoldIncident(reason=HoldReason.awaiting_requester)
        event = (await self.act(self.manager, "incident", "hold", made, held)).event
        notice = SendNotice(
            person=str(self.requester.person_id),
            ticket=event.stream,
            steps=(NoticeType.to_answer,),
            versions=(event.version,),
            way=DeliveryMethod.in_app,
        )
        await self.act(self.rule, "notice", "send", None, notice)

    async def work(self, times: int) -> float:
        """Returns the median of the milliseconds that asking for one's work takes."""
        lifecycles = tuple(self.ledger.lifecycles.values())
        work = work_statement_for(self.requester, lifecycles, self.ledger.settings.agents_see)

        async def ask(_: int) -> None:
            now = datetime.now(UTC)
            await self.ledger.db.rows(work.statement, {**work.parameters, "now": now})
            items = await asked_actions(self.ledger, self.requester, "en", now)
            assert len(items) == OWN

        return await _median(times, ask)

    async def vote(self, changes: int) -> Figure:
        """Measures votes of half a board of many, as a ratio to comments on the same changes."""
        waiting = [await self._asked(n) for n in range(changes)]
        cast = [
            (*change_and_decision, voter)
            for change_and_decision in waiting
            for voter in self.voters[: VOTERS // 2 - 1]
        ]

        async def vote(n: int) -> None:
            change, decision, voter = cast[n]
            body = CastVote(decision=decision, verdict=VoteVerdict.approve)
            await self.act(voter, "change", "vote", change, body)

        async def comment(n: int) -> None:
            await self.act(self.manager, "change", "comment", cast[n][0], CommentTicket(text=f"Note {n}."))

        plain = await _median(len(cast), comment)
        took = await _median(len(cast), vote)
        return latency_ratio(VOTE, f"a vote among {VOTERS} voters", took, plain, "a comment on the change")

    async def _asked(self, n: int) -> tuple[UUID, UUID]:
        """Returns a change that waits for the board, and the question."""
        drafted = DraftChange(
            type=ChangeType.normal,
            title=f"Restart {n}",
            reason="It is old.",
            description="It is restarted.",
            services=("mail",),
            no_cis_reason="It is rented.",
            plan="Stop and start it.",
            test_plan="See that it runs.",
            back_out_plan="Restart it again.",
            wanted_from_at=LATER,
            wanted_until_at=LATER + timedelta(hours=1),
            team=TEAM,
        )
        made: UUID = (await self.act(self.manager, "change", "draft", None, drafted)).record.id
        await self.act(self.manager, "change", "submit", made)
        answers = {question.key: question.answers[0].key for question in DEFAULT_QUESTIONNAIRE.questions}
        assessed = AssessChange(risk_answers=answers, effects="None.", resources="One engineer.")
        await self.act(self.manager, "change", "assess", made, assessed)
        await self._ask(made)
        decision: UUID = await self.ledger.db.value(QUESTION, (f"change/{made}",))
        return made, decision

    async def _ask(self, change: UUID) -> None:
        """Asks those who decide: by its rule the whole board."""
        body = RequestApprovalChange(question="Shall it be made?")
        await self.act(self.manager, "change", "request_approval", change, body)


async def _median(times: int, act: Callable[[int], Awaitable[None]]) -> float:
    """Returns the median of the milliseconds that the act takes, one after the other."""
    taken = []
    for n in range(times):
        began = time.perf_counter()
        await act(n)
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken)


def _waits(many: int, took: float, before: float) -> Figure:
    what = (
        f"a person's work with {OWN} requests to them, {DONE:,} that are done, "
        f"and {many:,} open decisions and notices elsewhere"
    )
    return latency_ratio(WAITS, what, took, before, "the same without these")
