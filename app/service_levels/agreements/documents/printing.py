"""Reads for the pages of an agreement's documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.api.records.shapes import Renderer
from app.common.records import from_row
from app.foundation.calendars.calendar_cache import newest_versions
from app.foundation.calendars.printed_hours import hours_in_words
from app.foundation.documents.printing import decrypt
from app.foundation.documents.records import DocumentEntry
from app.kernel.access.reads import VersionedRecord
from app.kernel.actions.refusals import NotFound
from app.kernel.ledger import Ledger
from app.service_levels.agreements.documents.pages import Printed, Signature
from app.service_levels.agreements.records import (
    Agreement,
    AgreementConsent,
    AgreementSide,
    ConsentSubject,
)
from app.service_levels.agreements.terms.measurability import KPI_TARGETS

DOCUMENT = "select * from fold.document_entry where record = %s and number = %s"
CONSENTS = """
select * from fold.sla_consent where record = %s and subject = %s order by consented_at, id"""
#: The records that an agreement names by their keys.
NAMES = """
select 'calendar' as kind, key, name as en, name as zh from fold.calendar where key = any(%(keys)s)
union all select 'service', key, name_en, name_zh from fold.service where key = any(%(keys)s)
union all select 'category', key, name_en, name_zh from fold.category where key = any(%(keys)s)
union all
select 'catalogue_item', key, title_en, title_zh from fold.catalogue_item where key = any(%(keys)s)"""
#: The members of an agreement and of its targets that are such keys.
KEYS, KEYS_OF_TARGETS = ("services", "catalogue_items"), ("service", "category", "catalogue_item", "calendar")
BENEATH = "select number from fold.sla where id = any(%s::uuid[]) order by number"


async def printed_document(renderer: Renderer, loaded: VersionedRecord[Agreement], number: str) -> Printed:
    """Return the content of the page for the agreement's document with that number. Raises NotFound if it
    does not exist, or the caller may not see it.
    """
    agreement, db = loaded.record, renderer.ledger.db
    row = await db.row(DOCUMENT, (agreement.row_key, number))
    document = None if row is None else from_row(DocumentEntry, row)
    if document is None or (document.for_staff and not renderer.caller.is_staff_for(agreement)):
        raise NotFound()
    renderer.is_past = True  # a page offers no actions
    answer = await renderer.render_one(agreement, loaded.audience)
    beneath = await db.rows(BENEATH, (agreement.rests_on or [],))
    assert document.document_class is not None
    assert document.state is not None
    return Printed(
        agreement=answer,
        document_class=document.document_class,
        number=str(document.number),
        edition=document.edition or 1,
        state=document.state,
        beneath=[supporting["number"] for supporting in beneath],
        signatures=await signatures_of(renderer.ledger, agreement),
        hours=await _hours(renderer, answer),
        names=await _names(renderer, answer),
    )


async def _hours(renderer: Renderer, agreement: Mapping[str, Any]) -> dict[str, str]:
    """Return the hours of the agreement's calendars in words, by their keys."""
    targets = agreement["targets"] or ()
    keys = dict.fromkeys([agreement["calendar"], *(target["calendar"] for target in targets)])
    versions = await newest_versions(renderer.ledger.db, [key for key in keys if key is not None])
    return {
        key: hours_in_words(versions[key], renderer.language)
        for key in keys
        if key is not None and key in versions
    }


async def _names(renderer: Renderer, agreement: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return the names of the records that the agreement names, by kind and key."""
    keys = {agreement["calendar"], *(key for name in KEYS for key in agreement[name] or ())}
    keys |= {target[name] for target in agreement["targets"] or () for name in KEYS_OF_TARGETS}
    rows = await renderer.ledger.db.rows(NAMES, {"keys": sorted(filter(None, keys))})
    kpis = renderer.ledger.lifecycles[KPI_TARGETS].lookup.vocabulary_names
    return {
        **{(row["kind"], row["key"]): row[renderer.language] for row in rows},
        **{("kpi", key): names[renderer.language] for key, names in kpis.items()},
    }


async def signatures_of(ledger: Ledger, agreement: Agreement) -> list[Signature]:
    """Return the signatures of both sides, given or yet to be given."""
    rows = await ledger.db.rows(CONSENTS, (agreement.row_key, ConsentSubject.sign.value))
    consents = {consent.side: consent for consent in (from_row(AgreementConsent, row) for row in rows)}
    waiting = _representatives(agreement)
    persons = {consent.given_by_id for consent in consents.values()} | set(waiting.values())
    by_person = await ledger.directory.names({person for person in persons if person is not None})
    named = {str(person): name for person, name in by_person.items()}
    signatories = {consent.signatory for consent in consents.values() if consent.signatory is not None}
    texts = await ledger.vault.texts({*named.values(), *signatories})
    signatures = []
    for side in AgreementSide:
        consent = consents.get(side)
        if consent is None:
            signatures.append(Signature(side, texts.get(str(named.get(str(waiting[side])))), None, None))
            continue
        encrypted = consent.signatory or named.get(str(consent.given_by_id))
        signatures.append(Signature(side, texts.get(str(encrypted)), consent.document, consent.consented_at))
    return signatures


async def signers_of(ledger: Ledger, agreement: Agreement) -> dict[AgreementSide, str | None]:
    """Return who signs later papers for each side: its representative, or else who signed the agreement."""
    representatives = _representatives(agreement)
    words = await decrypt(ledger, [], representatives.values())
    return {
        signature.side: words.name(representatives[signature.side]) or signature.name
        for signature in await signatures_of(ledger, agreement)
    }


def _representatives(agreement: Agreement) -> dict[AgreementSide, UUID | None]:
    return {
        AgreementSide.it: agreement.representative_id,
        AgreementSide.party: agreement.party_representative_id,
    }
