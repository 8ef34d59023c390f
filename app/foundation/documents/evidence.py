"""Documents as evidence: their numbers in payloads, of our register or of other systems.

A document of the register counts if the caller may see it, if it is in force, if it belongs to the matter,
and if it is not older than the question. Documents elsewhere are named apart, so that a mistyped number of
ours is never taken for one of theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from app.common.records import Record
from app.foundation.documents.lookups import registered_document, since_recorded
from app.foundation.documents.records import DocumentClass, DocumentState
from app.foundation.own_numbers import begins_like_ours, folded_number
from app.foundation.process_names import PROCESS_KINDS, process_named
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import BoundedList, OutsideNumber
from app.kernel.actions.refusals import WrongValue
from app.kernel.named_evidence import EvidenceQuestion, NamedEvidence
from app.log.events import kind_of
from app.platform.db import Row

#: States of a document that is no longer in force.
WITHDRAWN = (DocumentState.superseded, DocumentState.archived, DocumentState.destroyed)
#: Fields that two records of one matter have in common.
MATTERS = ("process", "service")
_ELSEWHERE = DemandedText(letters=1, is_number=True)


class RegisteredDocuments(NamedEvidence):
    """Marks a field of numbers or ids of documents in the register. `since` returns the time of the question,
    before which the document must not have been published; the record's own documents may be older.
    `own`: these count; a record's own proposal is not the standard that follows from it. A document has to
    be in effect now, or by the `effective_at` of the payload; `ahead`: it may take effect at any time, as
    people are trained before it does. `or_elsewhere`: a text that has not the form
    of our numbers is the number or the address of a document elsewhere. `standing`: classes of documents
    that may be older than the question, if they are in force for the record's service and their review is
    not overdue, as an operations manual is. `of_process`: a document for all processes is no evidence of
    work on the record's process, and with `of_service` one without a service none of work on its service.
    """

    def __init__(
        self,
        since: Callable[[Any, Any], datetime | None] | None = None,
        *,
        own: bool = True,
        of_process: bool = False,
        of_service: bool = False,
        ahead: bool = False,
        or_elsewhere: bool = False,
        standing: Collection[DocumentClass] = (),
    ) -> None:
        self.since, self.own, self.ahead, self.or_elsewhere = since, own, ahead, or_elsewhere
        self.of_process, self.of_service, self.standing = of_process, of_service, frozenset(standing)

    async def kept_numbers(self, question: EvidenceQuestion, field: str, names: Sequence[str]) -> list[str]:
        """Return the numbers of the documents. Raises WrongValue if a name is of no document that the caller
        may see (`unknown_reference`), or neither number nor address (`no_number`), of one that is not in
        force (`document_not_in_force`), of another matter (`document_of_other_matter`) or of none where it
        needs the process or service (`document_names_no_process`, `document_names_no_service`), the
        record's own where those do not count (`own_document`), or older than the question
        (`document_too_old`), unless it stands for the service; then its review must not be overdue
        (`document_review_overdue`).
        """
        several = len(names) > 1 or not isinstance(getattr(question.body, field), str)
        numbers: list[str] = []
        for n, name in enumerate(names):
            pointer = f"/{field}/{n}" if several else f"/{field}"
            if self.or_elsewhere and not begins_like_ours(name):
                if _ELSEWHERE.fault(name) is not None:
                    raise WrongValue(pointer=pointer, because="no_number")
                numbers.append(name)
                continue
            number = await self.checked_number(question, name, pointer)
            if number in numbers:
                raise WrongValue(pointer=f"/{field}", because="each_once")
            numbers.append(number)
        return numbers

    async def checked_number(self, question: EvidenceQuestion, name: str, pointer: str) -> str:
        """Return the number of one document, or raise WrongValue as `kept_numbers` does."""
        entry = await document_in_force(question, name, pointer)
        number = str(entry["number"])
        words = {"number": number}
        if entry["stream"] == question.record.row_key:
            if not self.own:
                raise WrongValue(words, pointer=pointer, because="own_document")
            return number
        kind = kind_of(entry["stream"])
        source = await question.reads.record(kind, entry["stream"].removeprefix(f"{kind}/"))
        effective_at = None if source is None else getattr(source.record, "effective_at", None)
        needed_at = getattr(question.body, "effective_at", None) or question.now
        if not self.ahead and effective_at is not None and effective_at > needed_at:
            because = "document_takes_effect_later"
            raise WrongValue({**words, "effective_at": effective_at}, pointer=pointer, because=because)
        # Another release or improvement has not done the work that is to be shown.
        is_of_another = self.since is not None and kind == question.record.KIND
        is_of_another = is_of_another and entry["document_class"] not in self.standing
        if source is None or is_of_another or not _is_of_matter(question, source.record):
            raise WrongValue(words, pointer=pointer, because="document_of_other_matter")
        if self.of_process and _matter(question.record, "process") and not _matter(source.record, "process"):
            raise WrongValue(words, pointer=pointer, because="document_names_no_process")
        since = None if self.since is None else self.since(question.record, question.body)
        if since is not None:
            since = await since_recorded(question.reads, question.record.row_key, since)
        if since is not None and entry["published_at"] < since:
            if entry["document_class"] not in self.standing or not _is_for_service(question, source.record):
                raise WrongValue({**words, "since": since}, pointer=pointer, because="document_too_old")
            review_due_at = getattr(source.record, "review_due_at", None)
            if review_due_at is not None and review_due_at <= question.now:
                overdue = {**words, "since": review_due_at}
                raise WrongValue(overdue, pointer=pointer, because="document_review_overdue")
        if self.of_service and _matter(question.record, "service") and not _matter(source.record, "service"):
            raise WrongValue(words, pointer=pointer, because="document_names_no_service")
        return number


async def document_in_force(question: EvidenceQuestion, name: str, pointer: str) -> Row:
    """Return the entry of the register with that number or id. Raises WrongValue if the caller sees no such
    document (`unknown_reference`), or one that is not in force (`document_not_in_force`).
    """
    entry = await registered_document(question.reads, name, _id(name))
    if entry is None or not question.is_visible(entry["stream"], entry["audience"] or []):
        words = {"kind": "document", "name": name}
        raise WrongValue(words, pointer=pointer, because="unknown_reference")
    if entry["published_at"] is None or entry["state"] in WITHDRAWN:
        raise WrongValue({"number": str(entry["number"])}, pointer=pointer, because="document_not_in_force")
    return entry


class ExternalNumbers(NamedEvidence):
    """Marks a field of numbers that documents have in other systems."""

    async def kept_numbers(self, question: EvidenceQuestion, field: str, names: Sequence[str]) -> list[str]:
        """Return the numbers. Raises WrongValue if one has the form of our numbers (`number_of_ours`), or is
        named twice (`each_once`).
        """
        several = not isinstance(getattr(question.body, field), str)
        for n, name in enumerate(names):
            if begins_like_ours(name):
                pointer = f"/{field}/{n}" if several else f"/{field}"
                raise WrongValue({"name": name}, pointer=pointer, because="number_of_ours")
        if len({folded_number(name) for name in names}) < len(names):
            raise WrongValue(pointer=f"/{field}", because="each_once")
        return list(names)


#: Numbers of documents in other systems, next to a field of documents in the register.
ExternalDocuments = Annotated[tuple[OutsideNumber, ...], BoundedList, ExternalNumbers()]


def _is_of_matter(question: EvidenceQuestion, source: Record) -> bool:
    """Return whether the document's record concerns the same process and service, as far as both name one. A
    ticket of a kind that names no process takes documents of its service, or else of its kind's process.
    """
    held = [
        (_matter(question.record, name) or _matter(question.body, name), _matter(source, name))
        for name in MATTERS
    ]
    compared = [ours == theirs for ours, theirs in held if ours is not None and theirs is not None]
    process, kind = _matter(source, "process"), question.record.KIND
    if (
        not compared
        and process
        and kind in PROCESS_KINDS
        and "process" not in type(question.record).model_fields
    ):
        return process == kind
    # A document of its own that names neither is for all of them; a document of a ticket is that ticket's.
    return all(compared) if compared else source.KIND == "document"


def _is_for_service(question: EvidenceQuestion, source: Record) -> bool:
    """Return whether the document's record names the service of the record that it is evidence for."""
    service = _matter(question.record, "service")
    return service is not None and _matter(source, "service") == service


def _matter(holder: object, name: str) -> str | None:
    """Return the process or service that the record or the payload names, if it names one."""
    value = getattr(holder, name, None)
    if not isinstance(value, str):
        return None
    return process_named(value) if name == "process" else value


def _id(name: str) -> UUID | None:
    try:
        return UUID(name)
    except ValueError:
        return None
