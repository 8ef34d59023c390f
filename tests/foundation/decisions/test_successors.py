"""Whoever gets the post of a voter who has left takes the seat, by every shipped rule that names posts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from app.common.people import Caller, Role, rule_caller
from app.foundation.decisions.actions import NotAVoter
from app.foundation.decisions.approval_rules import electors
from app.foundation.decisions.approval_rules.definition import Electors
from app.foundation.decisions.approval_rules.posts import seated_holders
from app.foundation.decisions.approval_rules.records import ElectorRelation
from app.foundation.decisions.approval_rules.shipped import SHIPPED
from app.foundation.decisions.payloads import RecuseVoter
from app.foundation.people.records import Team, TeamKind
from app.foundation.people.teams import AddTeam, EditTeam
from app.kernel.ledger import Ledger
from app.processes.incidents.records import Incident
from tests.foundation.decisions.deciding import ask, asked_persons, told, vote
from tests.foundation.decisions.test_leavers import leave, of_decision, settle
from tests.people import act, add_caller

#: The rules by which people are asked as holders of a post.
OF_POSTS = [
    key
    for key, rule in SHIPPED.items()
    if any(source.relation is not None for source in rule.definition.voters)
]
WITH_OTHERS = [key for key in OF_POSTS if SHIPPED[key].definition.otherwise]


class Posts:
    """Three teams whose leads hold the posts that a rule names, and people whom it asks otherwise."""

    def __init__(self, ledger: Ledger, desk: Caller, incident: Incident) -> None:
        self.ledger, self.desk, self.incident = ledger, desk, incident
        self.teams: list[Team] = []
        self.leads: list[Caller] = []
        self.others: set[UUID | None] = set()
        self.decision = UUID(int=0)

    async def fill(self) -> None:
        """The posts have holders."""
        for n in range(3):
            lead = await add_caller(self.ledger, f"Lead {n}", Role.agent)
            body = AddTeam(key=f"team-{n}", name="The team", kind=TeamKind.internal, lead=str(lead.person_id))
            done = await act(self.ledger, rule_caller("tests"), "team", "add", body=body)
            self.teams.append(done.record)
            self.leads.append(lead)

    async def ask(self, key: str) -> None:
        """The question is put by the terms of the rule, whose posts are those of the three leads."""
        rule = SHIPPED[key].definition
        for source in rule.otherwise:
            assert source.role is not None
            self.others |= {(await add_caller(self.ledger, "Other", source.role)).person_id for _ in range(2)}
        left_out = {"conditions", "voters", "if_unanswered", "remind_before_seconds", "calendar"}
        terms: dict[str, Any] = rule.model_dump(mode="json", exclude=left_out)
        relations = [source.model_dump(mode="json") for source in rule.voters if source.relation]
        self.decision = await ask(
            self.ledger, self.desk, self.incident, [], due_at=None, voters=relations[:1], **terms
        )
        assert await self.asked() == {lead.person_id for lead in self.leads}

    async def name(self, n: int, by: Caller | None = None) -> Caller:
        """Somebody new gets the post."""
        successor = await add_caller(self.ledger, f"Successor {n}", Role.agent)
        body = EditTeam.model_validate({"lead": str(successor.person_id)})
        await act(self.ledger, by or rule_caller("tests"), "team", "edit", self.teams[n].id, body)
        return successor

    async def recuse(self, n: int) -> None:
        body = RecuseVoter(decision=self.decision, reason="I am to carry it out.")
        await act(self.ledger, self.leads[n], "incident", "recuse", self.incident.id, body)

    async def asked(self) -> set[UUID]:
        return await asked_persons(self.ledger, self.decision)

    async def row(self) -> dict[str, Any]:
        return await of_decision(self.ledger, self.decision)


@pytest.fixture
async def posts(deciding: Ledger, desk: Caller, incident: Incident, monkeypatch: pytest.MonkeyPatch) -> Posts:
    """The three leads stand for the posts of every relation."""
    lead_posts = Posts(deciding, desk, incident)
    await lead_posts.fill()

    async def naming(*_: Any) -> list[str]:
        return [team.row_key for team in lead_posts.teams]

    async def related(reads: Any, _: Any, source: Electors, opening: Any, now: Any) -> electors.Voters:
        if source.relation is None:
            return await by_source(reads, _, source, opening, now)
        streams: Sequence[str] = await naming()
        leads = await seated_holders(reads, streams, "lead_id", opening)
        return dict.fromkeys(leads.values(), electors.Seat())

    by_source = electors._named_by
    monkeypatch.setattr(electors, "_naming", naming)
    monkeypatch.setattr(electors, "_FIELDS", dict.fromkeys(ElectorRelation, "lead_id"))
    monkeypatch.setattr(electors, "_named_by", related)
    return lead_posts


@pytest.mark.parametrize("key", OF_POSTS)
async def test_successors_take_the_seats_of_those_who_have_left(posts: Posts, key: str) -> None:
    await posts.ask(key)
    quorum = (await posts.row())["quorum"]
    early = await posts.name(0)
    await settle(posts.ledger)
    assert early.person_id not in await posts.asked(), "as long as the holder can vote"
    for n in range(2):
        await leave(posts.ledger, posts.leads[n])
    await settle(posts.ledger)
    assert early.person_id in await posts.asked()
    late = await posts.name(1)
    await settle(posts.ledger)
    row = await posts.row()
    assert late.person_id in await posts.asked()
    assert (row["state"], row["quorum"]) == ("open", quorum)
    assert (await told(posts.ledger, posts.incident))[-1] == "votes_recounted"
    await vote(posts.ledger, late, posts.incident, posts.decision)


async def test_only_the_present_holder_votes_for_a_post_once_its_former_holder_is_back(posts: Posts) -> None:
    await posts.ask("process_change")
    successor = await posts.name(0)
    await leave(posts.ledger, posts.leads[0])
    await settle(posts.ledger)
    await act(posts.ledger, rule_caller("tests"), "person", "activate", posts.leads[0].person_id)
    await settle(posts.ledger)
    assert successor.person_id in await posts.asked()
    with pytest.raises(NotAVoter):
        await vote(posts.ledger, posts.leads[0], posts.incident, posts.decision)
    for voter in (successor, *posts.leads[1:]):
        await vote(posts.ledger, voter, posts.incident, posts.decision)
    row = await posts.row()
    assert (row["outcome"], row["voters"]) == ("approved", 3)


async def test_a_successor_whom_a_party_has_named_gets_no_seat(posts: Posts, requester: Caller) -> None:
    await posts.ask("process_change")
    await leave(posts.ledger, posts.leads[0])
    named_by_party = await posts.name(0, by=requester)
    await settle(posts.ledger)
    assert named_by_party.person_id not in await posts.asked()


@pytest.mark.parametrize("key", [key for key in WITH_OTHERS if SHIPPED[key].definition.rule == "unanimous"])
async def test_no_post_of_a_unanimous_vote_stays_silent_once_its_holder_has_left(
    posts: Posts, key: str
) -> None:
    await posts.ask(key)
    await leave(posts.ledger, posts.leads[0])
    await settle(posts.ledger)
    assert await posts.asked() >= posts.others
    for lead in posts.leads[1:]:
        await vote(posts.ledger, lead, posts.incident, posts.decision)
    assert (await posts.row())["state"] == "open"


@pytest.mark.parametrize(
    ("key", "leaves_first"), [*((key, True) for key in WITH_OTHERS), ("process_change", False)]
)
async def test_others_are_asked_once_leavers_and_recusals_together_are_more_than_half(
    posts: Posts, key: str, leaves_first: bool
) -> None:
    await posts.ask(key)
    if leaves_first:
        await leave(posts.ledger, posts.leads[0])
        await settle(posts.ledger)
        await posts.recuse(1)
    else:
        await posts.recuse(1)
        await leave(posts.ledger, posts.leads[0])
        await settle(posts.ledger)
    assert await posts.asked() >= posts.others
    assert (await posts.row())["state"] == "open"


@pytest.mark.parametrize("key", [key for key in OF_POSTS if SHIPPED[key].definition.rule == "unanimous"])
async def test_fewer_than_half_of_those_who_are_named_approve_nothing_together(
    posts: Posts, key: str
) -> None:
    """Nobody else can be asked here."""
    await posts.ask(key)
    for other in posts.others:
        await act(posts.ledger, rule_caller("tests"), "person", "deactivate", other)
    await vote(posts.ledger, posts.leads[2], posts.incident, posts.decision)
    await posts.recuse(1)
    await leave(posts.ledger, posts.leads[0])
    await settle(posts.ledger)
    assert (await posts.row())["outcome"] == "lapsed"
