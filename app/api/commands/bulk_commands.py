"""Commands of bulk requests and bulk jobs: each is treated as if it had been sent by itself. Without HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from app.api.commands.performing import ActionOutcome, operation_id, perform_idempotently, replay_outcome
from app.api.requests import request_keys
from app.api.requests.etag import versions_of
from app.api.requests.faults import MOST_FAULTS, Fault, fault_of, first_errors, names_at
from app.api.requests.request_keys import BARE_KEY
from app.i18n import Word, translate
from app.kernel.access.reads import ids_of
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import LONGEST_KEY, Patch
from app.kernel.actions.refusals import KeyReused, Refusal, VersionRequired, WrongValue
from app.kernel.commands.batch import BatchRefused, perform_all
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.ledger import Ledger
from app.log.writer import DuplicateCommand
from app.platform.db import DatabaseGone

#: So many items run concurrently: enough for the writer to batch their appends, few enough to leave other
#: requests their turn.
MOST_CONCURRENT = 32


class BulkItem(BaseModel):
    """One action on one record."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    action: str = Field(
        max_length=LONGEST_KEY, description="Name of the action, as in its address: `resolve`."
    )
    id: str | None = Field(
        default=None,
        min_length=1,
        max_length=250,
        description="Record to act on: its id, its number, or its name in another system; null for an action "
        "that "
        "creates a record.",
    )
    body: dict[str, Any] = Field(default_factory=dict, description="Payload of the action.")
    if_match: str | None = Field(
        default=None,
        max_length=255,
        description="Version of the record, as in the header If-Match; required for an edit.",
    )
    idempotency_key: Annotated[str, StringConstraints(pattern=f"^{BARE_KEY}$")] | None = Field(
        default=None,
        description="Key that makes a repetition of this item harmless, as in the header Idempotency-Key.",
    )


@dataclass(frozen=True, slots=True)
class InvalidItem:
    """An item whose values are invalid, with the faults found."""

    faults: list[Fault]


Outcome = ActionOutcome | Refusal | InvalidItem


@dataclass(frozen=True, slots=True)
class BulkCommand:
    """One item with its index in the request, and the idempotency key of the whole request, if it has one."""

    ledger: Ledger
    lifecycle: Lifecycle[Any]
    context: CommandMetadata
    n: int
    item: BulkItem
    key: str | None

    def to_command(self) -> Command | Refusal | InvalidItem:
        """Return the command of the item, or what is wrong with the item."""
        row = self.lifecycle.by_name.get(self.item.action)
        if row is None:
            return self._wrong("/action", "unknown_value", {"value": self.item.action})
        if row.opens != (self.item.id is None):
            because = "extra_forbidden" if row.opens else "missing"
            return self._wrong("/id", because, {"known": "action, body, idempotency_key"})
        if issubclass(row.body, Patch) and self.item.if_match is None:
            return VersionRequired()
        try:
            payload = row.body.model_validate(self.item.body)
        except ValidationError as error:
            return InvalidItem(self._faults(row, error))
        name, versions = self.item.id, versions_of(self.item.if_match)
        return Command(self.lifecycle, row, name, payload, self.context, versions, self._key(row))

    def _faults(self, row: Action[Any, Any], error: ValidationError) -> list[Fault]:
        errors = first_errors(error, self.item.body, row.body.model_validate)[:MOST_FAULTS]
        return [
            fault_of(
                self.context.language,
                {**fault, "loc": ("body", "body", *fault["loc"])},
                names_at([row.body], fault["loc"]),
            )
            for fault in errors
        ]

    def _wrong(self, pointer: str, because: str, words: dict[str, str]) -> InvalidItem:
        message = translate(self.context.language, "value", because, words)
        return InvalidItem([Fault(pointer=pointer, code=because, message=message)])

    def _key(self, row: Action[Any, Any]) -> IdempotencyKey | None:
        """Return the item's idempotency key: its own, or its index under the key of the whole request."""
        own = self.item.idempotency_key
        if own is None and self.key is None:
            return None
        text = json.dumps(self.item.model_dump(exclude={"idempotency_key"}), sort_keys=True)
        fingerprint = self.ledger.vault.fingerprint("command", f"BULK {self.lifecycle.plural}\n{text}")
        route = f"bulk {operation_id(self.lifecycle, row)}"
        if own is not None:
            return IdempotencyKey(route, own, fingerprint)
        return IdempotencyKey(f"bulk_{self.lifecycle.plural}/{self.n}", str(self.key), fingerprint)


