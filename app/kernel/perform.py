"""What happens when somebody acts, top to bottom. The only way in which a record changes, besides `observe`.

It decides on what it has read, without a lock, and hands the log a value that says what that was. If
something of it has moved by then, the log refuses, and it is decided again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.records import empty
from app.common.tickets import Ticket
from app.kernel import dating
from app.kernel.bodies import Body
from app.kernel.constraints import declared, refusal
from app.kernel.decide import Decided, decide, said_of_priority
from app.kernel.directory import VAULT
from app.kernel.given_work import let_see
from app.kernel.guards import allow, keep_apart, not_now, prepare_and_check
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Action, Lifecycle, Second
from app.kernel.look import Loaded, Look
from app.kernel.moment import Context, Moment
from app.kernel.named import resolve, visible
from app.kernel.refusals import Busy, Changed, Forbidden, NotFound, NotNow, Refusal, WrongValue
from app.kernel.sealing import Removals, Rows, keys
from app.kernel.visibility import audience
from app.log.events import Event, id_of, kind_of
from app.log.ids import uuid7
from app.log.writer import Command, Once, Rejected, Stale, Written

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """What makes a repetition known: the way that the command came, the client's key, and a hash (hex) of it
    all.
    """

    route: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants done: a row of a table, on the record of that name; of a record that the row makes,
    the id that it is to have (None: a new one).

    `if_match` are the versions of which the caller believes that the record has one.
    """

    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    name: str | None
    body: Body
    context: Context
    if_match: frozenset[int] | None = None
    key: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """An action that was carried out: the record after it, its event, and where the log has it.

    `audience` are the tokens of those who may see the record from now on.
    """

    record: Any
    event: Event
    written: Written
    audience: frozenset[str]


async def perform(ledger: Ledger, act: Act) -> Done:
    """Carries it out. Raises a Refusal, writer.Repeated if its key was used before, or DatabaseGone."""
    with contextlib.suppress(Stale):
        return await _attempt(ledger, act)
    # Those that were overtaken take turns: all at once they would only overtake each other again.
    async with ledger.turn(act.lifecycle.kind, act.name):
        for _ in range(ATTEMPTS - 1):
            # A person may have been erased meanwhile; what is cached of them is not to be relied on.
            ledger.vault.forget()
            ledger.directory.forget_what_is_set()
            with contextlib.suppress(Stale):
                return await _attempt(ledger, act)
    raise Busy()


@dataclass(frozen=True, slots=True)
class _Part:
    """What a command comes to on one stream, by which act. `record` is its record as it was, `before` are the
    tokens of those who could see it. `pointer` is where the body names it, if it is not the command's own.
    """

    act: Act
    record: Any
    at: Moment
    decided: Decided
    event: Event
    rows: Rows
    removals: Removals
    before: frozenset[str]
    after: frozenset[str]
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class _Whole:
    """A command that is decided: its parts, the last one on the record's own stream, and what was read."""

    act: Act
    parts: list[_Part]
    last: _Part
    reads: dict[str, int]


async def _attempt(ledger: Ledger, act: Act) -> Done:
    whole = await _whole(ledger, act)
    try:
        written = await ledger.writer.write(_command([whole]))
    except Rejected as error:
        raise _refused(whole, error) or error from error
    return _done(ledger, whole, written)


def _refused(whole: _Whole, error: Rejected) -> Refusal | Stale | None:
    """What comes of the constraint that the database names; None: no part of the command declares it."""
    for part in whole.parts:
        violation = declared(part.act, error.constraint or "")
        if violation is None:
            continue
        answer = refusal(violation, part.act, part.record)
        if isinstance(answer, Refusal) and part.pointer is not None:
            return _refused_there(answer, whole.act, part.pointer)
        return answer
    return None


async def _whole(ledger: Ledger, act: Act) -> _Whole:
    look = Look(ledger.db, ledger.lifecycles, ledger.directory)
    first = await _part(ledger, look, act, uuid7())
    parts = [first]
    if act.row.then is not None and (following := act.row.then(first.decided.record, first.at)) is not None:
        parts.append(await _following(ledger, look, act, first, *following))
    last = parts[-1]  # on the record's own stream
    parts += await _seconds(ledger, look, act, first)
    return _Whole(act, parts, last, look.reads)


def _command(wholes: Sequence[_Whole]) -> Command:
    """What is written for these, all of it or nothing."""
    parts = [part for whole in wholes for part in whole.parts]
    reads = {name: version for whole in wholes for name, version in whole.reads.items()}
    return Command(
        # Of two parts on one stream the first says what was read.
        reads=reads | {part.event.stream: part.event.version - 1 for part in reversed(parts)},
        events=tuple(part.event for part in parts),
        rows=tuple(row for part in parts for row in (*part.rows, *part.decided.rows)),
        removals=tuple(gone for part in parts for gone in (*part.removals, *part.decided.removals)),
        audiences={p.event.stream: tuple(sorted(p.after)) for p in parts if p.after != p.before},
        once=tuple(once for w in wholes if (once := _once(w.act, w.last.event)) is not None),
    )


