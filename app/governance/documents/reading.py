"""Readings of restricted and secret documents: each is an event on the document's stream, with its reader
(decision 0164).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol
from uuid import UUID

from app.foundation.documents.records import Confidentiality
from app.governance.documents.lifecycle import LIFECYCLE
from app.governance.documents.payloads import ReadDocument
from app.governance.documents.records import ReadingChannel
from app.kernel.actions.context import CommandMetadata
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger


class DeliveredDocument(Protocol):
    """A document of its own, or its entry in the register, which has the same id."""

    id: UUID
    confidentiality: Confidentiality | None


async def note_reading(
    ledger: Ledger,
    metadata: CommandMetadata,
    document: DeliveredDocument,
    channel: ReadingChannel,
    edition: int | None,
) -> None:
    """Append that the caller in `metadata` received the content of the document, unless it is internal. The
    event changes no field of the document, so its version stays.

    Raises a Refusal, or DatabaseGone: then nothing is to be given.
    """
    if document.confidentiality in (None, Confidentiality.internal):
        return
    # The service itself notes it: also of those who may change nothing, as auditors.
    caller = replace(metadata.caller, is_rule=True)
    body = ReadDocument(channel=channel, edition=edition)
    command = Command(LIFECYCLE, LIFECYCLE["read"], str(document.id), body, replace(metadata, caller=caller))
    await perform(ledger, command)
