"""Reads of other releases, for checks of evidence."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from app.foundation.own_numbers import digits_of, folded_number
from app.kernel.access.reads import ReadContext, Unguarded
from app.processes.releases.default_stages import MADE_FOR_ONE
from app.processes.releases.records import Release

#: Numbers that stages of other releases have as evidence, among those with the same digits. One that was
#: cancelled or rolled back leaves its documents to the one that replaces it.
EVIDENCE_ELSEWHERE = """
select n.number from fold.release_stage s join fold.release r on s.record = 'release/' || r.id,
  unnest(coalesce(s.external_numbers, '{}') || coalesce(s.document_numbers, '{}')) n(number)
where r.id <> %(release)s and r.state not in ('cancelled', 'rolled_back')
  and regexp_replace(normalize(n.number, NFKC), '[^0-9]', '', 'g') = any(%(digits)s)"""
_GUARD = Unguarded("Of two gates that are passed at once with one document, the log shows both.")
_MADE_FOR_ONE: Final = tuple(document_class.value for document_class in MADE_FOR_ONE)


def is_release_document(number: str) -> bool:
    """Return whether a document of the register is of a class that is made for one release."""
    return number.startswith(_MADE_FOR_ONE)


async def evidence_elsewhere(reads: ReadContext, release: Release, numbers: Collection[str]) -> set[str]:
    """Return those of the numbers, as folded, that are evidence of another release."""
    if not numbers:
        return set()
    digits = [digits_of(number) for number in numbers]
    parameters = {"release": release.id, "digits": digits}
    rows = await reads.rows(EVIDENCE_ELSEWHERE, parameters, guard=_GUARD)
    return {folded_number(row["number"]) for row in rows} & {folded_number(number) for number in numbers}
