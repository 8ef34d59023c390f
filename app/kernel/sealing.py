"""Under whose key the words of an action are sealed, and what that changes in the vault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.common.personal import LOGIN, KnownAs, Sealed
from app.common.records import codecs
from app.kernel.bodies import children_named, holds_words, marks, said
from app.kernel.decide import Seal
from app.kernel.ledger import Ledger
from app.kernel.lifecycle import Keys
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import PersonErased
from app.kernel.vault import Author
from app.log.events import id_of
from app.log.ids import uuid7
from app.log.writer import Stale

if TYPE_CHECKING:
    from app.kernel.perform import Act

Rows = tuple[tuple[str, dict[str, Any]], ...]
Removals = tuple[tuple[str, str], ...]
OTHER_NAMES = """
select id from vault.known_as where person_id = %s and source = %s and fingerprint is distinct from %s
"""
THERE = "select true from vault.known_as where person_id = %s and source = %s and fingerprint = %s"


async def keys(
    ledger: Ledger, look: Look, act: Act, at: Moment, record: Any, behalf: UUID | None
) -> tuple[Seal, Rows, Removals]:
    """How the personal fields of this action are sealed, and what that changes in the vault."""
    seal, rows, removals = await _keys(ledger, look, act, at, record, behalf)
    names, forgotten = await _names(ledger, act, record.id)
    return seal, (*rows, *names), (*removals, *forgotten)


async def _names(ledger: Ledger, act: Act, person_id: UUID) -> tuple[Rows, Removals]:
    """What the person is found by from now on, or not any more: a fingerprint, which the log has not."""
    if act.row.keys is Keys.DESTROYED:
        return (), await _names_of(ledger, person_id, LOGIN, None)
    known_as: dict[str, KnownAs] = marks(type(act.body), KnownAs)
    for field, name in said(act.body) if known_as else ():
        if field not in known_as:
            continue
        source = known_as[field].source
        fingerprint = None if name is None else ledger.known_as(source, name)
        removals = () if act.row.opens else await _names_of(ledger, person_id, source, fingerprint)
        there = not act.row.opens and await ledger.db.value(THERE, (person_id, source, fingerprint))
        if fingerprint is None or there:
            return (), removals
        row = {"id": str(uuid7()), "source": source, "fingerprint": fingerprint, "person_id": str(person_id)}
        return (("vault.known_as", row),), removals
    return (), ()


async def _names_of(ledger: Ledger, person_id: UUID, source: str, but: str | None) -> Removals:
    """What the source has called the person until now, but for one name."""
    rows = await ledger.db.rows(OTHER_NAMES, (person_id, source, but))
    return tuple(("vault.known_as", str(row["id"])) for row in rows)


async def _keys(
    ledger: Ledger, look: Look, act: Act, at: Moment, record: Any, behalf: UUID | None
) -> tuple[Seal, Rows, Removals]:
    if act.row.keys is Keys.MADE:
        at.key_id = uuid7()
        key, wrapped = ledger.vault.master.make(at.key_id)
        return ledger.vault.sealing(key), _key_row(at.key_id, record.id, None, wrapped), ()
    if act.row.keys in (Keys.DESTROYED, Keys.WITHDRAWN):
        of_all = act.row.keys is Keys.DESTROYED
        gone = record.key_id if of_all else _named_text(act, at).key_id
        return _no_words, (), (("vault.personal_key", str(gone)),)
    if not holds_words(act.body) and not at.custom.holds_words():
        return _no_words, (), ()
    author = await _author(ledger, look, act, record, behalf)
    if act.row.keys in (Keys.KEPT, Keys.SAID):
        return await _as_before(ledger, act, at), (), ()
    if act.row.keys in (Keys.AUTHORS, Keys.OWN):
        return ledger.vault.sealing(author.key), (), ()
    if act.row.keys is Keys.UPLOADS:
        assert at.upload is not None
        assert at.upload.wrapped is not None
        text_key, wrapped = author.key.unwrap(at.upload.key_id, at.upload.wrapped), at.upload.wrapped
    else:
        text_key, wrapped = author.key.make(uuid7())
    return (
        ledger.vault.sealing(text_key),
        _key_row(text_key.id, id_of(author.stream), author.key.id, wrapped),
        (),
    )


async def _author(ledger: Ledger, look: Look, act: Act, record: Any, behalf: UUID | None) -> Author:
    """Whose words these are: a rule says them to whoever asked; what is told of a person is theirs."""
    subject = behalf or act.context.caller.person_id or getattr(record, "requester_id", None)
    if act.row.keys is Keys.OWN:
        subject = record.id
    author = None if subject is None else await ledger.vault.author(subject)
    if author is None:
        raise PersonErased()
    # If they are erased before this is written, their key is gone: then decide again, and refuse. The key may
    # have been cached before something that was read since.
    if look.reads.setdefault(author.stream, author.version) != author.version:
        raise Stale()
    return author


async def _as_before(ledger: Ledger, act: Act, at: Moment) -> Seal:
    """How the text that takes the place of the named one, or says it again, is sealed: as that one was."""
    if act.row.keys is Keys.SAID:
        key_id: UUID = getattr(act.body, "text_key")  # noqa: B009  # such a row's body has one
    else:
        key_id = _named_text(act, at).key_id
    key = await ledger.vault.text_key(key_id)
    if key is None:
        raise PersonErased()
    return ledger.vault.sealing(key)


def _named_text(act: Act, at: Moment) -> Sealed:
    """The text, with a key of its own, of the row that the body names."""
    ((field, mark, _),) = children_named(act.body)
    ((name, _),) = ((name, codec) for name, codec in codecs(mark.row).items() if codec.personal)
    sealed = getattr(at.references[field][0], name)
    assert isinstance(sealed, Sealed)
    return sealed


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
