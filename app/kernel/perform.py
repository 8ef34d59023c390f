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
from app.common.records import empty
from app.common.tickets import Ticket
from app.kernel.bodies import Body
from app.kernel.decide import Decided, decide
from app.kernel.directory import VAULT
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Action, Lifecycle, Second
from app.kernel.look import Loaded, Look
from app.kernel.moment import Context, Moment
from app.kernel.named import resolve, upload_field, visible
from app.kernel.refusals import Busy, Changed, Forbidden, NotFound, NotNow, WrongValue
from app.kernel.sealing import Removals, Rows, keys
from app.kernel.visibility import audience
from app.log.events import Event, id_of, kind_of
from app.log.ids import uuid7
from app.log.writer import Command, Once, Rejected, Stale, Written

ATTEMPTS = 5
#: So ends the name of a constraint whose violation is decided again: somebody took the same at once.
MEANWHILE = "_meanwhile"
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
            ledger.directory.forget_custom_fields()
            with contextlib.suppress(Stale):
                return await _attempt(ledger, act)
    raise Busy()


@dataclass(frozen=True, slots=True)
class _Part:
    """What a command comes to on one stream. `record` is its record as it was, `before` are the tokens of
    those who could see it.
    """

    record: Any
    at: Moment
    decided: Decided
    event: Event
    rows: Rows
    removals: Removals
    before: frozenset[str]
    after: frozenset[str]


async def _attempt(ledger: Ledger, act: Act) -> Done:
    look = Look(ledger.db, ledger.lifecycles, ledger.directory)
    first = await _part(ledger, look, act, uuid7())
    parts = [first]
    if act.row.second is not None:
        parts.append(await _second(ledger, look, act, act.row.second, first))
    command = Command(
        reads=look.reads | {part.event.stream: part.event.version - 1 for part in parts},
        events=tuple(part.event for part in parts),
        rows=tuple(row for part in parts for row in (*part.rows, *part.decided.rows)),
        removals=tuple(gone for part in parts for gone in (*part.removals, *part.decided.removals)),
        audiences={p.event.stream: tuple(sorted(p.after)) for p in parts if p.after != p.before},
        once=_once(act, first.event),
    )
    try:
        written = await ledger.writer.write(command)
    except Rejected as error:
        if (error.constraint or "").endswith(MEANWHILE):
            raise Stale() from error
        raise _taken(act, first, error) from error
    ledger.heard({act.lifecycle.kind, *(VAULT for part in parts if part.removals)})
    return Done(first.decided.record, first.event, written, first.after)


async def _part(ledger: Ledger, look: Look, act: Act, command_id: UUID) -> _Part:
    """Decides for the act's own record."""
    loaded = await _load(ledger, look, act)
    record = loaded.record
    if act.if_match is not None and record.version != act.if_match:
        raise Changed(more={"version": record.version})
    _allow(act, record)
    at = moment(ledger, loaded, act.context, occurred_at=_occurred_at(act, record))
    at.command_id = command_id
    behalf = await resolve(ledger, look, act, at, record)
    await _forbidding(look, act, record, at)
    if act.row.opens and act.lifecycle.code is not None:
        at.number = await ledger.numbers.next(act.lifecycle.code, act.context.now)

    seal, rows, removals = await keys(ledger, look, act, at, record, behalf)
    version = loaded.stream_version + 1
    decided = decide(act.lifecycle, act.row, record, act.body, at, version=version, seal=seal)
    _not_before_the_last_change(act, record, decided)
    event = _event(act, decided, version, at.occurred_at, behalf)
    after = audience(act.lifecycle, decided.record, at.audience, made=at.made, removed=at.removed)
    return _Part(record, at, decided, event, rows, removals, at.audience, after)


async def _forbidding(look: Look, act: Act, record: Any, at: Moment) -> None:
    """Raises what forbids it, whatever is said and because of what is said."""
    for check in act.row.unless:
        if (because := await check(look, record, at)) is not None:
            raise _not_now(act, record, because)
    for body_check in act.row.wrong:
        if (because := await body_check(look, record, act.body, at)) is not None:
            raise _not_now(act, record, because)


async def _second(ledger: Ledger, look: Look, act: Act, second: Second, first: _Part) -> _Part:
    """Decides for the second record, by the row of that one's own table. What forbids it there is wrong with
    naming it here.
    """
    name = second.record(first.at)
    lifecycle = ledger.lifecycles[kind_of(name)]
    assert name != first.event.stream, "two events of one command are on two streams"
    said = second.body(first.decided.record, act.body)
    body = said.model_copy(update={"occurred_at": act.body.occurred_at})
    row = lifecycle[second.action]
    other = Act(lifecycle, row, str(id_of(name)), body, act.context)
    try:
        return await _part(ledger, look, other, first.at.command_id)
    except (NotFound, Forbidden, NotNow) as refusal:
        words = {"why": refusal.sentence(act.context.language)}
        raise WrongValue(words, pointer=f"/{second.field}", because="refused_there") from refusal


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
    )


async def _load(ledger: Ledger, look: Look, act: Act) -> Loaded[Any]:
    if act.row.opens:
        return Loaded(empty(act.lifecycle.record, uuid7()), 0, [])
    assert act.name is not None
    loaded = await look.record(act.lifecycle.kind, act.name)
    if loaded is None or not visible(ledger, act.lifecycle, act.context.caller, loaded.audience):
        raise NotFound()
    return loaded


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


def _taken(act: Act, first: _Part, error: Rejected) -> Exception:
    """What the database forbids: it says so by the constraint's name. One that ends in `_key` holds a name
    that is somebody else's.
    """
    prefix, suffix = f"{act.lifecycle.kind}_", "_key"
    constraint = error.constraint or ""
    if (because := constraint.removeprefix(prefix)) in act.lifecycle.held:
        return _not_now(act, first.record, because)
    if constraint.startswith(prefix) and constraint.endswith(suffix):
        field = constraint.removeprefix(prefix).removesuffix(suffix)
        return WrongValue({"field": field}, pointer=f"/{field}", because="taken")
    upload = upload_field(act.body)
    if constraint == "personal_key_pkey" and upload is not None:
        return WrongValue(pointer=f"/{upload}", because="attached_already")
    return error
