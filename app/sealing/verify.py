"""Verification: the whole log is read again, and compared with the stored hashes, with every stored head, and
with heads that were exported to places where they cannot be rewritten.

Only an exported head is evidence against people who may rewrite the database. The stored hashes show *where*
the log differs, as long as they are those of a head; if they were rewritten, too, only the heads before and
after the place are known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from app.platform.db import Connection, fetch_rows
from app.sealing import store
from app.sealing.log_reader import LogReader, LogReading, ReadProgress
from app.sealing.signed_heads import SignedHead, TreeHead, UnreadableHead
from app.sealing.store import SealIdentity

#: So many findings are kept; the rest is counted.
MOST_FINDINGS = 100
BEYOND_THE_LOG = """
select min(position) as first, max(position) as last from log.event where position > %s or position < 1"""


class Discrepancy(StrEnum):
    """Fault of a log, or of its seals."""

    altered = "altered"
    missing = "missing"
    added = "added"
    ends_early = "ends_early"
    not_as_sealed = "not_as_sealed"
    hashes_rewritten = "hashes_rewritten"
    identity_altered = "identity_altered"
    head_altered = "head_altered"
    head_missing = "head_missing"
    head_otherwise = "head_otherwise"
    another_log = "another_log"
    not_signed = "not_signed"
    another_key = "another_key"


@dataclass(frozen=True, slots=True)
class SealFinding:
    """Something that is wrong: at positions from the first to the last, with a head of that number, or with
    the whole (all None).
    """

    discrepancy: Discrepancy
    first: int | None = None
    last: int | None = None
    head: int | None = None


@dataclass(slots=True)
class LogVerification:
    """The outcome: the events that were read, the stored heads, the position up to which the log agrees with
    a stored head (`sealed_up_to`) and with an exported one (`proved_up_to`), and the faults.
    """

    events: int = 0
    heads: int = 0
    sealed_up_to: int = 0
    proved_up_to: int = 0
    finding_count: int = 0
    findings: list[SealFinding] = field(default_factory=list)

    def add(self, finding: SealFinding) -> None:
        """Add something that is wrong, once."""
        if finding in self.findings:
            return
        self.finding_count += 1
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(finding)


async def verify(
    connection: Connection, exported: Sequence[SignedHead] = (), *, progress: ReadProgress | None = None
) -> LogVerification:
    """Verify the log up to where it ends now, in one snapshot."""
    async with connection.transaction():
        await connection.execute(b"set transaction isolation level repeatable read, read only")
        await connection.execute(b"set local statement_timeout = 0")
        await connection.execute(b"set local idle_in_transaction_session_timeout = 0")
        return await verify_snapshot(connection, exported, progress=progress)


async def verify_snapshot(
    connection: Connection, exported: Sequence[SignedHead] = (), *, progress: ReadProgress | None = None
) -> LogVerification:
    """Verify the log as the connection's transaction sees it."""
    outcome = LogVerification()
    identity = await store.find_identity(connection)
    outcome.events = end = await store.log_head(connection)
    stored = await _stored_heads(connection, identity, outcome)
    exported_heads = _exported_heads(exported, stored, identity, outcome)
    if any(finding.discrepancy is Discrepancy.identity_altered for finding in outcome.findings):
        return outcome  # without the secret no hash can be compared
    sealed_up_to = max((head.size for head in stored), default=0)
    blinding = b"" if identity is None else identity.blinding
    sizes = [head.size for head in (*stored, *exported_heads)]
    reading = await LogReader(connection, blinding, end, sizes, sealed_up_to).run(progress)
    for row in await fetch_rows(connection, BEYOND_THE_LOG, (end,)):
        if row["first"] is not None:
            outcome.add(SealFinding(Discrepancy.added, row["first"], row["last"]))
    _conclude(outcome, reading, stored, exported_heads)
    outcome.sealed_up_to = _agreed(reading, stored)
    outcome.proved_up_to = _agreed(reading, exported_heads)
    return outcome


async def _stored_heads(
    connection: Connection, identity: SealIdentity | None, outcome: LogVerification
) -> list[TreeHead]:
    """Return the stored heads that are signed and follow one another, and note the others."""
    heads: list[TreeHead] = []
    before: SignedHead | None = None
    expected = 1
    async for number, signed in store.each_head(connection):
        outcome.heads += 1
        for missing in range(expected, min(number, expected + MOST_FINDINGS)):
            outcome.add(SealFinding(Discrepancy.head_missing, head=missing))
        follows_directly = number == expected
        expected = number + 1
        head = _signed_head(signed)
        if head is None or head.number != number:
            outcome.add(SealFinding(Discrepancy.head_altered, head=number))
            before = None
            continue
        if follows_directly and not _follows(signed, head, before, number):
            outcome.add(SealFinding(Discrepancy.head_altered, head=number))
        if before is not None and head.key != (before.head.next_key or before.head.key):
            outcome.add(SealFinding(Discrepancy.another_key, head=number))
        if not _is_of(head, identity):
            outcome.add(SealFinding(Discrepancy.identity_altered))
        heads.append(head)
        before = signed
    return heads


