"""What a body names: other records, which the caller must see, and rows beside the record itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.common.people import Caller, Role
from app.common.personal import LOGIN
from app.common.records import ANYTHING, TICKET, KeyOf, Record, Refers
from app.common.uploads import Upload, Uploaded
from app.kernel.bodies import Body, children_named, marks, references
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Lifecycle
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.uploads import ATTACHED_WITHIN, find
from app.kernel.visibility import follower, may_see

if TYPE_CHECKING:
    from app.kernel.perform import Act


async def resolve(ledger: Ledger, look: Look, act: Act, at: Moment, record: Record) -> UUID | None:
    """Looks up what the body names. Gives the person on whose behalf the command is, if any."""
    behalf: UUID | None = None
    for field, mark, names in references(act.body):
        named = [(names, "")] if isinstance(names, str) else [(name, f"/{n}") for n, name in enumerate(names)]
        at.references[field] = [
            await _referred(ledger, look, act, mark, name, f"/{field}{which}", met=_met(mark, record, at))
            for name, which in named
        ]
        if mark.on_behalf and at.references[field][0].id != act.context.caller.person_id:
            behalf = at.references[field][0].id
    await _keys(ledger, look, act, record)
    for field, child, value in children_named(act.body):
        found = await look.child(child.row, record, **{child.by: value})
        if found is None or (found.for_staff and not act.context.caller.is_staff_for(record)):
            words = {"kind": child.row.KIND, "name": str(value)}
            raise WrongValue(words, pointer=f"/{field}", because="unknown_reference")
        at.references[field] = [found]
    upload = upload_field(act.body)
    if upload is not None:
        at.upload = await _uploaded(ledger, look, act, upload)
    return behalf


def upload_field(body: Body) -> str | None:
    """The field that names an upload, if the body has one."""
    return next(iter(marks(type(body), Uploaded)), None)


async def _uploaded(ledger: Ledger, look: Look, act: Act, field: str) -> Upload:
    """The upload that the field names: whole, for the caller, of today, and not attached yet."""
    upload_id = getattr(act.body, field)
    found, caller = await find(ledger.db, upload_id), act.context.caller
    if found is None or found.sha256 is None or not found.is_for(caller):
        raise WrongValue(pointer=f"/{field}", because="no_such_upload")
    if found.wrapped is None or await look.is_attached(upload_id):
        raise WrongValue(pointer=f"/{field}", because="attached_already")
    if act.context.now > found.begun_at + ATTACHED_WITHIN:
        words = {"hours": str(ATTACHED_WITHIN // timedelta(hours=1))}
        raise WrongValue(words, pointer=f"/{field}", because="upload_too_old")
    return found


def _met(mark: Refers, record: Record, at: Moment) -> frozenset[str]:
    """The tokens and ids of those who have a part in the record, where these may be named."""
    if not mark.met:
        return frozenset()
    said = [value for value in dict(record).values() if isinstance(value, UUID | list)]
    ids = {str(one) for value in said for one in (value if isinstance(value, list) else (value,))}
    return at.audience | ids


async def _referred(
    ledger: Ledger, look: Look, act: Act, mark: Refers, name: str, pointer: str, *, met: frozenset[str]
) -> Any:
    caller, kind = act.context.caller, mark.kind
    called = name
    if name == "me" and kind == "person" and caller.person_id is not None:
        called = str(caller.person_id)
    elif mark.on_behalf and ":" in name:
        called = await _known_as(ledger, name)
    loaded = await _found(look, kind, called)
    if loaded is None or not (
        # A tool sees nobody, and speaks for those whom it names.
        (mark.on_behalf and Role.integration in caller.names)
        or not met.isdisjoint(_tokens(loaded.record))
        or visible(ledger, ledger.lifecycles[loaded.record.KIND], caller, loaded.audience)
    ):
        raise WrongValue({"kind": kind, "name": name}, pointer=pointer, because="unknown_reference")
    if not mark.retired:
        _in_use(ledger.lifecycles[loaded.record.KIND], [loaded.record], pointer)
    return loaded.record


async def _found(look: Look, kind: str, name: str) -> Any:
    if kind == ANYTHING:
        return await look.anything(name)
    return await (look.ticket(name) if kind == TICKET else look.record(kind, name))


def _tokens(named: Record) -> tuple[str, ...]:
    return (str(named.id), f"person:{named.id}", follower(named.id))


async def _keys(ledger: Ledger, look: Look, act: Act, record: Record) -> None:
    """Looks up what is called by its key. What the record has already is not named anew: a record that is
    about something which was retired meanwhile can be put right in all else.
    """
    for field, mark, said in references(act.body, marked=KeyOf):
        held = getattr(record, field, None)
        process = _process_of(act, record) if mark.per_process else None
        for n, key in enumerate([said] if isinstance(said, str) else said):
            if key == held or (isinstance(held, list) and key in held):
                continue
            pointer = f"/{field}" if isinstance(said, str) else f"/{field}/{n}"
            found = await look.called(mark.kind, key, process)
            if mark.known and not any(_sees(ledger, act, mark.kind, one.audience) for one in found):
                words = {"kind": mark.kind, "name": key}
                raise WrongValue(words, pointer=pointer, because="unknown_reference")
            if not mark.retired:
                _in_use(ledger.lifecycles[mark.kind], [one.record for one in found], pointer)


def _sees(ledger: Ledger, act: Act, kind: str, audience: list[str]) -> bool:
    return visible(ledger, ledger.lifecycles[kind], act.context.caller, audience)


def _process_of(act: Act, record: Record) -> str:
    """The process that it is about: the one that it says, or that it is a record of."""
    process: str | None = getattr(act.body, "process", None) or getattr(record, "process", None)
    return process or record.KIND


def _in_use(lifecycle: Lifecycle[Any], found: Sequence[Any], pointer: str) -> None:
    """Raises WrongValue if all of these, which have one name, are retired: nothing new is about them."""
    codes = [lifecycle.retired.get(one.state) for one in found]
    if codes and all(codes):
        raise WrongValue(pointer=pointer, because=str(codes[0]))


async def _known_as(ledger: Ledger, name: str) -> str:
    """The id of the person whom a source calls so: `<source>:<name>`; the name itself if there is none."""
    source, _, known_as = name.partition(":")
    if source == LOGIN:  # What they log in with is nobody's name for them.
        return name
    query = "select person_id from vault.known_as where source = %s and fingerprint = %s"
    fingerprint = ledger.known_as(source, known_as)
    person_id = await ledger.db.value(query, (source, fingerprint))
    return name if person_id is None else str(person_id)


def visible(ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, audience: list[str]) -> bool:
    """Whether the record with that audience exists for the caller."""
    return may_see(caller, lifecycle, audience, agents_see=ledger.settings.agents_see)
