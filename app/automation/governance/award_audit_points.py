"""Gives points for findings, incomplete self-checks, late summaries and late changes of processes, and
withdraws those of findings that are withdrawn.

Points follow from the event and from the rules of points that the log had before it, so a recount by the log
gives the same result.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from app.foundation.audit_points.audit_points import GiveAuditPoint
from app.foundation.audit_points.lookups import points_about, tariff_at
from app.foundation.audit_points.records import AuditPoint, PointBasis, PointPart
from app.governance.audits.records import Audit
from app.governance.findings.lookups import findings_repeating
from app.governance.findings.records import Finding
from app.governance.process_changes.records import ProcessChange
from app.kernel.access.reads import load
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log import read
from app.log.events import Recorded, id_of, kind_of, stream

FINDING_RAISED, FINDING_WITHDRAWN = "finding.raised", "finding.withdrawn"


@dataclass(frozen=True, slots=True)
class Award:
    """Reason for a person's points, in a part: a number of days or items, or one finding."""

    basis: PointBasis
    part: PointPart
    person_id: UUID
    times: int = 1


def awards_of_finding(fields: Mapping[str, Any], earlier: Finding | None) -> Iterator[Award]:
    """Yield what a finding that was raised with these fields gives points for: nothing if the team had found
    it itself. `earlier` is the finding that it repeats, if any: the person concerned repeats only what they
    had done themselves.
    """
    if fields["self_found"]:
        return
    for part in PointPart:
        person = fields.get(f"{part}_id")
        if person is None:
            continue
        repeats = earlier is not None and (part is not PointPart.person or str(earlier.person_id) == person)
        yield Award(PointBasis.repeated if repeats else PointBasis(fields["kind"]), part, UUID(person))


def awards_of_audit(audit: Audit, fields: dict[str, Any]) -> Iterator[Award]:
    """Yield what an event of the audit that sets these fields gives points for: the items that its self-check
    lacks, and the days that its summary is late.
    """
    lacking, late_days = len(fields.get("incomplete_items") or ()), fields.get("late_days") or 0
    supervisor = audit.self_checked_by_id or audit.supervisor_id
    if lacking and supervisor is not None:
        yield Award(PointBasis.self_check_incomplete, PointPart.supervisor, supervisor, lacking)
    if late_days and audit.head_id is not None:
        yield Award(PointBasis.summary_late, PointPart.head, audit.head_id, late_days)


def awards_of_proposal(head: UUID | None, fields: dict[str, Any]) -> Iterator[Award]:
    """Yield what an application with these fields gives points for: the days that it came late after the
    finding of a team with that head.
    """
    days = fields.get("proposal_late_days") or 0
    if days and head is not None:
        yield Award(PointBasis.proposal_late, PointPart.head, head, days)


def awards_of_change(change: ProcessChange, fields: dict[str, Any]) -> Iterator[Award]:
    """Yield what an event of the change that sets these fields gives points for: the days that its reviewer
    was late, those that the heads of its teams have decided it late, and those that it was published later
    than that.
    """
    reviewed_late = fields.get("review_late_days") or 0
    if reviewed_late and change.reviewed_by_id is not None:
        reviewer = change.reviewed_by_id
        yield Award(PointBasis.decision_late, PointPart.supervisor, reviewer, reviewed_late)
    days = fields.get("decision_late_days") or 0
    basis, part = PointBasis.decision_late, PointPart.supervisor
    if not days:
        # The days before review and decision have given points to those who reviewed and decided.
        days = fields.get("publication_late_days") or 0
        days -= (change.review_late_days or 0) + (change.decision_late_days or 0)
        basis, part = PointBasis.publication_late, PointPart.head
    for head in change.head_ids or () if days > 0 else ():
        yield Award(basis, part, UUID(head), days)