def _done(ledger: Ledger, whole: _Whole, written: Written) -> Done:
    kinds = {kind_of(part.event.stream) for part in whole.parts}
    ledger.heard({*kinds, *(VAULT for part in whole.parts if part.removals)})
    if (record := whole.last.decided.record).appended_at is None:  # a field of its own has changed
        record.appended_at = written.recorded_at
    return Done(record, whole.parts[0].event, written, whole.last.after)


@dataclass
class NotAll(Exception):
    """Of several commands that were to be carried out together at least one is refused: none is. By its place
    among them, why each of those is refused that are.
    """

    refused: dict[int, Refusal]


async def perform_all(ledger: Ledger, acts: Sequence[Act]) -> list[Done]:
    """Carries all of them out in one command of the log, or none: each is decided on what there was before
    all of them. So no two may be about the same record, nor one about what another looks at.

    Raises NotAll, writer.Repeated if a key was used before, or DatabaseGone.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            ledger.vault.forget()
            ledger.directory.forget_what_is_set()
        with contextlib.suppress(Stale):
            return await _attempt_all(ledger, acts)
    raise NotAll(dict.fromkeys(range(len(acts)), Busy()))


async def _attempt_all(ledger: Ledger, acts: Sequence[Act]) -> list[Done]:
    wholes: list[_Whole] = []
    refused: dict[int, Refusal] = {}
    for n, act in enumerate(acts):
        try:
            wholes.append(await _whole(ledger, act))
        except Refusal as refusal:
            refused[n] = refusal
    if refused := refused or _in_each_others_way(wholes):
        raise NotAll(refused)
    try:
        written = await ledger.writer.write(_command(wholes))
    except Rejected as error:
        # Which of those that declare it has violated it the constraint does not say.
        violated = {n: answer for n, whole in enumerate(wholes) if (answer := _refused(whole, error))}
        if stale := next((answer for answer in violated.values() if isinstance(answer, Stale)), None):
            raise stale from error
        refused = {n: answer for n, answer in violated.items() if isinstance(answer, Refusal)}
        raise NotAll(refused) if refused else error from error
    return [_done(ledger, whole, written) for whole in wholes]


def _in_each_others_way(wholes: Sequence[_Whole]) -> dict[int, Refusal]:
    """Those that write what another of them writes or has looked at, or that look at it. Raises Stale if two
    have looked at one stream and it moved in between.
    """
    writers: dict[str, set[int]] = {}
    readers: dict[str, set[int]] = {}
    versions: dict[str, int] = {}
    for n, whole in enumerate(wholes):
        for part in whole.parts:
            writers.setdefault(part.event.stream, set()).add(n)
        for name, version in whole.reads.items():
            readers.setdefault(name, set()).add(n)
            if versions.setdefault(name, version) != version:
                raise Stale()
    concerned = (by | readers.get(name, set()) for name, by in writers.items())
    crowded = {n for places in concerned if len(places) > 1 for n in places}
    return {n: WrongValue(pointer="", because="in_anothers_way") for n in sorted(crowded)}


async def _part(ledger: Ledger, look: Look, act: Act, command_id: UUID, *, follows: bool = False) -> _Part:
    """Decides for the act's own record. `follows`: it follows from another command."""
    loaded = await _load(ledger, look, act)
    record = loaded.record
    if act.if_match is not None and record.version not in act.if_match:
        raise Changed(more={"version": record.version})
    allow(act, record, ledger.role_labels)
    at = moment(ledger, loaded, act.context, occurred_at=dating.occurred_at(act, record))
    at.command_id, at.follows = command_id, follows
    if act.row.second is not None:
        at.second_id = uuid7()
    behalf = await resolve(ledger, look, act, at, record)
    keep_apart(act, record, behalf)
    await prepare_and_check(look, act, record, at)
    if isinstance(record, Ticket) and all(said_of_priority(act.body)):
        at.matrix = await look.priority_matrix()
    if act.row.opens and act.lifecycle.code is not None:
        at.number = await ledger.numbers.next(act.lifecycle.code, act.context.now)
    return await _decided(ledger, look, act, loaded, at, behalf)


async def _decided(
    ledger: Ledger, look: Look, act: Act, loaded: Loaded[Any], at: Moment, behalf: UUID | None
) -> _Part:
    """What it comes to, when nothing forbids it."""
    record = loaded.record
    if act.row.document is not None and (of_class := act.row.document(record)) is not None:
        at.document_number = await ledger.numbers.document(of_class, act.context.now)
    seal, rows, removals = await keys(ledger, look, act, at, record, behalf)
    version = loaded.stream_version + 1
    decided = decide(act.lifecycle, act.row, record, act.body, at, version=version, seal=seal)
    await let_see(ledger, act.lifecycle, decided, at, version=version)
    dating.not_before_the_last_change(act, record, decided)
    event = _event(act, decided, version, at.occurred_at, behalf)
    after = audience(act.lifecycle, decided.record, at.audience, made=at.made, removed=at.removed)
    return _Part(act, record, at, decided, event, rows, removals, at.audience, after)


