"""The keys under which an action's personal texts are encrypted, and the resulting changes of the vault."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from app.common.personal import ACCOUNT_SOURCES, Ciphertext, ExternalId
from app.common.records import codecs
from app.kernel.access.reads import ReadContext
from app.kernel.access.vault import AuthorKey
from app.kernel.actions.context import ActionContext, DoomedKeys
from app.kernel.actions.lifecycle import Keys
from app.kernel.actions.payloads import child_references, has_personal_text, marks, provided_fields
from app.kernel.actions.refusals import PersonErased
from app.kernel.commands.command import Command
from app.kernel.commands.decide import Encrypt
from app.kernel.ledger import Ledger
from app.log.events import id_of
from app.log.ids import uuid7
from app.log.writer import ConcurrencyConflict

Rows = tuple[tuple[str, dict[str, Any]], ...]
Removals = tuple[tuple[str, str], ...]
OTHER_NAMES = """
select id from vault.known_as where person_id = %s and source = %s and fingerprint is distinct from %s
"""
NAME_EXISTS = "select true from vault.known_as where person_id = %s and source = %s and fingerprint = %s"


async def prepare_encrypting(
    ledger: Ledger, reads: ReadContext, command: Command, ctx: ActionContext, record: Any, behalf: UUID | None
) -> tuple[Encrypt, Rows, Removals]:
    """Return the function that encrypts the action's personal fields, and the rows to add to and remove from
    the vault.
    """
    encrypt, rows, removals = await _encrypting_key(ledger, reads, command, ctx, record, behalf)
    names, forgotten = await _name_changes(ledger, command, record.id)
    return encrypt, (*rows, *names), (*removals, *forgotten)


async def _name_changes(ledger: Ledger, command: Command, person_id: UUID) -> tuple[Rows, Removals]:
    """Return the changes to the fingerprints of a person's names, by which the person is found; they are not
    in the log.
    """
    removed: list[tuple[str, str]] = []
    if command.row.storage.keys is Keys.DESTROYED:
        for source in ACCOUNT_SOURCES:
            removed += await _remove_names(ledger, person_id, source, None)
        return (), tuple(removed)
    rows: list[tuple[str, dict[str, Any]]] = []
    known_as: dict[str, ExternalId] = marks(type(command.body), ExternalId)
    for field, name in provided_fields(command.body) if known_as else ():
        if field not in known_as:
            continue
        source = known_as[field].source
        fingerprint = None if name is None else ledger.external_id_fingerprint(source, name)
        if not command.row.opens:
            removed += await _remove_names(ledger, person_id, source, fingerprint)
        exists = not command.row.opens and await ledger.db.value(
            NAME_EXISTS, (person_id, source, fingerprint)
        )
        if fingerprint is not None and not exists:
            row = {"source": source, "fingerprint": fingerprint, "person_id": str(person_id)}
            rows.append(("vault.known_as", {"id": str(uuid7()), **row}))
    return tuple(rows), tuple(removed)


async def _remove_names(ledger: Ledger, person_id: UUID, source: str, but: str | None) -> Removals:
    """Return the rows to remove: the names by which sources call the person, except the one with this
    fingerprint. Names are not in the log.
    """
    rows = await ledger.db.rows(OTHER_NAMES, (person_id, source, but))
    return tuple(("vault.known_as", str(row["id"])) for row in rows)


async def _encrypting_key(
    ledger: Ledger, reads: ReadContext, command: Command, ctx: ActionContext, record: Any, behalf: UUID | None
) -> tuple[Encrypt, Rows, Removals]:
    if command.row.storage.keys is Keys.MADE:
        ctx.assigned.key_id = uuid7()
        key, wrapped = ledger.vault.master.wrap_new_key(ctx.assigned.key_id)
        ctx.assigned.made_key = key
        return ledger.vault.encrypting(key), key_row(ctx.assigned.key_id, record.id, None, wrapped), ()
    if command.row.storage.keys in (Keys.DESTROYED, Keys.WITHDRAWN, Keys.DOOMED):
        removals = tuple(("vault.personal_key", str(key_id)) for key_id in _destroyed(command, ctx, record))
        return _nothing_to_encrypt, (), removals
    # The action that this one follows may have made the record's own key, which is in no table yet.
    own_key = ctx.assigned.made_key if command.row.storage.keys is Keys.OWN else None
    if own_key is not None or not (has_personal_text(command.body) or ctx.input.custom.has_personal_text()):
        return _nothing_to_encrypt if own_key is None else ledger.vault.encrypting(own_key), (), ()
    author = await _author(ledger, reads, command, ctx, record, behalf)
    if command.row.storage.keys in (Keys.KEPT, Keys.SAID):
        return await _reuse_key(ledger, command, ctx), (), ()
    upload = ctx.input.upload
    if command.row.storage.keys in (Keys.AUTHORS, Keys.OWN, Keys.NAMED) or (
        command.row.storage.keys is Keys.UPLOADS and upload is None
    ):
        return ledger.vault.encrypting(author.key), (), ()
    if command.row.storage.keys is Keys.UPLOADS:
        assert upload is not None
        assert upload.wrapped is not None
        text_key, wrapped = author.key.unwrap(upload.key_id, upload.wrapped), upload.wrapped
    else:
        text_key, wrapped = author.key.wrap_new_key(uuid7())
    return (
        ledger.vault.encrypting(text_key),
        key_row(text_key.id, id_of(author.stream), author.key.id, wrapped),
        (),
    )


def _destroyed(command: Command, ctx: ActionContext, record: Any) -> tuple[UUID, ...]:
    """Return the ids of the keys that the action destroys."""
    if command.row.storage.keys is Keys.DOOMED:
        return ctx.prepared(DoomedKeys).ids
    is_own = command.row.storage.keys is Keys.DESTROYED
    return (record.key_id if is_own else _named_text(command, ctx).key_id,)


async def _author(
    ledger: Ledger, reads: ReadContext, command: Command, ctx: ActionContext, record: Any, behalf: UUID | None
) -> AuthorKey:
    """Return the key of the person whose text this is: a rule's text belongs to the requester, a text on
    behalf of a person to that person, a person record's own fields to the person in it, and a text about a
    named person to that one.
    """
    subject = behalf or command.metadata.caller.person_id or getattr(record, "requester_id", None)
    if command.row.storage.keys is Keys.OWN:
        subject = record.id
    elif command.row.storage.keys is Keys.NAMED:
        subject = ctx.input.references["person"][0].id
    author = None if subject is None else await ledger.vault.author(subject)
    if author is None:
        raise PersonErased()
    # If the person is erased before this is written, their key is gone: then the command is decided again,
    # and refused. The key may have been cached before something that was read since.
    if reads.versions.setdefault(author.stream, author.version) != author.version:
        raise ConcurrencyConflict()
    return author


async def _reuse_key(ledger: Ledger, command: Command, ctx: ActionContext) -> Encrypt:
    """Return how to encrypt a text that replaces or repeats the named one: under the same key."""
    if command.row.storage.keys is Keys.SAID:
        key_id: UUID = getattr(command.body, "text_key")  # noqa: B009  # such a row's body has one
    else:
        key_id = _named_text(command, ctx).key_id
    key = await ledger.vault.text_key(key_id)
    if key is None:
        raise PersonErased()
    return ledger.vault.encrypting(key)


def _named_text(command: Command, ctx: ActionContext) -> Ciphertext:
    """Return the text of the child row that the payload names, encrypted with the key that all texts of the
    row share.
    """
    ((field, mark, _),) = child_references(command.body)
    row = ctx.input.references[field][0]
    texts = (getattr(row, name) for name, codec in codecs(mark.row).items() if codec.personal)
    encrypted = next(text for text in texts if text is not None)
    assert isinstance(encrypted, Ciphertext)
    return encrypted


def key_row(key_id: UUID, person_id: UUID, under: UUID | None, wrapped: bytes) -> Rows:
    """Return the row of a key of a person's text; `under` is the key that wraps it, None for the master's."""
    row = {
        "id": str(key_id),
        "person_id": str(person_id),
        "under": None if under is None else str(under),
        "wrapped": "\\x" + wrapped.hex(),
    }
    return (("vault.personal_key", row),)


def _nothing_to_encrypt(text: str) -> Ciphertext:
    raise AssertionError("an action without words of its own has nothing to encrypt")
