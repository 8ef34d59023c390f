"""Tickets that both sides change: the news in a tool's data, and the conflicts between both sides (pure).

A delivery holds the ticket as a whole. Differences from the tool's earlier data are news; our own writes are
known from its responses. If both sides change one field, the later change holds, and the other is kept as a
comment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.common.records import CodeEnum
from app.kernel.histories.imported_case import SNAPSHOT, ImportedCase, digest
from app.kernel.histories.observe import Snapshot
from app.log.events import Recorded
from app.processes.incidents.records import IncidentState

#: The begin of `source_ref` of what a tool answered to a write of ours.
WRITTEN = "written:"
STATUS: Final = "status"
TITLE: Final = "title"
#: Fields that both sides change, by their column.
SHARED: Mapping[str, str] = {TITLE: "title", "priority": "priority", STATUS: "state"}
#: Fields that we write, by their column. The later change of an assignee holds, too; but no comment may
#: keep the name of a person.
WRITTEN_COLUMNS: Mapping[str, str] = {**SHARED, "assignee": "assignee"}
_OF_STATE = frozenset({"hold_reason", "resolution_code", "resolution", "cause"})
_FINISHED = frozenset({IncidentState.closed, IncidentState.cancelled})
#: Columns that are each delivery's own.
_OF_DELIVERY = frozenset({"at", "actor"})
_UNTOLD = object()


@dataclass(frozen=True, slots=True)
class Hearing:
    """Knowledge of a ticket until now: the time of the last delivery, and of the last response to a write of
    ours, the version of each column, and all titles so far.
    """

    heard_at: datetime | None
    written_at: datetime | None
    versions: Mapping[str, int]
    titles: frozenset[str | None]


NOTHING_HEARD: Final = Hearing(None, None, {}, frozenset())


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """Two changes of one field: the values here and there, the one that holds, and the tool's time."""

    field: str
    our_change: str | CodeEnum | None
    their_change: str | CodeEnum | None
    there_holds: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class TicketDifference:
    """The news of a delivery: the snapshot without all else (None: no news), conflicts, and whether the tool
    must be asked, since two deliveries are of one instant.
    """

    snapshot: Snapshot | None
    conflicts: tuple[FieldConflict, ...] = ()
    is_unsure: bool = False


def hearing_of(events: Collection[Recorded], channel: str) -> Hearing:
    """Return the knowledge from the channel's tool about the ticket of these events."""
    heard_at = written_at = None
    versions: dict[str, int] = {}
    titles: set[str | None] = set()
    for event in events:
        if event.source != channel or event.data.get("observed") != SNAPSHOT:
            continue
        # An opening occurred when the tool opened the ticket, which may be long before the delivery's time.
        given_at = event.data["given"].get("at")
        told_at = event.occurred_at if given_at is None else datetime.fromisoformat(given_at)
        heard_at = max(heard_at or told_at, told_at, event.occurred_at)
        if (event.source_ref or "").startswith(WRITTEN):
            written_at = max(written_at or event.occurred_at, event.occurred_at)
        for column in event.data["given"]:
            versions[column] = event.version
        if TITLE in event.data["given"]:
            titles.add(event.data["given"][TITLE])
    return Hearing(heard_at, written_at, versions, frozenset(titles))


def difference(
    case: ImportedCase[Any],
    hearing: Hearing,
    snapshot: Snapshot,
    groups: Mapping[str, str],
    *,
    ours: Collection[str] = (),
    is_answer: bool = False,
    uncertainty: timedelta = timedelta(),
) -> TicketDifference:
    """Return what is news in the snapshot. `groups`: the states that are one for the tool. `ours`: columns
    whose change is our own. `is_answer`: the tool was asked, and has nothing newer. `uncertainty`: the order
    of times that are no further apart is unknown.
    """
    heard_at, told_at = hearing.heard_at, snapshot.occurred_at
    changed = _changed_columns(case, snapshot)
    if is_answer and heard_at is not None and told_at < heard_at:
        told_at = heard_at
        snapshot = snapshot._replace(occurred_at=told_at)
    is_late = heard_at is not None and told_at < heard_at
    is_unsure = heard_at is not None and abs(told_at - heard_at) <= uncertainty and not is_answer
    if is_late and not is_unsure and hearing.written_at is not None and told_at <= hearing.written_at:
        return TicketDifference(None, _overwritten(case, hearing, snapshot))
    if not changed.keys() - _OF_DELIVERY:
        return TicketDifference(None)
    news = _only(case, snapshot, changed, groups, ours)
    if is_unsure:
        # Only the tool knows which of two changes at one instant is the newer one.
        columns = {c: v for c, v in news.columns.items() if c in _OF_DELIVERY}
        unknown = news._replace(fields={}, words={}, state=None, columns=columns, private={})
        return TicketDifference(unknown, _overwritten(case, hearing, snapshot), is_unsure=True)
    if is_late:
        # Newer values at the tool stand in the later deliveries.
        columns = {c: v for c, v in news.columns.items() if c not in case.columns or c in _OF_DELIVERY}
        return TicketDifference(news._replace(columns=columns, private={}))
    conflicts = tuple(
        conflict
        for column, name in SHARED.items()
        if column in changed
        and column not in ours
        and (conflict := _conflict(case, hearing, news, column, name, groups)) is not None
    )
    return TicketDifference(news, conflicts)