async def _following(ledger: Ledger, look: Look, act: Act, first: _Part, action: str, said: Body) -> _Part:
    """Decides what follows at once from the first event, on the record as that one leaves it. Nobody does it
    for themselves: who may, and whose duties are apart, was asked of whoever gave rise to it. Its checks are.
    """
    body = said.model_copy(update={"occurred_at": act.body.occurred_at})
    after = Act(act.lifecycle, act.lifecycle[action], act.name, body, act.context)
    record = first.decided.record
    loaded = Loaded(record, first.event.version, sorted(first.after))
    if not after.row.comes_from(record.state):
        raise not_now(after, record, "not_in_this_state")
    at = moment(ledger, loaded, act.context, occurred_at=first.at.occurred_at)
    at.command_id = first.at.command_id
    at.follows = True
    await resolve(ledger, look, after, at, record)
    await prepare_and_check(look, after, record, at)
    return await _decided(ledger, look, after, loaded, at, None)


async def _seconds(ledger: Ledger, look: Look, act: Act, first: _Part) -> list[_Part]:
    """Decides for the other records that the command is about, if there are any, each by the row of its own
    table. What forbids it there is wrong with naming it here.
    """
    second = act.row.second
    if second is None:
        return []
    named = second.record(first.at)
    # What is made by this command is there for what is said to the others.
    look.made[first.event.stream] = Loaded(first.decided.record, first.event.version, sorted(first.after))
    parts: list[_Part] = []
    for n, name in enumerate([named] if isinstance(named, str) else named):
        assert name != first.event.stream, "two events of one command are on two streams"
        other = _on_another(ledger, act, second, first, name)
        pointer = f"/{second.field}" if isinstance(named, str) else f"/{second.field}/{n}"
        try:
            part = await _part(ledger, look, other, first.at.command_id, follows=True)
        except (NotFound, Forbidden, NotNow) as refused:
            raise _refused_there(refused, act, pointer) from refused
        parts.append(replace(part, pointer=pointer))
        if second.goes_on:
            parts += await _seconds(ledger, look, other, part)
    return parts


def _refused_there(refused: Refusal, act: Act, pointer: str) -> WrongValue:
    """What another record is refused is wrong with naming it here."""
    words = {"why": refused.sentence(act.context.language)}
    return WrongValue(words, pointer=pointer, because="refused_there")


def _on_another(ledger: Ledger, act: Act, second: Second, first: _Part, name: str) -> Act:
    """What the command says to that record."""
    lifecycle = ledger.lifecycles[kind_of(name)]
    row = lifecycle[second.action]
    said = second.body(first.decided.record, act.body)
    body = row.body.model_validate(said) if isinstance(said, dict) else said
    body = body.model_copy(update={"occurred_at": act.body.occurred_at})
    return Act(lifecycle, row, str(id_of(name)), body, act.context)


def moment(
    ledger: Ledger, loaded: Loaded[Any], context: Context, *, occurred_at: datetime | None = None
) -> Moment:
    """The moment of the context, at that record."""
    return Moment(
        context.caller,
        occurred_at or context.now,
        ledger.settings.reopen_days,
        context.now,
        frozenset(loaded.audience),
        zone=ledger.numbers.zone,
        login_issuer=ledger.settings.oidc_issuer,
    )


async def _load(ledger: Ledger, look: Look, act: Act) -> Loaded[Any]:
    if act.row.opens:  # what a command makes besides has its id from there
        record_id = uuid7() if act.name is None else UUID(act.name)
        return Loaded(empty(act.lifecycle.record, record_id), 0, [])
    assert act.name is not None
    loaded = await look.record(act.lifecycle.kind, act.name)
    if loaded is None or not visible(ledger, act.lifecycle, act.context.caller, loaded.audience):
        raise NotFound()
    return loaded


def _event(act: Act, decided: Decided, version: int, occurred_at: datetime, behalf: UUID | None) -> Event:
    context = act.context
    return Event(
        id=uuid7(),
        stream=decided.record.row_key,
        version=version,
        type=act.row.event_in(getattr(decided.record, "state", None)),
        occurred_at=occurred_at,
        staff_only=decided.staff_only,
        actor=context.caller.actor,
        credential=None if context.caller.key_id is None else f"key:{context.caller.key_id}",
        on_behalf_of=None if behalf is None else f"person:{behalf}",
        correlation_id=context.correlation_id,
        causation_id=context.causation_id,
        source=context.source,
        source_ref=context.source_ref,
        data=decided.data,
    )


def _once(act: Act, event: Event) -> Once | None:
    if act.key is None:
        return None
    return Once(
        principal=act.context.caller.actor,
        route=act.key.route,
        key=act.key.key,
        fingerprint=act.key.fingerprint,
        stream=event.stream,
        version=event.version,
        status=201 if act.row.opens else 200,
    )
