"""The mapping of a source: as a form or as text, with what it makes of a delivery."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from fastapi import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_CONTENT

from app.api.direct import Router
from app.api.pages.sent_forms import SentForm, sent_form
from app.desk.administration.index import ADMINISTRATION
from app.desk.administration.mapping_fields import ENTRY_LABELS, FIELDS, EntryKind, MappingField
from app.desk.administration.mapping_form import (
    EntryCondition,
    FieldSource,
    FormEntry,
    SourceOrigin,
    WrongPath,
    document_of,
    entries_in,
    list_source,
    offered_paths,
)
from app.desk.administration.news import shown_news
from app.desk.administration.sources import DELIVERY
from app.desk.administration.toml_text import toml_text
from app.desk.pages.context import Desk, open_desk
from app.expressions.written_documents import NoDocument, read_document

router = Router(include_in_schema=False)
MAPPING = f"{ADMINISTRATION}/sources/{{name}}/mapping"
#: Values of the buttons; those after `OF_ADAPTER` change the form, and contain the part concerned.
PREVIEW, STORE, OF_ADAPTER = "preview", "store", "adapter"
ADD, LEAVE_OUT, ONE_MORE, TO_TEXT, TO_FORM = "add", "leave_out", "more", "to_text", "to_form"
#: Hidden input with the way in which the mapping is edited, and its values.
EDITED_AS, FORM, TEXT = "as", "form", "text"
MOST_DELIVERIES = "20"
#: Empty lines for further translated values.
EMPTY_VALUES = 2
_ENTRY = re.compile(r"/news/(\d{1,3})/kind")


@dataclass(frozen=True, slots=True)
class EditedMapping:
    """A mapping as it is edited: its text, the entries of its form (None: as text), the delivery that the
    preview reads, and what is wrong.
    """

    text: str
    entries: Sequence[FormEntry] | None
    delivery: str = ""
    fault: str = ""
    status: int = 200


@router.get(MAPPING)
async def get_mapping_page(request: Request, name: str) -> Response:
    """Return the page that edits the mapping of the source, with a preview."""
    desk = open_desk(request)
    source = await _source(desk, name)
    text = await _used_mapping(desk, source)
    as_text = request.query_params.get(EDITED_AS) == TEXT
    return await _page(desk, source, EditedMapping(text, None if as_text else entries_in(text)))


@router.post(MAPPING)
async def post_mapping_page(request: Request, name: str) -> Response:
    """Show the mapping's result for a delivery, change its form, or store it, according to the button."""
    desk, form = open_desk(request), await sent_form(request)
    source = await _source(desk, name)
    button, _, about = form.first_value("do").partition(":")
    edited = _edited(desk, form)
    if button not in (STORE, OF_ADAPTER) or edited.fault:
        return await _page(desk, source, _changed(edited, button, about))
    own = edited.text if button == STORE else None
    headers = {"if-match": f'"{form.first_value("version")}"'}
    path = f"/v1/webhook_sources/{source['id']}"
    answer = await desk.calls.send("PATCH", path, body={"mapping": own}, headers=headers)
    if answer.is_success:
        return RedirectResponse(f"/desk/webhook_source/{source['id']}?done=edit", HTTP_303_SEE_OTHER)
    errors = answer.document.get("errors") or ()
    fault = next((str(each["message"]) for each in errors), answer.fault)
    return await _page(desk, source, replace(edited, fault=fault, status=answer.status))


def _edited(desk: Desk, form: SentForm) -> EditedMapping:
    """Return the mapping that was sent. An unchanged form keeps the mapping's text."""
    text = form.first_value("mapping").replace("\r\n", "\n")
    delivery = form.first_value(DELIVERY)
    if form.first_value(EDITED_AS) != FORM:
        return EditedMapping(text, None, delivery)
    entries: list[FormEntry] = []
    try:
        entries = list(_sent_entries(form))
        stored = read_document(text) if text.strip() else {}
        document = document_of(stored, entries)
    except WrongPath as error:
        fault = desk.sentence("mapping_wrong_path", text=str(error))
        return EditedMapping(text, entries, delivery, fault, HTTP_422_UNPROCESSABLE_CONTENT)
    except (NoDocument, LookupError, ValueError):  # no browser sends that
        return EditedMapping(text, None, delivery)
    if document != stored:
        text = toml_text(document)
    entries = [replace(entry, number=number) for number, entry in enumerate(entries)]
    return EditedMapping(text, entries, delivery)


def _changed(edited: EditedMapping, button: str, about: str) -> EditedMapping:
    """Return the mapping after a button that changes what the page shows."""
    if button == TO_FORM:
        return replace(edited, entries=entries_in(edited.text))
    if edited.entries is None or (button == TO_TEXT and edited.fault):
        return edited
    return replace(
        edited, entries=None if button == TO_TEXT else _changed_entries(edited.entries, button, about)
    )


def _changed_entries(entries: Sequence[FormEntry], button: str, about: str) -> Sequence[FormEntry]:
    if button == ADD and about in {kind.value for kind in EntryKind}:
        return [*entries, FormEntry(EntryKind(about))]
    if button == LEAVE_OUT:
        return [entry for number, entry in enumerate(entries) if str(number) != about]
    number, _, key = about.partition(":")
    if button != ONE_MORE or not number.isdecimal() or int(number) >= len(entries):
        return entries
    entry = entries[int(number)]
    sources = {**entry.sources, key: [*entry.sources.get(key, ()), FieldSource()]}
    return [replace(each, sources=sources) if each is entry else each for each in entries]


