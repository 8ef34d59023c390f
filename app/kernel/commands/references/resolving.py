"""Resolve the references of a payload: other records, which must be visible to the caller, child records of
the record, keys, and an upload.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from app.common.files.uploads import Upload, UploadRef
from app.common.records import ForeignRef, KeyRef, Record
from app.common.state_fields import EvidenceRef
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext
from app.kernel.actions.payloads import (
    Payload,
    child_references,
    marks,
    references,
)
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.references.duty_holders import require_eligible
from app.kernel.commands.references.evidence import require_evidence
from app.kernel.commands.references.lookup import require_not_retired, resolve_reference
from app.kernel.ledger import Ledger
from app.kernel.uploads import ATTACH_DEADLINE, find_upload
from app.kernel.visible_records import is_visible


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
            await resolve_reference(
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
        await require_eligible(reads, command, ctx, record, field=field, mark=mark, named=by_pointer)
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
                require_not_retired(
                    ledger.lifecycles[mark.kind], [loaded.record for loaded in records], pointer
                )


def _can_see(ledger: Ledger, command: Command, kind: str, audience: list[str]) -> bool:
    return is_visible(ledger, ledger.lifecycles[kind], command.metadata.caller, audience)


def _process_of(command: Command, record: Record) -> str:
    """Return the command's process: that of the payload or the record, otherwise the record's kind."""
    process: str | None = getattr(command.body, "process", None) or getattr(record, "process", None)
    return process or record.KIND
