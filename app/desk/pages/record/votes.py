"""The reader's votes on a record: those that wait for them, and those that they can still change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.desk.pages.context import Desk
from app.desk.pages.record.vote_sentences import vote_sentence
from app.desk.pages.records import (
    VOTES,
    OfferedAction,
    RecordList,
    RecordView,
    named_in_vote,
    offered_actions,
    read_lists,
)

#: The lists of decisions on a record, and of the votes on these.
DECISIONS, VOTE_LIST = "decisions", "votes"
#: The state of a decision whose votes count.
OPEN_STATE = "open"
#: The action by which a vote is given again.
VOTE = "vote"


@dataclass(frozen=True, slots=True)
class ReaderVotes:
    """The addresses and labels of the forms of votes that wait for the reader, and of those that they have
    cast and can change.
    """

    awaited: Sequence[tuple[str, str]] = ()
    changeable: Sequence[tuple[str, str]] = ()


def without_votes(possible: Sequence[OfferedAction]) -> list[OfferedAction]:
    """Return the actions without votes, which are offered by themselves to those who are asked."""
    return [action for action in possible if action.name not in VOTES]


def reader_votes(
    desk: Desk,
    view: RecordView,
    possible: Sequence[OfferedAction],
    lists: Sequence[RecordList],
    work: Mapping[str, Any] | None,
) -> ReaderVotes:
    """Return the reader's votes on the record, from lists within the record and the reader's work, as far as
    they were read.
    """
    labels = {action.name: action.label for action in possible if action.name in VOTES}
    if not labels or _has_no_open_decision(lists):
        return ReaderVotes()
    waiting = [] if work is None else [*work["votes"], *work["votes_for_others"]]
    awaited = [
        _form(desk, view, vote["action"], labels, named_in_vote(vote), vote["question"])
        for vote in waiting
        if vote["ticket"] == view.record["id"] and vote["action"] in labels and vote["opens_at"] is None
    ]
    return ReaderVotes(awaited, list(_changeable(desk, view, labels, lists)))


async def is_asked_to_vote(desk: Desk, view: RecordView) -> bool:
    """Return whether a vote on the record waits for the reader, or one that they gave can be changed."""
    children = [
        child
        for child in desk.contract.children(view.lifecycle.plural)
        if child.name in (DECISIONS, VOTE_LIST)
    ]
    lists, work = await asyncio.gather(
        read_lists(desk, view, ((child, None) for child in children)),
        desk.calls.read_if_allowed("/v1/me/work"),
    )
    votes = reader_votes(desk, view, list(offered_actions(desk, view)), lists, work)
    return bool(votes.awaited or votes.changeable)


async def vote_about(desk: Desk, view: RecordView, decision: str) -> str:
    """Return the vote on the record that the form is about as a sentence: the one on that decision, or the
    only one that waits for the reader; empty if none does.
    """
    work = await desk.calls.read_if_allowed("/v1/me/work") or {"votes": (), "votes_for_others": ()}
    votes = [*work["votes"], *work["votes_for_others"]]
    votes = [vote for vote in votes if vote["ticket"] == view.record["id"]]
    chosen = [vote for vote in votes if vote["decision"] == decision] or (votes if len(votes) == 1 else [])
    return vote_sentence(desk, chosen[0]) if chosen else ""


def _has_no_open_decision(lists: Sequence[RecordList]) -> bool:
    """Return whether the lists show all decisions on the record, and no open one: no vote waits."""
    return any(
        each.child.name == DECISIONS
        and each.is_complete
        and not any(row["state"] == OPEN_STATE for row in each.items)
        for each in lists
    )


def _changeable(
    desk: Desk, view: RecordView, labels: Mapping[str, str], lists: Sequence[RecordList]
) -> Iterator[tuple[str, str]]:
    rows = {each.child.name: each.rows for each in lists}
    is_open = {row["id"]: row for row in rows.get(DECISIONS, ()) if row["state"] == OPEN_STATE}
    for vote in rows.get(VOTE_LIST, ()) if VOTE in labels else ():
        decision: Mapping[str, Any] | None = is_open.get(vote["decision_id"])
        is_own = (vote.get("person") or {}).get("id") == desk.reader_id
        if decision is not None and is_own and vote["verdict"]:
            named = {"/decision": decision["id"]}
            yield f"{view.path}/{VOTE}?{urlencode(named)}", desk.sentence("change_vote")


def _form(
    desk: Desk,
    view: RecordView,
    action: str,
    labels: Mapping[str, str],
    named: Mapping[str, str],
    question: str,
) -> tuple[str, str]:
    label = desk.sentence("vote_waits", action=labels[action], question=question)
    return f"{view.path}/{action}?{urlencode(named)}", label
