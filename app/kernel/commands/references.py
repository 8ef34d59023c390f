"""References in a payload: other records, which must be visible to the caller, and child records of the
record.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.common.duties import GivenDuty
from app.common.files.uploads import Upload, UploadRef
from app.common.people import Caller, PersonKind, Role
from app.common.personal import ACCOUNT_SOURCES
from app.common.records import ANY_RECORD, TICKET, ForeignRef, KeyRef, NamedAs, Record
from app.common.state_fields import EvidenceRef
from app.kernel.access.colleagues import may_name
from app.kernel.access.eligibility import is_eligible, scopes_of
from app.kernel.access.reads import ReadContext, Unguarded, sharing_names
from app.kernel.access.visibility import can_see, follower, is_mere_onlooker
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import Lifecycle
from app.kernel.actions.payloads import (
    PartialPayload,
    Payload,
    child_references,
    marks,
    part_types,
    references,
)
from app.kernel.actions.refusals import NotFound, SharedNumber, WrongValue
from app.kernel.commands.command import Command
from app.kernel.ledger import Ledger
from app.kernel.named_evidence import EvidenceQuestion, named_evidence
from app.kernel.named_records import is_stream_visible
from app.kernel.posts import gives_duty, holds_post, post_fields
from app.kernel.uploads import ATTACH_DEADLINE, find_upload

A_POST = Unguarded("Whoever held a post a moment ago may name people by it.")
#: States in which a person, a team or a group is given no duty.
NO_LONGER = frozenset({"inactive", "erased", "retired"})


async def resolve_references(
    ledger: Ledger, reads: ReadContext, command: Command, ctx: ActionContext, record: Record
) -> UUID | None:
    """Resolve the payload's references into the context. Return the person on whose behalf it is sent, if
    any.
    """
    behalf: UUID | None = None
    for field, mark, names in references(command.body):
        named = [(names, "")] if isinstance(names, str) else [(name, f"/{n}") for n, name in enumerate(names)]
        ctx.input.references[field] = [
            await _resolve_reference(
                ledger,
                reads,
                command,
                mark,
                name,
                f"/{field}{which}",
                record=record,
                met=_participants(mark, record, ctx),
            )
            for name, which in named
        ]
        by_pointer = {
            f"/{field}{which}": holder
            for (_, which), holder in zip(named, ctx.input.references[field], strict=True)
        }
        await _require_eligible(reads, command, ctx, record, field=field, mark=mark, named=by_pointer)
        if isinstance(mark, EvidenceRef) and command.metadata.is_sent and not ctx.command.follows:
            require_evidence(mark, record, by_pointer)
        if mark.on_behalf and ctx.input.references[field][0].id != command.metadata.caller.person_id:
            behalf = ctx.input.references[field][0].id
    await _resolve_keys(ledger, reads, command, record)
    for field, child, value in child_references(command.body):
        child_row = await reads.child(child.row, record, **{child.by: value})
        if child_row is None or (child_row.for_staff and not command.metadata.caller.is_staff_for(record)):
            words = {"kind": child.row.KIND, "name": str(value)}
            raise WrongValue(words, pointer=f"/{field}", because="unknown_reference")
        ctx.input.references[field] = [child_row]
    upload = upload_field(command.body)
    if upload is not None:
        ctx.input.upload = await _uploaded(ledger, reads, command, upload)
    return behalf


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


async def _require_eligible(
    reads: ReadContext,
    command: Command,
    ctx: ActionContext,
    record: Record,
    *,
    field: str,
    mark: ForeignRef,
    named: Mapping[str, Any],
) -> None:
    """Raise WrongValue unless each person, team or group, by its pointer, is active and eligible for
    the duty that the field gives. A rule, and a tool's report, may name anybody who is active. A correction
    that repeats what the record holds is not asked.
    """
    duty = mark.duty
    if duty is None or duty is GivenDuty.recorded:
        return
    body = command.body
    held = getattr(record, f"{field}_id", None) if isinstance(body, PartialPayload) else None
    is_asked = command.metadata.is_sent and not ctx.command.follows
    for pointer, holder in named.items():
        if held is not None and holder.id == held:
            continue
        if holder.state.value in NO_LONGER:
            raise WrongValue(pointer=pointer, because=f"{mark.kind}_{holder.state.value}")
        if not is_asked:
            continue
        if mark.kind == "person" and holder.kind is PersonKind.machine and duty is not GivenDuty.account:
            raise WrongValue(pointer=pointer, because="machine_gets_no_duty")
        team = await _named_team(reads, body)
        scopes = scopes_of(record, body, team)
        if not await is_eligible(reads, mark.kind, holder.id, duty, scopes):
            words = {"team": str(holder.key)} if mark.kind == "team" else {}
            raise WrongValue(words, pointer=pointer, because=_refusal(duty, holder))


def _refusal(duty: GivenDuty, holder: Any) -> str:
    """Return the code of the refusal of an active person, team or group who is not eligible for the duty."""
    if duty in (GivenDuty.team_work, GivenDuty.team_handling):
        if str(holder.kind) == "supplier":
            return "supplier_gets_no_work"
        if str(holder.kind) == "customer":
            return GivenDuty.team_work.because
    return duty.because


async def _named_team(reads: ReadContext, body: Payload) -> UUID | None:
    """Return the id of the team to which the payload gives the record, if it names one."""
    name = getattr(body, "team", None)
    if not isinstance(name, str) or "team" not in marks(type(body), ForeignRef):
        return None
    loaded = await reads.record("team", name)
    return None if loaded is None else loaded.record.id


def upload_field(body: Payload) -> str | None:
    """Return the payload's field that names an upload, if it names one."""
    field = next(iter(marks(type(body), UploadRef)), None)
    return None if field is None or getattr(body, field) is None else field


