"""Marks of payload fields that name evidence in other ways than by references to records.

A mark finds what the field names, and refuses what does not count as evidence. Imports, rules and reports of
tools are exempt: they report what was named elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.common.people import Caller
from app.common.records import Record
from app.kernel.access.reads import ReadContext
from app.kernel.actions.payloads import marks


@dataclass(frozen=True, slots=True)
class EvidenceQuestion:
    """The record that needs evidence, the payload, and the caller and time. `is_visible` returns whether the
    caller may see a record by its stream and audience.
    """

    reads: ReadContext
    record: Record
    body: BaseModel
    caller: Caller
    now: datetime
    is_visible: Callable[[str, list[str]], bool]


class NamedEvidence:
    """Marks a payload field whose texts name evidence. Subclasses define which evidence counts."""

    async def kept_numbers(self, question: EvidenceQuestion, field: str, names: Sequence[str]) -> list[str]:
        """Return the names as the record keeps them. Raises WrongValue, with the pointer to the text, if one
        of them names nothing that counts.
        """
        raise NotImplementedError


def named_evidence(body: BaseModel) -> Iterator[tuple[str, NamedEvidence, Any]]:
    """Yield the payload's fields that name evidence, each with its mark and its value."""
    for field, mark in marks(type(body), NamedEvidence).items():
        value = getattr(body, field)
        if value:
            yield field, mark, value
