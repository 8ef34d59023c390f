"""Records that a payload names as evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.common.records import Record
from app.common.state_fields import EvidenceRef
from app.kernel.access.reads import ReadContext
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command
from app.kernel.ledger import Ledger
from app.kernel.named_evidence import EvidenceQuestion, named_evidence
from app.kernel.named_records import is_stream_visible


def require_evidence(mark: EvidenceRef, record: Record, named: Mapping[str, Any]) -> None:
    """Raise WrongValue unless each record, by its pointer, counts as evidence for this record."""
    since = None if mark.since is None else getattr(record, mark.since)
    for pointer, evidence in named.items():
        words: dict[str, Any] = {"number": str(getattr(evidence, "number", None) or evidence.title)}
        done_at = getattr(evidence, mark.done_at)
        if done_at is None:
            raise WrongValue(words, pointer=pointer, because=mark.not_done)
        if since is not None and done_at < since:
            raise WrongValue({**words, "since": since}, pointer=pointer, because="evidence_too_old")


async def with_found_evidence(
    ledger: Ledger, reads: ReadContext, command: Command, record: Record, *, follows: bool
) -> Command:
    """Return the command with the evidence that it names as records keep it. Raises WrongValue for what does
    not count as evidence, if an account sends the command itself.
    """
    if follows or not command.metadata.is_sent:
        return command
    caller = command.metadata.caller
    question = EvidenceQuestion(
        reads,
        record,
        command.body,
        caller,
        command.metadata.now,
        lambda stream, audience: is_stream_visible(ledger, caller, stream, audience),
    )
    numbers: dict[str, Any] = {}
    for field, mark, value in named_evidence(command.body):
        names = await mark.kept_numbers(question, field, (value,) if isinstance(value, str) else value)
        numbers[field] = names[0] if isinstance(value, str) else tuple(names)
    return replace(command, body=command.body.model_copy(update=numbers)) if numbers else command
