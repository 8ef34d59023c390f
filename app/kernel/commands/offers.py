"""The actions that a caller may perform on a record now, and those that a check refuses for now, with the
reason.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from app.common.children import Onlooker
from app.common.people import Caller
from app.common.records import ChildRecord, ChildRef, Record, from_row
from app.i18n import Word
from app.kernel.access.present_children import PresentChildren, no_children, present_children
from app.kernel.access.reads import BY_RECORD_VERSION, R, ReadContext, ReadGuard, VersionedRecord
from app.kernel.access.visibility import onlooker, sees_every_record
from app.kernel.actions.actor_policy import RecordDuty, conflicting_duties
from app.kernel.actions.context import ActionContext, CommandMetadata
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import Payload, marks
from app.kernel.actions.refusals import (
    CALLER_CHECKS,
    ConflictingDuty,
    NoLongerEligible,
    PreparationRefused,
    Refusal,
    SegregationOfDuties,
    WrongValue,
)
from app.kernel.commands.posts import is_outgrown
from app.kernel.commands.stream import action_context
from app.kernel.ledger import Ledger
from app.kernel.visible_records import acting_caller
from app.log.events import id_of, stream
from app.platform.db import Row

#: Heads of the given records that the person once handed over.
HANDED_OVER = """
select stream, audience from log.stream_head where stream = any(%s) and audience @> array[%s]"""
#: The record has no child record that a payload of the action could name.
NOTHING_TO_CHOOSE = "nothing_to_choose"
#: The most child records with which an action is tried before it is shown.
MOST_TRIED = 20


@dataclass(slots=True)
class RememberingReads(ReadContext):
    """Reads of the checks of all actions of a record, each of which is made once. `present`: which child
    records the record has; None if that was not asked.
    """

    present: PresentChildren | None = None
    _remembered: dict[tuple[str, str], list[Row]] = field(default_factory=dict)

    async def children(self, child: type[R], parent: Record, **fields: Any) -> list[R]:
        """Return the child records, without a statement if the record is known to have none."""
        if self.present is not None and self.present.lacks(child, parent):
            return []
        return await ReadContext.children(self, child, parent, **fields)

    async def rows(self, query: str, parameters: Any = None, *, guard: ReadGuard) -> list[Row]:
        """Return all rows of a query, as they were when it was first asked."""
        question = query, repr(parameters)
        if question not in self._remembered:
            self._remembered[question] = await ReadContext.rows(self, query, parameters, guard=guard)
        return self._remembered[question]


class Offer(NamedTuple):
    """An action that role and state allow the caller. `because`: the code of the check that refuses it now,
    if any, and `words` the arguments of its message; for a segregation of duties, `duty` is the caller's
    conflicting duty in the record.
    """

    action: Action[Any, Any]
    because: str | None
    duty: RecordDuty | None = None
    words: tuple[tuple[str, Word], ...] = ()


async def offers(
    ledger: Ledger,
    lifecycle: Lifecycle[Any],
    loaded: VersionedRecord[Any],
    metadata: CommandMetadata,
    among: Collection[str] | None = None,
    *,
    is_childless: bool = False,
) -> list[Offer]:
    """Return the actions that the caller may perform in the record's state, in the order of the lifecycle's
    table, each with the refusal of its checks, if any; only those named in `among`, unless it is None.
    `is_childless`: the record is known to have no child records.
    """
    acting = acting_caller(ledger, lifecycle, metadata.caller, loaded.audience)
    metadata = replace(metadata, caller=acting)
    ctx = action_context(ledger, loaded, metadata)
    caller, offered = {acting.person_id}, []
    rows = [row for row in lifecycle.open_to(loaded.record, acting) if among is None or row.name in among]
    if is_childless:
        present = no_children(lifecycle, _required_in(lifecycle), loaded.record)
    else:
        present = await _present_children(ledger, lifecycle, rows, loaded.record)
    reads = RememberingReads(ledger.db, ledger.lifecycles, ledger.directory, present=present)
    for row in rows:
        if await is_outgrown(reads, row.policy, loaded.record, acting):
            offered.append(Offer(row, NoLongerEligible.CODE))
            continue
        if row.checks.segregate_from and (
            had := conflicting_duties(row.checks.segregate_from, loaded.record, caller)
        ):
            offered.append(Offer(row, SegregationOfDuties.CODE, had[0]))
            continue
        because = None
        for check in row.checks.unless:
            because = because or await check(reads, loaded.record, ctx)
        if because is None and not present.has_children(required_children(row).values()):
            because = NOTHING_TO_CHOOSE
        if because is not None or not _has_caller_checks(row):
            offered.append(Offer(row, because))
            continue
        new_context = partial(action_context, ledger, loaded, metadata)
        offered.append(await _offer_by_payload_checks(reads, row, loaded.record, new_context))
    return offered


@cache
def required_children(row: Action[Any, Any]) -> Mapping[str, ChildRef]:
    """Return, by field, the marks of the child records that every payload of the action names."""
    return {
        name: mark
        for name, mark in marks(row.body, ChildRef).items()
        if mark.needed or row.body.model_fields[name].is_required()
    }


async def _present_children(
    ledger: Ledger, lifecycle: Lifecycle[Any], rows: Iterable[Action[Any, Any]], record: Record
) -> PresentChildren:
    """Return which child records the record has, if an action depends on child records."""
    if not any(required_children(row) or _has_caller_checks(row) for row in rows):
        return PresentChildren(record)
    return await present_children(ledger.db, lifecycle, _required_in(lifecycle), record)


@cache
def _required_in(lifecycle: Lifecycle[Any]) -> tuple[ChildRef, ...]:
    return tuple(mark for row in lifecycle.rows for mark in required_children(row).values())


@cache
def _has_caller_checks(row: Action[Any, Any]) -> bool:
    return not CALLER_CHECKS.isdisjoint((*row.checks.prepare, *row.checks.wrong))


async def _offer_by_payload_checks(
    reads: ReadContext, row: Action[Any, Any], record: Any, new_context: Callable[[], ActionContext]
) -> Offer:
    """Return the offer of an action whose payload checks read only the caller, the record and the child
    record that a payload names. The offer has a refusal unless the checks accept one of the child records.
    """
    refusal: Offer | None = None
    for named in await _named_children(reads, row, record, new_context().caller):
        ctx = new_context()
        ctx.input.references.update({name: [child] for name, child in named.items()})
        body = row.body.model_construct(
            None,
            **{name: getattr(child, required_children(row)[name].by) for name, child in named.items()},
        )
        offer = await _tried(reads, row, record, body, ctx)
        if offer.because is None:
            return offer
        refusal = refusal or offer
    return refusal or Offer(row, NOTHING_TO_CHOOSE)


async def _named_children(
    reads: ReadContext, row: Action[Any, Any], record: Any, caller: Caller
) -> Iterable[dict[str, ChildRecord]]:
    """Return what payloads of the caller can name, the newest first: child records by field."""
    choices = []
    for name, mark in required_children(row).items():
        where = "record = %s" + (f" and {mark.unset} is null" if mark.unset else "")
        query = f"select * from fold.{mark.row.KIND} where {where} order by id desc limit {MOST_TRIED}"
        rows = await reads.rows(query, (record.row_key,), guard=BY_RECORD_VERSION)
        choices.append((name, mark, rows))
    return islice(_combinations(choices, is_staff=caller.is_staff_for(record)), MOST_TRIED)


def _combinations(
    choices: Sequence[tuple[str, ChildRef, Sequence[Row]]], *, is_staff: bool
) -> Iterator[dict[str, ChildRecord]]:
    """Yield the child records of each combination, by field; they are only made once they are tried."""
    if not choices:
        yield {}
        return
    name, mark, rows = choices[0]
    for row in rows:
        child = from_row(mark.row, row)
        if is_staff or not child.for_staff:
            for further_fields in _combinations(choices[1:], is_staff=is_staff):
                yield {name: child, **further_fields}


async def _tried(
    reads: ReadContext, row: Action[Any, Any], record: Any, body: Payload, ctx: ActionContext
) -> Offer:
    """Return the action with the refusal of a payload of which only the child records are known."""
    try:
        for prepare in row.checks.prepare:
            if prepare in CALLER_CHECKS:
                ctx.add_prepared(await prepare(reads, record, body, ctx))
        for check in row.checks.wrong:
            if check in CALLER_CHECKS and (because := await check(reads, record, body, ctx)) is not None:
                return Offer(row, because)
    except ConflictingDuty as had:
        return Offer(row, SegregationOfDuties.CODE, had.duty)
    except PreparationRefused as refused:
        return Offer(row, refused.because, words=_hashable(refused.words))
    except WrongValue:
        return Offer(row, NOTHING_TO_CHOOSE)
    except Refusal as refused:
        return Offer(row, refused.code, words=_hashable(refused.words))
    return Offer(row, None)


def _hashable(words: Mapping[str, Word]) -> tuple[tuple[str, Word], ...]:
    return tuple((name, tuple(word) if isinstance(word, list) else word) for name, word in words.items())


async def onlooker_records(
    ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, ids: Iterable[UUID]
) -> frozenset[UUID]:
    """Return the records among these for which the caller is only an onlooker, and acts as
    `caller.looking_on()`. One statement covers all records of the kind.
    """
    everything = sees_every_record(caller, lifecycle, agents_see=ledger.settings.agents_see)
    if caller.person_id is None or everything or Onlooker not in lifecycle.children:
        return frozenset()
    streams = [stream(lifecycle.kind, record_id) for record_id in ids]
    rows = await ledger.db.rows(HANDED_OVER, (streams, onlooker(caller.person_id)))
    return frozenset(
        id_of(row["stream"])
        for row in rows
        if acting_caller(ledger, lifecycle, caller, row["audience"]).looks_on
    )