async def apply_each(ledger: Ledger, commands: Sequence[BulkCommand]) -> list[Outcome]:
    """Carry out each command by itself; commands on the same record run one after the other, in the order
    sent.
    """
    chains: dict[str | int, list[BulkCommand]] = {}
    for command, which in zip(commands, await targets_of(ledger, commands), strict=True):
        chains.setdefault(which, []).append(command)
    outcomes: dict[int, Outcome] = {}
    turn = asyncio.Semaphore(MOST_CONCURRENT)
    database_gone: BaseExceptionGroup[DatabaseGone] | None = None

    async def run_chain(chain: list[BulkCommand]) -> None:
        async with turn:
            for command in chain:
                outcomes[command.n] = await _apply_one(ledger, command)

    try:
        async with asyncio.TaskGroup() as tasks:
            for chain in chains.values():
                tasks.create_task(run_chain(chain))
    except* DatabaseGone as group:
        database_gone = group
    if database_gone is not None:
        raise DatabaseGone(str(database_gone.exceptions[0])) from database_gone
    return [outcomes[command.n] for command in commands]


async def targets_of(ledger: Ledger, commands: Sequence[BulkCommand]) -> list[str | int]:
    """Return, for each command, what it acts on: the id of the record, by whatever name the item refers to
    it; if the action makes a record, the index of the item.
    """
    if not commands:
        return []
    names = {command.item.id for command in commands if command.item.id is not None}
    ids = await ids_of(ledger.db, commands[0].lifecycle, names)
    return [
        command.n if command.item.id is None else str(ids.get(command.item.id, command.item.id))
        for command in commands
    ]


async def _apply_one(ledger: Ledger, command: BulkCommand) -> Outcome:
    act = command.to_command()
    if not isinstance(act, Command):
        return act
    try:
        return await perform_idempotently(ledger, act)
    except Refusal as refusal:
        return refusal


async def apply_all(ledger: Ledger, commands: Sequence[BulkCommand]) -> list[Outcome]:
    """Carry out all commands, or nothing if one fails. A repetition with the same idempotency keys returns
    the earlier outcomes.
    """
    read = [command.to_command() for command in commands]
    acts = [act for act in read if isinstance(act, Command)]
    quiet = ActionOutcome(None, 0)
    if len(acts) < len(read):
        return [quiet if isinstance(act, Command) else act for act in read]
    try:
        done = await perform_all(ledger, acts)
    except DuplicateCommand:
        return await _replay_outcomes(ledger, acts)
    except BatchRefused as error:
        # An earlier run of this same request may have caused the state that forbids it now.
        keys = [act.key for act in acts if act.key is not None]
        if await request_keys.any_key_used(ledger, commands[0].context.caller.actor, keys):
            return await _replay_outcomes(ledger, acts)
        return [error.refused.get(n, quiet) for n in range(len(acts))]
    return [
        ActionOutcome(command.record, 201 if act.row.opens else 200, command.audience)
        for act, command in zip(acts, done, strict=True)
    ]


async def _replay_outcomes(ledger: Ledger, acts: Sequence[Command]) -> list[Outcome]:
    """Return the earlier outcomes of these commands, by their keys; a command that was not carried out then
    is refused.
    """
    outcomes: list[Outcome] = []
    for act in acts:
        try:
            actor = act.metadata.caller.actor
            earlier = None if act.key is None else await request_keys.find_outcome(ledger, actor, act.key)
            if earlier is None:
                raise KeyReused()
            outcomes.append(await replay_outcome(ledger, act.lifecycle, earlier))
        except Refusal as refusal:
            outcomes.append(refusal)
    return outcomes


def record_stub(outcome: ActionOutcome) -> dict[str, Any]:
    """Return the record after the action as JSON data: id, number, state and version."""
    record = outcome.record
    number = getattr(record, "number", None)
    return {"id": str(record.id), "number": number, "state": record.state.value, "version": record.version}


@dataclass(frozen=True, slots=True)
class RefusalDetails:
    """Why an item is refused: status, code, words for its sentences, further members, and faults."""

    status: int
    code: str
    words: Mapping[str, Word]
    more: dict[str, Any]
    faults: Sequence[Fault] = ()


def refusal_details(outcome: Refusal | InvalidItem, language: str) -> RefusalDetails:
    """Return the details of the refusal, with pointers into the item."""
    faults: list[Fault] = []
    if isinstance(outcome, InvalidItem):
        faults = outcome.faults
    elif isinstance(outcome, WrongValue):
        message = translate(language, "value", outcome.because, outcome.words)
        pointer = f"/body{outcome.pointer}" if outcome.pointer else ""
        faults = [Fault(pointer=pointer, code=outcome.because, message=message)]
    if faults:
        return RefusalDetails(422, "invalid", {"count": str(len(faults))}, {"errors": faults}, faults)
    assert isinstance(outcome, Refusal)
    return RefusalDetails(outcome.STATUS, outcome.code, outcome.words, outcome.more)
