"""Values that actions on audits load beforehand: what the log knows of the month, and the last draw."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import Any
from uuid import UUID

from app.conformance.lookups import IrregularCases, irregular_cases
from app.foundation.months import end_of_month, start_of_month
from app.governance.audits.lookups import (
    EVENT_AT,
    CaseIrregularity,
    CaseSelection,
    irregularities,
    path_irregularities,
    selected_cases,
)
from app.governance.audits.records import Audit, AuditDraw, SelfCheckEntry, SelfCheckItem
from app.kernel.access.kinds import RecordKind
from app.kernel.access.reads import ReadContext, Reading, Unguarded
from app.kernel.actions.actor_policy import Relation
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Lifecycle

AS_OF_POSITION = Unguarded(
    "It is read as of a position of the log, before which nothing changes; what conformance knows is kept in "
    "the event, with the position of its facts."
)
#: Fields that name the person who opened a case.
OPENER_FIELDS = frozenset({"applicant_id", "author_id", "proposed_by_id", "raiser_id", "requester_id"})
#: Conformance result without cases.
NO_CASES = IrregularCases((), None, 0)


@dataclass(frozen=True, slots=True)
class LogKnowledge:
    """The log's knowledge of a month: its cases, their irregularities, and the findings of conformance."""

    selection: CaseSelection
    cases: Sequence[str]
    irregular: Sequence[CaseIrregularity]
    by_path: IrregularCases

    @property
    def by_rule(self) -> dict[str, int]:
        """Return the number of cases in which each rule has found something."""
        pairs = {(irregularity.rule.value, irregularity.about) for irregularity in self.irregular}
        return dict(Counter(rule for rule, _ in sorted(pairs)))

    @property
    def irregular_cases(self) -> int:
        """Return the number of cases in which something is irregular."""
        return len({irregularity.about for irregularity in self.irregular})


def selection_of(audit: Audit, zone: tzinfo, position: int) -> CaseSelection:
    """Return the selection of the audit's cases as of that position of the log."""
    assert audit.month is not None
    assert audit.process is not None
    assert audit.team_id is not None
    begin, end = start_of_month(audit.month, zone), end_of_month(audit.month, zone)
    return CaseSelection(audit.process, audit.team_id, begin, end, position)


_VOTING = frozenset({Relation.voter, Relation.chair})


def approval_events(kind: Lifecycle[Any]) -> list[str]:
    """Return the types of events by which somebody judges a case that they may not have opened: by a vote, or
    by an action that is kept from the person who opened it. Requesters accept what they asked for: that is
    kept from those who have made it, and no approval of one's own.
    """
    rows = [
        row
        for row in kind.rows
        if row.policy.relations & _VOTING
        or any(not OPENER_FIELDS.isdisjoint(duty.fields) for duty in row.checks.segregate_from)
    ]
    return sorted({event for row in rows for event in row.events})


async def know_by_log(
    read: Reading, kinds: Mapping[str, RecordKind[Any]], selection: CaseSelection
) -> LogKnowledge:
    """Return what the log knows of the selected cases, by whatever `read` reads."""
    cases = await selected_cases(read, kinds, selection)
    if not cases:
        return LogKnowledge(selection, (), (), NO_CASES)
    kind, position = kinds[selection.process], selection.position
    assert isinstance(kind, Lifecycle)
    by_path = await irregular_cases(
        read, kinds, selection.process, selection.begin, selection.end, team_id=selection.team_id
    )
    irregular = [
        *await irregularities(read, kind, approval_events(kind), cases, position),
        *await path_irregularities(read, kind, cases, by_path, position),
    ]
    # A misfit that both have found is listed once, by the step of the path.
    by_place = {(each.about, each.position, each.rule): each for each in irregular}
    return LogKnowledge(selection, cases, [by_place[place] for place in sorted(by_place)], by_path)


async def log_knowledge(reads: ReadContext, audit: Audit, body: object, ctx: ActionContext) -> LogKnowledge:
    """Find what the log knows of the audit's month by now."""
    selection = selection_of(audit, ctx.settings.zone, await reads.head())
    return await know_by_log(partial(reads.rows, guard=AS_OF_POSITION), reads.lifecycles, selection)


@dataclass(frozen=True, slots=True)
class HeadEvent:
    """The id of the newest event in the log, at the position as of which the cases are read."""

    id: UUID


async def head_event(reads: ReadContext, audit: Audit, body: object, ctx: ActionContext) -> HeadEvent:
    """Find the newest event in the log."""
    position = ctx.prepared(LogKnowledge).selection.position
    event_id: UUID | None = await reads.value(EVENT_AT, (position,), guard=AS_OF_POSITION)
    assert event_id is not None, "the audit itself was opened by an event"
    return HeadEvent(event_id)


@dataclass(frozen=True, slots=True)
class SelfCheckEntries:
    """The entries of the audit's self-check."""

    entries: Sequence[SelfCheckEntry]

    def lacking(self, audit: Audit, log: LogKnowledge) -> list[SelfCheckItem]:
        """Return the items that are missing, or contradict the log."""
        named = {entry.item for entry in self.entries}
        if audit.submitted_at is None:
            return list(SelfCheckItem)
        lacking = [] if audit.runs == len(log.cases) else [SelfCheckItem.runs]
        if SelfCheckItem.measures not in named:
            lacking.append(SelfCheckItem.measures)
        if log.irregular and SelfCheckItem.deviations not in named:
            lacking.append(SelfCheckItem.deviations)
        return lacking


async def self_check(reads: ReadContext, audit: Audit, body: object, ctx: ActionContext) -> SelfCheckEntries:
    """Find the entries of the audit's self-check."""
    return SelfCheckEntries(await reads.children(SelfCheckEntry, audit))


@dataclass(frozen=True, slots=True)
class LastDraw:
    """The items that the last draw of the audit found incomplete."""

    incomplete_items: frozenset[SelfCheckItem]


async def last_draw(reads: ReadContext, audit: Audit, body: object, ctx: ActionContext) -> LastDraw:
    """Find the last draw of the audit."""
    draws = sorted(await reads.children(AuditDraw, audit), key=lambda draw: draw.id)
    items = draws[-1].incomplete_items if draws else None
    return LastDraw(frozenset(map(SelfCheckItem, items or ())))
