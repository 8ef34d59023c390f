"""The reader's votes on a record: those that wait for them, and those that they can still change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from app.desk.forms.fields import FieldChoice, FieldKind
from app.desk.names import NAME
from app.desk.pages.context import Desk
from app.desk.pages.form.screens import ActionScreen
from app.desk.pages.record.vote_sentences import vote_sentence
from app.desk.pages.records import (
    VOTES,
    OfferedAction,
    RecordList,
    RecordView,
    lists_within,
    named_in_vote,
    offered_actions,
    read_lists,
)
from app.i18n import LANGUAGES

#: The lists of decisions on a record, and of the votes on these.
DECISIONS, VOTE_LIST = "decisions", "votes"
#: The state of a decision whose votes count.
OPEN_STATE = "open"
#: The action by which a vote is given again.
VOTE = "vote"
#: Member with the id of the person that a deputy's vote represents. It comes from the form's address, or is
#: chosen, and is never typed.
INSTEAD_OF = "instead_of"
#: So many voters that a deputy of theirs must name one.
SEVERAL = 2


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


async def in_the_name_of(person: str, screen: ActionScreen) -> ActionScreen:
    """Return the form of a vote in the name of that person; if it is empty, in one's own, or in the name of
    one of the voters whose deputy the reader is, if these are several.
    """
    form, view, parameters = screen.form, screen.view, screen.desk.request.query_params
    voter_field = next(
        (field for field in form.fields if field.name == INSTEAD_OF and not field.reference), None
    )
    if voter_field is None:
        return screen
    absent: tuple[FieldChoice, ...] = ()
    if view is not None and f"/{INSTEAD_OF}" not in parameters:
        absent = await _absent_voters(screen.desk, view, screen.row.name, parameters.get("/decision", ""))
    choice = replace(voter_field, kind=FieldKind.choice, choices=absent, required=True)
    fields = [
        choice if field is voter_field else field
        for field in form.fields
        if field is not voter_field or absent
    ]
    preset = {**screen.preset, INSTEAD_OF: person} if person and not absent else screen.preset
    return replace(screen, own_form=replace(form, fields=tuple(fields)), preset=preset)


async def absent_voter(screen: ActionScreen) -> str | None:
    """Return what the person is called in whose name the vote is; None: it is the reader's own, or the form
    asks for that person.
    """
    person: str | None = screen.preset.get(INSTEAD_OF)
    return None if person is None else await _name_of(screen.desk, person)


async def _absent_voters(desk: Desk, view: RecordView, action: str, decision: str) -> tuple[FieldChoice, ...]:
    """Return the voters in whose name the reader can take the action as their deputy, by their names, if
    these are several and the reader has no vote of their own; empty otherwise. `decision` is the one that
    the form is about; empty: any.
    """
    work = await desk.calls.read_if_allowed("/v1/me/work")
    persons = dict.fromkeys(
        vote["instead_of"]
        for vote in (work["votes_for_others"] if work else ())
        if vote["ticket"] == view.record["id"]
        and vote["action"] == action
        and decision in ("", vote["decision"])
    )
    if len(persons) < SEVERAL:
        return ()
    if any(
        (ballot["person"] or {}).get("id") == desk.reader_id and decision in ("", ballot["decision_id"])
        for ballot in await lists_within(desk, view).all_rows_if_allowed(VOTE_LIST)
    ):
        return ()
    names = [(person, await _name_of(desk, person)) for person in persons]
    return tuple(FieldChoice(person, dict.fromkeys(LANGUAGES, name)) for person, name in names)


async def _name_of(desk: Desk, person: str) -> str:
    record = await desk.calls.read_if_allowed(f"/v1/persons/{person}") if NAME.fullmatch(person) else None
    return person if record is None else str(record["name"])


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
        and each.more is None
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