async def _uploaded(ledger: Ledger, reads: ReadContext, command: Command, field: str) -> Upload:
    """Return the upload that the field names: complete, usable by the caller, not older than ATTACH_DEADLINE,
    and not yet attached.
    """
    upload_id = getattr(command.body, field)
    upload, caller = await find_upload(ledger.db, upload_id), command.metadata.caller
    if upload is None or upload.sha256 is None or not upload.is_usable_by(caller):
        raise WrongValue(pointer=f"/{field}", because="no_such_upload")
    if upload.wrapped is None or await reads.is_attached(upload_id):
        raise WrongValue(pointer=f"/{field}", because="attached_already")
    if command.metadata.now > upload.begun_at + ATTACH_DEADLINE:
        words = {"hours": str(ATTACH_DEADLINE // timedelta(hours=1))}
        raise WrongValue(words, pointer=f"/{field}", because="upload_too_old")
    return upload


def _participants(mark: ForeignRef, record: Record, ctx: ActionContext) -> frozenset[str]:
    """Return the tokens and ids of persons who take part in the record, if the field may name them."""
    if not mark.allow_participants:
        return frozenset()
    values = [value for value in dict(record).values() if isinstance(value, UUID | list)]
    ids = {
        str(person_id) for value in values for person_id in (value if isinstance(value, list) else (value,))
    }
    return ctx.audience | ids


async def _resolve_reference(
    ledger: Ledger,
    reads: ReadContext,
    command: Command,
    mark: ForeignRef,
    name: str,
    pointer: str,
    *,
    record: Record,
    met: frozenset[str],
) -> Any:
    caller, kind = command.metadata.caller, mark.kind
    called = name
    if name == "me" and kind == "person" and caller.person_id is not None:
        called = str(caller.person_id)
    elif mark.on_behalf and ":" in name:
        called = await _person_by_external_id(ledger, name)
    loaded = await _load_by_name(reads, kind, called)
    unknown = WrongValue({"kind": kind, "name": name}, pointer=pointer, because="unknown_reference")
    if loaded is None:
        raise unknown
    if not (
        # An integration may see no persons, but may name those on whose behalf it acts.
        ((mark.on_behalf or mark.allow_tools) and Role.integration in caller.role_codes)
        or not met.isdisjoint(_tokens(loaded.record))
        or is_visible(ledger, ledger.lifecycles[loaded.record.KIND], caller, loaded.audience)
        or await _is_eligible_by_post(ledger, reads, command, mark, loaded.record)
        or await may_name(reads, caller, mark, loaded.record.id, _represented(caller, record))
    ):
        raise unknown
    if not mark.retired:
        _require_not_retired(ledger.lifecycles[loaded.record.KIND], [loaded.record], pointer)
    return loaded.record


async def _is_eligible_by_post(
    ledger: Ledger, reads: ReadContext, command: Command, mark: ForeignRef, named: Record
) -> bool:
    """Return whether the caller holds a post that opens the action, and the record is eligible for the duty:
    who holds a post names people without seeing the list of them.
    """
    if mark.duty is None or not gives_duty(mark) or getattr(named, "kind", None) is PersonKind.machine:
        return False
    fields = post_fields(command.lifecycle, command.row.policy)
    caller = command.metadata.caller
    return (
        bool(fields)
        and await holds_post(partial(reads.rows, guard=A_POST), ledger.lifecycles, caller, fields)
        and await is_eligible(reads, mark.kind, named.id, mark.duty, None)
    )


def _represented(caller: Caller, record: Record) -> list[UUID]:
    """Return the teams of the record that the caller represents: it names the caller for the other party."""
    for field, mark in marks(type(record), ForeignRef).items():
        if mark.duty is GivenDuty.party and getattr(record, field) == caller.person_id is not None:
            teams = (getattr(record, name, None) for name in ("customer_id", "supplier_id"))
            return [team for team in teams if team is not None]
    return []


async def _load_by_name(reads: ReadContext, kind: str, name: str) -> Any:
    if kind == ANY_RECORD:
        return await reads.any_record(name)
    return await (reads.ticket(name) if kind == TICKET else reads.record(kind, name))


def _tokens(named: Record) -> tuple[str, ...]:
    return (str(named.id), f"person:{named.id}", follower(named.id))


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


async def with_defined_names(reads: ReadContext, command: Command, *, follows: bool = False) -> Command:
    """Return the command with the names that records define in the place of other names for the same: in a
    command of a person, of what is referred to by key, too.
    """
    marked = (NamedAs,) if follows or not command.metadata.is_by_person else (NamedAs, KeyRef)
    looked_up: dict[tuple[str, str], str | None] = {}
    changed = await _defined_names(reads, command.body, looked_up, marked)
    for field in part_types(type(command.body)):
        parts = getattr(command.body, field)
        if isinstance(parts, tuple):
            renamed = [await _defined_names(reads, part, looked_up, marked) for part in parts]
            if any(renamed):
                pairs = zip(parts, renamed, strict=True)
                changed[field] = tuple(part.model_copy(update=names) for part, names in pairs)
    return replace(command, body=command.body.model_copy(update=changed)) if changed else command


async def _defined_names(
    reads: ReadContext,
    body: BaseModel,
    looked_up: dict[tuple[str, str], str | None],
    marked: tuple[type[NamedAs | KeyRef], ...],
) -> dict[str, Any]:
    """Return, by field, the defined names in the place of those that the payload or its part has, where they
    are others, of the fields with such a mark. `looked_up` are those that were looked up already.
    """
    changed: dict[str, Any] = {}
    for field, kind in [
        (field, mark.kind) for each in marked for field, mark in marks(type(body), each).items()
    ]:
        value = getattr(body, field)
        if not isinstance(value, str | tuple) or not reads.defines_names(kind):
            continue
        names = (value,) if isinstance(value, str) else value
        for name in names:
            if (kind, name) not in looked_up:
                looked_up[kind, name] = await reads.defined_name(kind, name)
        defined = tuple(looked_up[kind, name] or name for name in names)
        if defined != names:
            changed[field] = defined[0] if isinstance(value, str) else tuple(dict.fromkeys(defined))
    return changed


async def _resolve_keys(ledger: Ledger, reads: ReadContext, command: Command, record: Record) -> None:
    """Resolve the references by key. A key that the record has already is not checked: a record that refers
    to something retired meanwhile can still be changed otherwise.
    """
    for field, mark, keys in references(command.body, marked=KeyRef):
        held = getattr(record, field, None)
        process = _process_of(command, record) if mark.per_process else None
        for n, key in enumerate([keys] if isinstance(keys, str) else keys):
            if key == held or (isinstance(held, list) and key in held):
                continue
            pointer = f"/{field}" if isinstance(keys, str) else f"/{field}/{n}"
            records = await reads.by_key(mark.kind, key, process)
            if mark.must_exist and not any(
                _can_see(ledger, command, mark.kind, loaded.audience) for loaded in records
            ):
                words = {"kind": mark.kind, "name": key}
                raise WrongValue(words, pointer=pointer, because="unknown_reference")
            if not mark.retired:
                _require_not_retired(
                    ledger.lifecycles[mark.kind], [loaded.record for loaded in records], pointer
                )


def _can_see(ledger: Ledger, command: Command, kind: str, audience: list[str]) -> bool:
    return is_visible(ledger, ledger.lifecycles[kind], command.metadata.caller, audience)


def _process_of(command: Command, record: Record) -> str:
    """Return the command's process: that of the payload or the record, otherwise the record's kind."""
    process: str | None = getattr(command.body, "process", None) or getattr(record, "process", None)
    return process or record.KIND


def _require_not_retired(lifecycle: Lifecycle[Any], records: Sequence[Any], pointer: str) -> None:
    """Raise WrongValue if all of these records, which share a name, are retired: no new references
    to them.
    """
    codes = [lifecycle.lookup.retired.get(record.state) for record in records]
    if codes and all(codes):
        raise WrongValue(pointer=pointer, because=str(codes[0]))


async def _person_by_external_id(ledger: Ledger, name: str) -> str:
    """Return the id of the person with that name in a source, `<source>:<name>`; an unknown name is returned
    unchanged.
    """
    source, _, known_as = name.partition(":")
    if source in ACCOUNT_SOURCES:  # Logins are no public names of persons.
        return name
    query = "select person_id from vault.known_as where source = %s and fingerprint = %s"
    fingerprint = ledger.external_id_fingerprint(source, known_as)
    person_id = await ledger.db.value(query, (source, fingerprint))
    return name if person_id is None else str(person_id)


def is_visible(ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, audience: list[str]) -> bool:
    """Return whether the record with that audience is visible to the caller."""
    return can_see(caller, lifecycle, audience, agents_see=ledger.settings.agents_see)


async def not_found(ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, name: str) -> NotFound:
    """Return the refusal of a name without a record. For a number of several tools it names the tools, if the
    caller may see the records.
    """
    visible_names = [
        str(row["name"])
        for row in await sharing_names(ledger.db, lifecycle.kind, name)
        if is_visible(ledger, lifecycle, caller, row["audience"])
    ]
    if len(visible_names) < 2:
        return NotFound()
    return SharedNumber(words={"names": ", ".join(visible_names)})


def acting_caller(
    ledger: Ledger, lifecycle: Lifecycle[Any], caller: Caller, audience: Collection[str]
) -> Caller:
    """Return the caller for permissions on the record with that audience: themselves, or, for an onlooker,
    one without roles and teams, which actions name as `onlooker`. Every check of who may act on a record
    calls this first.
    """
    looks_on = is_mere_onlooker(caller, lifecycle, audience, agents_see=ledger.settings.agents_see)
    return caller.looking_on() if looks_on else caller