def _sent_entries(form: SentForm) -> Iterator[FormEntry]:
    numbers = sorted(int(match[1]) for name in form.inputs if (match := _ENTRY.fullmatch(name)))
    for n in numbers:
        place = f"/news/{n}"
        kind, number = form.first_value(f"{place}/kind"), form.first_value(f"{place}/number")
        if kind not in {each.value for each in EntryKind}:
            continue
        fields = {field.key: f"{place}/{field.key}" for field in FIELDS[EntryKind(kind)]}
        condition = form.first_value(f"{place}/when/condition") or EntryCondition.always
        yield FormEntry(
            EntryKind(kind),
            int(number) if number.isdecimal() else None,
            list_source(form.first_value(f"{place}/each").strip()),
            (
                EntryCondition(condition),
                form.first_value(f"{place}/when/path"),
                form.first_value(f"{place}/when/text"),
            ),
            {
                key: [
                    FieldSource(SourceOrigin(origin), text)
                    for origin, text in _pairs(form, name, "origin", "text")
                    if text and origin in {each.value for each in SourceOrigin}
                ]
                for key, name in fields.items()
            },
            {key: list(_pairs(form, name, "theirs", "ours")) for key, name in fields.items()},
        )


def _pairs(form: SentForm, place: str, left: str, right: str) -> Iterator[tuple[str, str]]:
    lefts, rights = (form.inputs.get(f"{place}/{part}", ()) for part in (left, right))
    for first, second in zip(lefts, rights, strict=False):
        yield first.strip(), second.strip().replace("\r\n", "\n")


async def _source(desk: Desk, name: str) -> Mapping[str, Any]:
    """Return the source. Raises CallRefused."""
    source: Mapping[str, Any] = await desk.calls.read(f"/v1/webhook_sources/{quote(name, safe='')}")
    return source


async def _used_mapping(desk: Desk, source: Mapping[str, Any]) -> str:
    """Return the mapping that the source uses: its own, or that of its adapter; nothing for mail."""
    if source["mapping"] is not None:
        return str(source["mapping"])
    adapters = (await desk.calls.read("/v1/webhook_adapters"))["items"]
    texts = (each["mapping"] for each in adapters if each["key"] == source["adapter"])
    return next(texts, None) or ""


async def _page(desk: Desk, source: Mapping[str, Any], edited: EditedMapping) -> Response:
    path = f"/v1/webhook_sources/{source['id']}"
    page = await desk.calls.read(f"{path}/deliveries", {"limit": MOST_DELIVERIES})
    trial = {"mapping": edited.text or None, "delivery": edited.delivery or None}
    answer = await desk.calls.send("POST", f"{path}/try_mapping", body=trial)
    refused: Mapping[str, Any] = {"failure": answer.fault, "news": (), "values": ()}
    preview: Mapping[str, Any] = answer.document if answer.is_success else refused
    return desk.answer(
        "administration/mapping.html",
        desk.sentence("mapping_of", source=source["title"]),
        status=edited.status,
        source=source,
        edited=edited,
        entry_kinds=[(kind.value, label.text(desk.language)) for kind, label in ENTRY_LABELS.items()],
        entries=[_shown_entry(desk, entry) for entry in edited.entries or ()],
        paths=list(dict(offered_paths(preview["values"], edited.entries or ())).items()),
        has_form=edited.entries is not None or entries_in(edited.text) is not None,
        failure=preview["failure"],
        mapping_key=preview.get("mapping_key"),
        ignored=preview.get("ignored"),
        news=[shown_news(desk, news, source) for news in preview["news"]],
        deliveries=[
            (each["id"], desk.display.instant(each["received_at"]))
            for each in page["items"]
            if each["has_content"]
        ],
        form_address=MAPPING.format(name=source["id"]),
    )


@dataclass(frozen=True, slots=True)
class MappedField:
    """A field of an entry as the page shows it: its sources, at least one, and its translated values, with
    empty lines; `choices` are our values in words, None where any text can be ours.
    """

    key: str
    label: str
    is_required: bool
    sources: Sequence[FieldSource]
    values: Sequence[tuple[str, str]]
    value_count: int
    choices: Sequence[tuple[str, str]] | None
    has_values: bool


def _shown_entry(desk: Desk, entry: FormEntry) -> tuple[FormEntry, str, list[MappedField], list[MappedField]]:
    """Return the entry with its kind in words, the fields that it sets, and the others."""
    fields = [_shown_field(desk, entry, field) for field in FIELDS[entry.kind]]
    in_use = [each for each in fields if each.is_required or any(entry.sources.get(each.key, ()))]
    unused = [each for each in fields if each not in in_use]
    return entry, ENTRY_LABELS[entry.kind].text(desk.language), in_use, unused


def _shown_field(desk: Desk, entry: FormEntry, field: MappingField) -> MappedField:
    values = list(entry.values_of(field))
    choices: dict[str, str] | None = None
    if field.codes is not None:
        choices = {code: label.text(desk.language) for code, label in field.codes.items()}
        choices |= {ours: ours for _, ours in values if ours not in choices}
    return MappedField(
        field.key,
        field.label.text(desk.language),
        field.is_required,
        entry.sources_of(field) or [FieldSource()],
        [*values, *([("", "")] * EMPTY_VALUES)],
        len(values),
        None if choices is None else list(choices.items()),
        field.has_values,
    )
