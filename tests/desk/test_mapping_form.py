"""The form of a webhook mapping reads and writes every mapping of an adapter without a change."""

from __future__ import annotations

import tomllib

from app.desk.administration.mapping_fields import FIELDS, EntryKind
from app.desk.administration.mapping_form import document_of, entries_of
from app.desk.administration.toml_text import toml_text
from app.webhooks.adapters import adapter_texts
from app.webhooks.mapping.document import (
    CODED_FIELDS,
    ENTRY_KEYS,
    FIELDS_OF_INCIDENTS,
    NAMING_FIELDS,
    TicketFields,
)
from app.webhooks.mapping.values import listed_values

#: What the form does not show, and leaves as it is in the document.
NOT_IN_FORM = {"changes", "if_unknown", "custom"}


def test_mappings_of_adapters_are_the_same_after_the_form() -> None:
    documents = [tomllib.loads(each["mapping"]) for each in adapter_texts() if each["mapping"]]
    for document in documents:
        assert document_of(document, entries_of(document)) == document
        assert tomllib.loads(toml_text(document)) == document
    assert len(documents) > 20


def test_texts_are_written_as_toml_reads_them() -> None:
    texts = ["it's", "a\nb", "it's\nb'", '\x7f\x01"', "", "C:\\dir", "'''\n", "\n'"]
    document = {"a": texts, 'b."c d"': {"": texts[3]}, "n": [{"x": 1}, {"y": [True, 1.5, {"z": "q"}]}]}
    assert tomllib.loads(toml_text(document)) == document


def test_the_form_has_the_fields_of_mappings() -> None:
    for kind, (required, optional) in ENTRY_KEYS.items():
        fields = FIELDS[EntryKind(kind.value)]
        keys = {field.key.partition(".")[0] for field in fields}
        assert keys == (required | optional) - NOT_IN_FORM
        assert {field.key for field in fields if field.is_required} == required
        for field in fields:
            assert field.is_named == (field.name in NAMING_FIELDS)
            assert (field.codes is not None) == (field.name in {"status", "visibility", *CODED_FIELDS})
    for form_kind, left_out in ((EntryKind.ticket, set()), (EntryKind.request, FIELDS_OF_INCIDENTS)):
        names = {each.name for each in FIELDS[form_kind] if "." in each.key}
        assert names == set(TicketFields.model_fields) - left_out


def test_what_the_form_does_not_show_is_kept() -> None:
    entry = {"kind": "ticket", "case": "body.id", "custom": {"vendor_ref": "body.vendor"}}
    document = {"tool": "any", "news": [entry]}
    assert document_of(document, entries_of(document)) == document


def test_values_of_a_delivery_have_the_paths_of_expressions() -> None:
    body = {"a": {"b-c": 1, "in": None}, "list": [{"x": "y" * 200}, {}]}
    values = {each["path"]: each["value"] for each in listed_values(body, {"x-id": "7"})}
    paths = {'body.a["b-c"]', 'body.a["in"]', "body.list", "body.list[0].x", 'headers["x-id"]'}
    assert values.keys() == paths
    assert values["body.list[0].x"].endswith("y…")
