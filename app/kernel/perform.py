"""What happens when somebody acts, top to bottom. The only way in which a record changes, besides `observe`.

It decides on what it has read, without a lock, and hands the log a value that says what that was. If
something of it has moved by then, the log refuses, and it is decided again.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.common.people import Caller, Role
from app.common.personal import Sealed
from app.common.records import Ticket, empty
from app.kernel.bodies import Body, holds_words, references
from app.kernel.decide import Decided, Seal, decide
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Action, Keys, Lifecycle
from app.kernel.look import Loaded, Look
from app.kernel.moment import Context, Moment
from app.kernel.refusals import Busy, Changed, Forbidden, NotFound, NotNow, PersonErased, WrongValue
from app.kernel.visibility import may_see
from app.log.events import Event
from app.log.ids import uuid7
from app.log.writer import Command, Once, Rejected, Stale, Written

ATTEMPTS = 5
AHEAD = timedelta(seconds=60)
SKEW = timedelta(seconds=60)
# How far back a role may date what happened. Integrations: without limit; everybody else: not at all.
BACK = {Role.agent: timedelta(days=7), Role.engineer: timedelta(days=7), Role.admin: timedelta(days=90)} | {
    role: timedelta(days=90) for role in Role if role.value.endswith("_manager")
}


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
    """What somebody wants done: a row of a table, on the record of that name (None: the row makes one).

    `if_match` is the version that the caller believes the record has.
    """

    lifecycle: Lifecycle[Any]
    row: Action[Any, Any]
    name: str | None
    body: Body
    context: Context
    if_match: int | None = None
    key: IdempotencyKey | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """An action that was carried out: the record after it, its event, and where the log has it."""

    record: Any
    event: Event
    written: Written


async def perform(ledger: Ledger, act: Act) -> Done:
    """Carries it out. Raises a Refusal, writer.Repeated if its key was used before, or DatabaseGone."""
    with contextlib.suppress(Stale):
        return await _attempt(ledger, act)
    # Those that were overtaken take turns: all at once they would only overtake each other again.
    async with ledger.turn(act.lifecycle.kind, act.name):
        for _ in range(ATTEMPTS - 1):
            # A person may have been erased meanwhile; what is cached of them is not to be relied on.
            ledger.vault.forget()
            with contextlib.suppress(Stale):
                return await _attempt(ledger, act)
    raise Busy()


async def _attempt(ledger: Ledger, act: Act) -> Done:
    look = Look(ledger.db, ledger.lifecycles)
    loaded = await _load(ledger, look, act)
    record = loaded.record
    if act.if_match is not None and record.version != act.if_match:
        raise Changed(more={"version": record.version})
    _allow(act, record)
    at = Moment(act.context.caller, _occurred_at(act, record), ledger.settings.reopen_days)
    behalf = await _resolve(ledger, look, act, at)
    for check in act.row.unless:
        because = await check(look, record, act.body, at)
        if because is not None:
            raise _not_now(act, record, because)
    if act.row.opens and act.lifecycle.code is not None:
        at.number = await ledger.numbers.next(act.lifecycle.code, act.context.now)

    seal, rows, removals = await _keys(ledger, look, act, at, record, behalf)
    version = loaded.stream_version + 1
    decided = decide(act.lifecycle, act.row, record, act.body, at, version=version, seal=seal)
    _not_before_the_last_change(act, record, decided)
    event = _event(act, decided, version, at.occurred_at, behalf)
    command = Command(
        reads=look.reads | {event.stream: loaded.stream_version},
        events=(event,),
        rows=(*rows, *decided.rows),
        removals=removals,
        audiences=_audiences(act.lifecycle, decided.record, loaded.audience),
        once=_once(act, event),
    )
    try:
        written = await ledger.writer.write(command)
    except Rejected as error:
        raise _taken(act.lifecycle, error) from error
    ledger.heard({act.lifecycle.kind})
    return Done(decided.record, event, written)


async def _load(ledger: Ledger, look: Look, act: Act) -> Loaded[Any]:
    if act.row.opens:
        return Loaded(empty(act.lifecycle.record, uuid7()), 0, [])
    assert act.name is not None
    loaded = await look.record(act.lifecycle.kind, act.name)
    if loaded is None or not visible(ledger, act.lifecycle, act.context.caller, loaded.audience):
        raise NotFound()
    return loaded


def visible(ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, audience: list[str]) -> bool:
    """Whether the record with that audience exists for the caller."""
    return may_see(caller, lifecycle, audience, agents_see=ledger.settings.agents_see)


def _allow(act: Act, record: Any) -> None:
    if not act.row.comes_from(None if act.row.opens else record.state):
        raise _not_now(act, record, "not_in_this_state")
    if not act.row.who.allows(act.context.caller, record):
        raise Forbidden({"who": act.row.who.phrase(act.context.language)})


def _not_now(act: Act, record: Any, because: str) -> NotNow:
    language = act.context.language
    more = (
        {}
        if act.row.opens
        else {
            "state": record.state.value,
            "allowed_actions": [
                row.name
                for row in act.lifecycle.open_to(record, act.context.caller)
                if row.name != act.row.name  # which a check has just refused
            ],
        }
    )
    state = "" if act.row.opens else record.state.label(language)
    return NotNow({"action": act.row.label(language), "state": state}, more, because=because)


def _occurred_at(act: Act, record: Any) -> datetime:
    """When it happened: as said, within what the role may say, or now.

    A state is not left before it began, and nothing happens to a ticket before it was opened.
    """
    now, said = act.context.now, act.body.occurred_at
    if said is None:
        since = record.state_since if _leaves_a_state(act, record) else record.changed_at
        return now if since is None else max(now, since)
    if said > now + AHEAD:
        raise WrongValue(pointer="/occurred_at", because="in_the_future")
    reach = _reach(act.context.caller)
    if reach is not None and said < now - max(reach, SKEW):
        raise WrongValue({"days": str(reach.days)}, pointer="/occurred_at", because="too_far_back")
    if _leaves_a_state(act, record):
        _not_before(said, record.state_since, "before_this_state")
    elif isinstance(record, Ticket):
        _not_before(said, record.opened_at, "before_it_was_opened")
    return said


def _leaves_a_state(act: Act, record: Any) -> bool:
    return isinstance(record, Ticket) and not act.row.stays


def _not_before_the_last_change(act: Act, record: Any, decided: Decided) -> None:
    """Nothing is set as of a time at which something later was set already. Only what makes rows beside the
    record, as a comment does, may be dated between changes.
    """
    said, changes = act.body.occurred_at, decided.data["set"]
    only_beside = bool(changes) and record.row_key not in changes
    if said is not None and not only_beside and not _leaves_a_state(act, record):
        _not_before(said, record.changed_at, "before_the_last_change")


def _not_before(said: datetime, since: datetime | None, because: str) -> None:
    if since is not None and said < since:
        raise WrongValue({"since": since.isoformat()}, pointer="/occurred_at", because=because)


def _reach(caller: Caller) -> timedelta | None:
    """How far back the caller may date; None: without limit."""
    if caller.is_rule or Role.integration in caller.names:
        return None
    return max((BACK.get(role, timedelta(0)) for role in caller.names), default=timedelta(0))


async def _resolve(ledger: Ledger, look: Look, act: Act, at: Moment) -> UUID | None:
    """Looks up the records that the body names. Gives the person on whose behalf the command is, if any."""
    behalf: UUID | None = None
    for field, mark, names in references(act.body):
        several = not isinstance(getattr(act.body, field), str)
        at.found[field] = [
            await _referred(ledger, look, act, mark.kind, name, f"/{field}/{n}" if several else f"/{field}")
            for n, name in enumerate(names)
        ]
        if mark.on_behalf and at.found[field][0].id != act.context.caller.person_id:
            behalf = at.found[field][0].id
    return behalf


async def _referred(ledger: Ledger, look: Look, act: Act, kind: str, name: str, pointer: str) -> Any:
    caller = act.context.caller
    if name == "me" and kind == "person" and caller.person_id is not None:
        name = str(caller.person_id)
    loaded = await look.record(kind, name)
    if loaded is None or not visible(ledger, ledger.lifecycles[kind], caller, loaded.audience):
        raise WrongValue({"kind": kind, "name": name}, pointer=pointer, because="unknown_reference")
    return loaded.record


Rows = tuple[tuple[str, dict[str, Any]], ...]
Removals = tuple[tuple[str, str], ...]


async def _keys(
    ledger: Ledger, look: Look, act: Act, at: Moment, record: Any, behalf: UUID | None
) -> tuple[Seal, Rows, Removals]:
    """How the personal fields of this action are sealed, and what that changes in the vault."""
    if act.row.keys is Keys.MADE:
        at.key_id = uuid7()
        key, wrapped = ledger.vault.master.make(at.key_id)
        return ledger.vault.sealing(key), _key_row(at.key_id, record.id, None, wrapped), ()
    if act.row.keys is Keys.DESTROYED:
        return _no_words, (), (("vault.personal_key", str(record.key_id)),)
    if not holds_words(act.body):
        return _no_words, (), ()
    # What a rule says, it says to whoever asked.
    subject = behalf or act.context.caller.person_id or getattr(record, "requester_id", None)
    author = None if subject is None else await ledger.vault.author(subject)
    if author is None or subject is None:
        raise PersonErased()
    # If they are erased before this is written, their key is gone: then decide again, and refuse. The key may
    # have been cached before something that was read since.
    if look.reads.setdefault(author.stream, author.version) != author.version:
        raise Stale()
    if act.row.keys is Keys.AUTHORS:
        return ledger.vault.sealing(author.key), (), ()
    text_key, wrapped = author.key.make(uuid7())
    return ledger.vault.sealing(text_key), _key_row(text_key.id, subject, author.key.id, wrapped), ()


def _key_row(key_id: UUID, person_id: UUID, under: UUID | None, wrapped: bytes) -> Rows:
    row = {
        "id": str(key_id),
        "person_id": str(person_id),
        "under": None if under is None else str(under),
        "wrapped": "\\x" + wrapped.hex(),
    }
    return (("vault.personal_key", row),)


def _no_words(text: str) -> Sealed:
    raise AssertionError("an action without words of its own has nothing to seal")


def _event(act: Act, decided: Decided, version: int, occurred_at: datetime, behalf: UUID | None) -> Event:
    context = act.context
    return Event(
        id=uuid7(),
        stream=decided.record.row_key,
        version=version,
        type=act.row.event,
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


def _audiences(lifecycle: Lifecycle[Any], record: Any, before: list[str]) -> dict[str, tuple[str, ...]]:
    after = tuple(sorted(set(lifecycle.audience(record))))
    return {} if set(after) == set(before) else {record.row_key: after}


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


def _taken(lifecycle: Lifecycle[Any], error: Rejected) -> Exception:
    """A name that must be unique is somebody else's: the database says so by the constraint's name."""
    prefix, suffix = f"{lifecycle.kind}_", "_key"
    constraint = error.constraint or ""
    if constraint.startswith(prefix) and constraint.endswith(suffix):
        field = constraint.removeprefix(prefix).removesuffix(suffix)
        return WrongValue({"field": field}, pointer=f"/{field}", because="taken")
    return error