async def award_audit_points(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the points that follow from the event, or the end of those that it takes back."""
    if event.type == FINDING_WITHDRAWN:
        for record in await points_about(ledger.db, event.stream):
            yield RuleConsequence(AuditPoint.KIND, "withdraw", record.id, EmptyPayload(), record.version)
        async for consequence in _repeats_no_more(ledger, event):
            yield consequence
        return
    for award in await _awards(ledger, event):
        about = uuid5(event.id, f"{award.basis}:{award.part}")
        if kind_of(event.stream) == ProcessChange.KIND:  # several heads have one part
            about = uuid5(about, str(award.person_id))
        body = await _points_of(ledger, award, event)
        if body is not None:
            yield RuleConsequence(AuditPoint.KIND, "give", None, body, about=about)


async def _points_of(ledger: Ledger, award: Award, event: Recorded) -> GiveAuditPoint | None:
    """Return the points for the event, by the rule at that time, or None."""
    tariff = await tariff_at(ledger.db, award.basis, event.position)
    points = tariff.points_for(award.part) * award.times
    if not points:
        return None
    return GiveAuditPoint(
        person=str(award.person_id),
        part=award.part,
        basis=award.basis,
        points=points,
        times=award.times,
        about=event.stream,
        counted_at=event.occurred_at,
    )


async def _repeats_no_more(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the recounted points of findings that repeated the withdrawn one, where they differ."""
    for finding, earlier_id in await findings_repeating(ledger.db, id_of(event.stream)):
        name = stream(Finding.KIND, finding.id)
        raised = (await read.stream_events(ledger.db, name))[0]
        earlier = await _finding(ledger, earlier_id)
        due = {award.part: award for award in awards_of_finding(raised.set_fields, earlier)}
        for record in await points_about(ledger.db, name):
            assert record.part is not None
            award = due[record.part]
            if record.basis is award.basis:
                continue
            yield RuleConsequence(AuditPoint.KIND, "withdraw", record.id, EmptyPayload(), record.version)
            body = await _points_of(ledger, award, raised)
            if body is not None:
                about = uuid5(event.id, f"{finding.id}:{award.basis}:{award.part}")
                yield RuleConsequence(AuditPoint.KIND, "give", None, body, about=about)


async def _finding(ledger: Ledger, finding_id: UUID | None) -> Finding | None:
    if finding_id is None:
        return None
    loaded = await load(ledger.db, ledger.lifecycles[Finding.KIND], str(finding_id))
    return None if loaded is None else loaded.record


async def _awards(ledger: Ledger, event: Recorded) -> list[Award]:
    if event.type == FINDING_RAISED:
        repeats_id = event.set_fields.get("repeats_id")
        earlier = await _finding(ledger, None if repeats_id is None else UUID(repeats_id))
        return list(awards_of_finding(event.set_fields, earlier))
    loaded = await load(ledger.db, ledger.lifecycles[kind_of(event.stream)], str(id_of(event.stream)))
    if loaded is None:
        return []
    if isinstance(loaded.record, ProcessChange):
        head = await _head_of_finding(ledger, loaded.record)
        proposal = awards_of_proposal(head, event.set_fields)
        return [*proposal, *awards_of_change(loaded.record, event.set_fields)]
    return list(awards_of_audit(loaded.record, event.set_fields))


async def _head_of_finding(ledger: Ledger, change: ProcessChange) -> UUID | None:
    """Return the head of the team whose finding has led to the change; None: no finding has."""
    if change.origin is None or kind_of(change.origin) != Finding.KIND:
        return None
    finding = await _finding(ledger, id_of(change.origin))
    return None if finding is None else finding.head_id


RULE = Rule(
    "award_audit_points",
    (
        *(FINDING_RAISED, FINDING_WITHDRAWN, "audit.countersigned", "audit.concluded"),
        *(
            "process_change.applied",
            "process_change.reviewed",
            "process_change.approved",
            "process_change.refused",
        ),
        # The outcome had one type of event before approvals and refusals had types of their own.
        *("process_change.decided", "process_change.published"),
    ),
    award_audit_points,
)
