"""The kinds of records that tickets of tools become: incidents and service requests."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.common.records import CodeEnum, codecs
from app.common.tickets import Ticket
from app.kernel.actions.lifecycle import Lifecycle
from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENT
from app.processes.incidents.records import OPEN as OPEN_INCIDENT
from app.processes.incidents.records import IncidentState
from app.processes.requests.lifecycle import LIFECYCLE as REQUEST
from app.processes.requests.records import OPEN as OPEN_REQUEST
from app.processes.requests.records import RequestState
from app.webhooks.mapping.document import FIELDS_OF_INCIDENTS, TICKET_FIELDS


@dataclass(frozen=True)
class MirroredKind:
    """A kind of records. `fields` are those that a tool may send; those `of_ending` are lost when a record is
    opened again. `done` is the state of a record that is finished for its requester.
    """

    lifecycle: Lifecycle[Any]
    fields: tuple[str, ...]
    of_ending: frozenset[str]
    open_states: frozenset[CodeEnum]
    done: CodeEnum
    closed: CodeEnum

    @cached_property
    def columns(self) -> dict[str, str]:
        """The record's field of each sent field."""
        record: type[Ticket] = self.lifecycle.record
        return {name: name if name in codecs(record) else f"{name}_id" for name in self.fields}

    @cached_property
    def texts(self) -> frozenset[str]:
        """The fields that hold words of persons."""
        record: type[Ticket] = self.lifecycle.record
        codec_of = codecs(record)
        return frozenset(name for name in self.fields if name in codec_of and codec_of[name].personal)


KINDS = {
    "incident": MirroredKind(
        INCIDENT,
        TICKET_FIELDS,
        frozenset({"resolution_code", "resolution", "cause"}),
        OPEN_INCIDENT,
        IncidentState.resolved,
        IncidentState.closed,
    ),
    "request": MirroredKind(
        REQUEST,
        tuple(name for name in TICKET_FIELDS if name not in FIELDS_OF_INCIDENTS),
        frozenset(),
        OPEN_REQUEST,
        RequestState.delivered,
        RequestState.closed,
    ),
}