def _changed_columns(case: ImportedCase[Any], snapshot: Snapshot) -> dict[str, str | None]:
    """Return the columns with different values from the tool than before, people and times among them."""
    told_columns = case.columns
    changed = {c: v for c, v in snapshot.columns.items() if told_columns.get(c, _UNTOLD) != v}
    return changed | {c: v for c, v in snapshot.private.items() if told_columns.get(c, _UNTOLD) != digest(v)}


def _only(
    case: ImportedCase[Any],
    snapshot: Snapshot,
    changed: Collection[str],
    groups: Mapping[str, str],
    ours: Collection[str],
) -> Snapshot:
    """Return the snapshot with the fields whose columns have changed over there."""
    column_of = {field: column for column, field in case.source.columns.items()}
    told_columns = snapshot.columns.keys() | snapshot.private.keys()

    def is_news(name: str) -> bool:
        column = column_of.get(name, name)
        return (column in changed or column not in told_columns) and column not in ours

    fields = {name: each for name, each in snapshot.fields.items() if is_news(name)}
    words = {name: each for name, each in snapshot.words.items() if is_news(name)}
    state, current = snapshot.state, case.record.state
    is_known = STATUS not in changed or STATUS in ours
    # A ticket that is finished here stays so while the tool calls it by another name of the same.
    if is_known or (state is not None and current in _FINISHED and same_group(groups, state, current)):
        state = None
        fields = {name: each for name, each in fields.items() if name not in _OF_STATE}
        words = {name: each for name, each in words.items() if name not in _OF_STATE}
    return snapshot._replace(fields=fields, words=words, state=state)


def same_group(groups: Mapping[str, str], state: CodeEnum, other_state: CodeEnum | None) -> bool:
    """Return whether the tool does not distinguish the two states."""
    return other_state is not None and groups.get(state.value, state.value) == groups.get(
        other_state.value, other_state.value
    )


def _conflict(
    case: ImportedCase[Any],
    hearing: Hearing,
    news: Snapshot,
    column: str,
    name: str,
    groups: Mapping[str, str],
) -> FieldConflict | None:
    """Return the conflict between the news and a change here that the tool does not have yet, or None."""
    their_change = news.state if name == "state" else news.fields.get(name)
    if their_change is None:
        return None
    since = hearing.versions.get(column, 0)
    made_here = (e for e in case.entries if not e.own and name in e.event_fields)
    # Changes that the tool has already received count even if its clock claims that its news is older.
    changes = [e for e in made_here if e.version > since or e.occurred_at > news.occurred_at]
    if not changes:
        return None
    our_change = getattr(case.record, name)
    if our_change == their_change or (name == "state" and same_group(groups, their_change, our_change)):
        return None
    if name != "state" and our_change == case.columns.get(column):
        return None
    changed_at = max(each.occurred_at for each in changes)
    return FieldConflict(name, our_change, their_change, news.occurred_at >= changed_at, news.occurred_at)


def _overwritten(case: ImportedCase[Any], hearing: Hearing, snapshot: Snapshot) -> tuple[FieldConflict, ...]:
    """Return a value that was set over there just before we wrote a later one."""
    title, told_at = snapshot.columns.get(TITLE), snapshot.occurred_at
    if title is None or title in hearing.titles or title == case.record.title:
        return ()
    if hearing.written_at is None or told_at > hearing.written_at:
        return ()
    if not any(e.occurred_at >= told_at and "title" in e.event_fields for e in case.entries if not e.own):
        return ()
    return (FieldConflict("title", case.record.title, title, False, snapshot.occurred_at),)
