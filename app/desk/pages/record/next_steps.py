"""What a record waits for, in sentences: an open vote, a second person's agreement, or the next action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from app.api.authentication.auth import ledger_of
from app.api.state_words import AWAITS_AGREEMENT, REVISION, awaits_agreement
from app.desk.pages.context import Desk
from app.desk.pages.record.placed_actions import SENDS_BACK
from app.desk.pages.record.votes import DECISIONS, OPEN_STATE, VOTE_LIST
from app.desk.pages.records import AGREE, OfferedAction, RecordList, RecordView
from app.html.filters import moment
from app.i18n.entries import joined
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.lifecycle import Action
from app.log.canonical import from_instant

#: Sentences on what applies until a second person has agreed, where they differ from the usual one.
UNTIL_AGREED = {"catalogue_item": "until_agreed_item", "approval_rule": "until_agreed_rule"}
#: Those who act by themselves and are no people.
AUTOMATIC_RELATIONS = frozenset({Relation.rule, Relation.decision})
#: The most people whom a sentence names.
MOST_NAMED = 5


def next_step(
    desk: Desk, view: RecordView, offered: Sequence[OfferedAction], lists: Sequence[RecordList]
) -> str | None:
    """Return the sentence on what comes next with the record, for readers who can do nothing about it now:
    what they wait for, or who acts. While a vote is open, that is the vote, and not the step that began it.
    """
    if awaits_agreement(view.record):
        return None
    if (vote := open_vote(desk, lists)) is not None:
        return vote
    row = awaited_step(view)
    if row is None:
        return None
    label, reason = row.label(desk.language), {each.name: each.reason for each in offered}.get(row.name)
    if reason:
        return desk.sentence("next_step_waits", action=label, reason=reason)
    outstanding = list(_people_to_act(view, row.name))
    actors = joined(outstanding, desk.language) if outstanding else _roles_in_words(desk, row)
    return desk.sentence("next_step_by", action=label, who=actors)


def awaited_step(view: RecordView) -> Action[Any, Any] | None:
    """Return the action by which anybody carries the record on: the first that the face names for
    the state, else the first of the table that leads on; None if people do nothing more.
    """
    face, lifecycle = view.lifecycle.face, view.lifecycle
    state = next((state for state in lifecycle.states if state.value == view.record.get("state")), None)
    if state is None:
        return None
    possible = [row for row in lifecycle.rows if row.is_open_in(state) and _is_of_people(row)]
    named = face.primary.get(state.value, ())
    leading = [row for row in possible if row.name in named]
    leading += [
        row
        for row in possible
        if not row.stays and row.name not in SENDS_BACK and not face.is_dangerous(row.name)
    ]
    return next(iter(leading), None)


def agreement_note(desk: Desk, view: RecordView, events: Mapping[str, Any] | None) -> str | None:
    """Return who must agree to the record, or to its revision, since when, and what applies until then; None
    if nothing waits for a second person. `events` are those of the record, None if the reader may not see
    them.
    """
    row = next((row for row in view.lifecycle.rows if row.name == AGREE), None)
    if row is None or not awaits_agreement(view.record):
        return None
    actors = _roles_in_words(desk, row)
    set_at, author = _setting(view, events)
    language, zone = desk.language, desk.display.zone
    asks = (
        desk.sentence("agreement_waits", who=actors)
        if set_at is None
        else desk.sentence("agreement_waits_since", who=actors, since=_time(set_at, zone))
    )
    apart = desk.sentence("agreement_apart", person=author or desk.sentence("agreement_author"))
    until = desk.sentence(UNTIL_AGREED.get(view.lifecycle.kind, "until_agreed"))
    return ("" if language == "zh" else " ").join((asks, apart, until))


def _setting(view: RecordView, events: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """Return when somebody set what a second person must agree to, and their name, as far as it is known."""
    items = [] if events is None else events["items"]
    for event in sorted(items, key=lambda each: each["position"], reverse=True):
        fields = event["set"].get(view.stream) or {}
        if fields.get(AWAITS_AGREEMENT) or fields.get(REVISION):
            name = (events or {})["names"].get(event["actor"].partition(":")[2])
            return event["recorded_at"], name if isinstance(name, str) else None
    return view.record.get("set_at"), None


def open_vote(desk: Desk, lists: Sequence[RecordList]) -> str | None:
    """Return the sentence on the vote that is open on the record, with those who have yet to vote."""
    items = {each.child.name: each.items for each in lists}
    decision = next((row for row in items.get(DECISIONS, ()) if row["state"] == OPEN_STATE), None)
    if decision is None:
        return None
    waits_for = [
        vote["person"]["name"]
        for vote in items.get(VOTE_LIST, ())
        if vote["decision_id"] == decision["id"] and _is_outstanding(vote)
    ]
    words = {"question": decision["question"], "until": _time(decision["due_at"], desk.display.zone)}
    if not waits_for:
        return desk.sentence("next_step_outcome", **words)
    code = "next_step_votes" if len(waits_for) <= MOST_NAMED else "next_step_votes_and_more"
    names = joined(waits_for[:MOST_NAMED], desk.language)
    return desk.sentence(code, who=names, n=len(waits_for) - MOST_NAMED, **words)


def _is_outstanding(vote: Mapping[str, Any]) -> bool:
    ends = ("verdict", "recused_at", "left_at", "closed_at")
    return not any(vote.get(name) for name in ends) and bool((vote["person"] or {}).get("name"))


def _people_to_act(view: RecordView, action: str) -> Iterator[str]:
    """Yield the names of those whose part of the action is outstanding, if several people do it."""
    for part in view.lifecycle.face.done.get(action, ()):
        person = view.record.get(part.person) or {}
        if not part.is_finished_by(view.record, person.get("id")) and person.get("name"):
            yield person["name"]


def _roles_in_words(desk: Desk, row: Action[Any, Any]) -> str:
    """Return which people may carry out the action."""
    policy = replace(row.policy, relations=row.policy.relations - AUTOMATIC_RELATIONS)
    return policy.phrase(desk.language, ledger_of(desk.request).role_labels)


def _time(instant: str, zone: ZoneInfo) -> str:
    return moment(from_instant(instant), zone)


def _is_of_people(row: Action[Any, Any]) -> bool:
    policy = row.policy
    return bool(policy.roles or policy.relations - AUTOMATIC_RELATIONS)