def _signed_head(signed: SignedHead) -> TreeHead | None:
    """Return the content of the head; None if it is invalid, or not signed by the key that it names."""
    try:
        return signed.head if signed.is_signed() else None
    except UnreadableHead:
        return None


def _follows(signed: SignedHead, head: TreeHead, before: SignedHead | None, number: int) -> bool:
    if number == 1:
        return head.previous is None
    return before is None or (head.previous == before.hash and head.size >= before.head.size)


def _is_of(head: TreeHead, identity: SealIdentity | None) -> bool:
    return identity is not None and (head.installation, head.blinding) == (
        str(identity.installation),
        sha256(identity.blinding).hexdigest(),
    )


def _exported_heads(
    exported: Iterable[SignedHead],
    stored: Sequence[TreeHead],
    identity: SealIdentity | None,
    outcome: LogVerification,
) -> list[TreeHead]:
    """Return the exported heads that are of this log, and note the others."""
    by_number = {head.number: head for head in stored}
    heads = []
    for signed in exported:
        head = signed.head
        if not signed.is_signed():
            outcome.add(SealFinding(Discrepancy.not_signed, head=head.number))
            continue
        if identity is not None and head.installation != str(identity.installation):
            outcome.add(SealFinding(Discrepancy.another_log, head=head.number))
            continue
        if not _is_of(head, identity):
            outcome.add(SealFinding(Discrepancy.identity_altered))
            continue
        if head.number not in by_number:
            outcome.add(SealFinding(Discrepancy.head_missing, head=head.number))
        elif by_number[head.number] != head:
            outcome.add(SealFinding(Discrepancy.head_otherwise, head=head.number))
        heads.append(head)
    return heads


def _agreed(reading: LogReading, heads: Iterable[TreeHead]) -> int:
    """Return the largest size at which the log agrees with one of the heads."""
    return max((head.size for head in heads if reading.roots.get(head.size) == head.root), default=0)


def _conclude(
    outcome: LogVerification, reading: LogReading, stored: Sequence[TreeHead], exported: Sequence[TreeHead]
) -> None:
    """Note the conclusions from the log and the heads."""
    end, covered = outcome.events, max((head.size for head in (*stored, *exported)), default=0)
    if covered > end:
        outcome.add(SealFinding(Discrepancy.ends_early, end + 1, covered))
    for first, last in reading.missing.spans:
        outcome.add(SealFinding(Discrepancy.missing, first, last))
    for first, last in reading.added.spans:
        outcome.add(SealFinding(Discrepancy.added, first, last))
    for first, last in _without(reading.differing.spans, reading.missing.spans):
        # An exported head is stronger evidence than a stored one, which may have been signed again.
        differing = _what_differs(reading, exported, last) or _what_differs(reading, stored, last)
        outcome.add(SealFinding(differing or Discrepancy.altered, first, last))
    for first, last in reading.torn.spans:
        outcome.add(SealFinding(Discrepancy.hashes_rewritten, first, last))
    named = [*reading.differing.spans, *reading.missing.spans]
    for heads in (stored, exported):
        refuted = _first_refuted(reading, heads, end)
        if refuted is not None and not any(
            first <= refuted[1] and last >= refuted[0] for first, last in named
        ):
            outcome.add(SealFinding(Discrepancy.not_as_sealed, *refuted))
            named.append(refuted)


def _what_differs(reading: LogReading, heads: Iterable[TreeHead], position: int) -> Discrepancy | None:
    """Return whether an event was altered, or only its stored hash: then a head agrees with the event. None:
    no head covers it.
    """
    for head in sorted(heads, key=lambda head: head.size):
        if head.size >= position and head.size in reading.roots:
            agrees = reading.roots[head.size] == head.root
            return Discrepancy.hashes_rewritten if agrees else Discrepancy.altered
    return None


def _first_refuted(reading: LogReading, heads: Iterable[TreeHead], end: int) -> tuple[int, int] | None:
    """Return the positions after the last head that the log agrees with, up to the first that it does not."""
    agreed = 0
    for head in sorted(heads, key=lambda head: head.size):
        if head.size > end:
            return None
        if reading.roots[head.size] != head.root:
            return agreed + 1, head.size
        agreed = head.size
    return None


def _without(
    spans: Iterable[tuple[int, int]], other_spans: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return the stretches without the positions of the others; both are in ascending order."""
    left = []
    for first, last in spans:
        begin = first
        for other_first, other_last in other_spans:
            if other_last < begin or other_first > last:
                continue
            if other_first > begin:
                left.append((begin, other_first - 1))
            begin = other_last + 1
        if begin <= last:
            left.append((begin, last))
    return left
