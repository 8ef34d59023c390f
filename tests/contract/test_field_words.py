"""Every field of the contract has a label in both languages, and those that people fill in have help."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.api.contract.components import reached_schemas
from app.api.field_words import LABELS, answer_fields, payload_fields, take_field_words
from app.common.components import HELP, LABEL, label_members
from app.desk.contract import ScreenContract
from app.desk.forms.descriptions import MACHINE_WORDS, readable
from app.i18n import LANGUAGES
from app.i18n.field_words import field_words
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.contract.answers import as_written, document

CHINESE = re.compile("[\u4e00-\u9fff]")
#: What an administrator enters as code.
ENTERED_AS_CODE = {"CatalogueItem.form", "NewTemplate.template"}
#: Words that add nothing to a label.
GRAMMAR = frozenset(
    """
    a an and are at by for from further ha if in i it note of on or that the thi to wa what when
    """.split()  # noqa: SIM905  # as a list of literals it would be thirty lines
)
#: Help whose pronoun stands for the record: a form has no sentence before it.
ABOUT_IT = re.compile(r"\b(?:it|this) is about\b")
#: Labels that are the same in both languages.
NAMES = {"SHA-256"}


def labels() -> list[tuple[str, tuple[str, str]]]:
    """Every label with what it is for: a name, or one field of one schema."""
    shared = field_words()
    stated = as_written()[LABELS].items()
    own = {name: (label["en"], label["zh"]) for name, label in stated if name not in shared.labels}
    return [*shared.labels.items(), *shared.lists.items(), *shared.own.items(), *own.items()]


def help_texts() -> dict[str, tuple[str, str]]:
    """All help by its place: what several fields share, and what stands at its field."""
    shared = field_words()
    stated = {
        f"{schema}.{name}": (field[HELP]["en"], field[HELP]["zh"])
        for schema, name, field in payload_fields(as_written())
        if HELP in field and shared.help_place(schema, name) is None
    }
    assert "ExamineTraining.closed_book" in stated
    return {**shared.help, **stated}


def test_every_field_that_is_sent_or_answered_has_a_label() -> None:
    fields = (*payload_fields(as_written()), *answer_fields(as_written()))
    missing = {name for _, name, field in fields if LABEL not in field and name not in as_written()[LABELS]}
    assert missing == set(), "declare `label=` where the field is declared"
    named = {name for _, name, _ in fields}
    assert field_words().labels.keys() - named == set(), "nobody sends or answers them any more"


def test_a_label_stands_where_its_field_is_declared() -> None:
    assert "failed_ids" not in field_words().labels
    assert as_written()[LABELS]["failed_ids"] == {"en": "Participants who failed", "zh": "未通过人员"}
    assert _field("PlanTraining", "pass_mark_reason")[LABEL]["en"] == "Reason for a low pass mark"
    assert HELP not in _field("TrainingOut", "pass_mark_reason")


@each_case(
    "fields",
    [
        {"title": label_members(("Subject", "主题"))},
        {"room": label_members(("Room", "房间")), "hall.room": label_members(("Hall", "大厅"))},
    ],
)
def test_a_name_has_one_label(fields: dict[str, Any]) -> None:
    schemas = {place: {"properties": {place.rpartition(".")[2]: field}} for place, field in fields.items()}
    with pytest.raises(ValueError, match="this name has a label already"):
        take_field_words({"components": {"schemas": schemas}})


def test_a_label_of_its_own_is_for_a_field_that_is_there_and_says_something_else() -> None:
    fields = {
        f"{schema}.{name}": name
        for schema, name, _ in (*payload_fields(as_written()), *answer_fields(as_written()))
    }
    assert field_words().own.keys() - fields.keys() == set()
    used = {field_words().help_place(*place.split(".")) for place in fields}
    assert field_words().help.keys() - used == set(), "nobody sends these any more"
    alike = [key for key, label in field_words().own.items() if label == field_words().labels[fields[key]]]
    assert alike == []


def test_every_list_within_a_record_has_a_label_in_both_languages_and_none_is_left_over() -> None:
    contract = ScreenContract(as_written())
    children = [child for lifecycle in LIFECYCLES for child in contract.children(lifecycle.plural)]
    assert {"followers", "tags", "works", "tasks"} <= {child.name for child in children}
    assert {child.name for child in children} == field_words().lists.keys()
    for child in children:
        assert tuple(child.words[language] for language in LANGUAGES) == tuple(
            field_words().lists[child.name]
        )


@each_case(("field", "label"), labels())
def test_a_label_is_english_and_chinese(field: str, label: tuple[str, str]) -> None:
    english, chinese = label
    assert re.fullmatch(r"[A-Z0-9p][^一-鿿]{0,39}[^.]", english), english
    assert len(chinese) <= 18
    assert CHINESE.search(chinese) or chinese in NAMES


def test_a_payload_in_the_contract_says_the_labels_of_its_fields() -> None:
    title = _field("ReportIncident", "title")
    assert title[LABEL] == {"en": "Title", "zh": "标题"}
    minutes = _field("LogWork", "minutes"), _field("MinuteMeeting", "minutes")
    assert [field[LABEL]["en"] for field in minutes] == ["Minutes", "Minutes of the meeting"]
    assert all(LABEL in field for _, _, field in payload_fields(as_written()))
    assert as_written()[LABELS]["resolved_at"] == {"en": "Resolved at", "zh": "解决时间"}
    assert LABEL not in _field("IncidentOut", "resolved_at")
    assert _field("TaskOut", "position")[LABEL] == {"en": "Position", "zh": "顺序"}


def test_the_fields_of_the_forms_that_people_use_most_have_help_in_both_languages() -> None:
    assert [place for place, field in _desk_fields().items() if HELP not in field] == []
    assert _field("ReportIncident", "channel")[HELP] == {
        "en": "How the report reached the service desk.",
        "zh": "受理的渠道。",
    }


def test_help_is_a_sentence_for_people_in_each_language() -> None:
    for place, (english, chinese) in help_texts().items():
        assert re.fullmatch(r"[A-Z].*[.?]", english), place
        assert not CHINESE.search(english), place
        assert CHINESE.search(chinese), place
        assert chinese.endswith("。"), place
        assert place in ENTERED_AS_CODE or not MACHINE_WORDS.search(english), place


def _stems(text: str) -> set[str]:
    return {word.rstrip("s") for word in re.findall("[a-z]+", text.lower())} - GRAMMAR


def test_help_adds_a_noun_to_its_label_and_needs_no_sentence_before_it() -> None:
    repeated = {
        f"{schema}.{name}"
        for schema, name, field in payload_fields(as_written())
        if HELP in field and _stems(field[HELP]["en"]) <= _stems(field[LABEL]["en"])
    }
    assert repeated == set()
    assert [place for place, (english, _) in help_texts().items() if ABOUT_IT.search(english)] == []


def test_what_a_form_shows_of_a_description_is_for_people() -> None:
    described = [
        field["description"] for _, _, field in payload_fields(as_written()) if "description" in field
    ]
    assert [text for text in described if MACHINE_WORDS.search(readable(text))] == []


@each_case(
    ("description", "shown"),
    [
        ("Person who approved the change; null until it is approved.", "Person who approved the change."),
        ("Customer of the agreement, or null for all.", "Customer of the agreement."),
        (
            "True if approved maintenance counts as outage; false by default.",
            "Whether approved maintenance counts as outage; false by default.",
        ),
        ("The team: its key or id.", "The team."),
        ("Values by key, as `GET /v1/custom_fields` lists them. Empty by default.", "Empty by default."),
        ("The key of the service; null: any service.", "The service."),
        ("Their `userName` there.", ""),
    ],
)
def test_a_form_leaves_out_what_a_description_says_to_programs(description: str, shown: str) -> None:
    assert readable(description) == shown


#: The records whose forms people use most.
OFTEN_USED = set(
    """
    requests incidents problems changes articles slas persons teams keys webhook_sources catalogue_items
    subscriptions
    """.split()  # noqa: SIM905  # as a list of literals it would be a dozen lines
)


def _desk_fields() -> dict[str, dict[str, Any]]:
    """The fields of the payloads of actions on these records, by schema and name."""
    bodies = [
        operation["requestBody"]
        for path, operations in document()["paths"].items()
        for operation in operations.values()
        if OFTEN_USED.intersection(path.split("/")[2:3]) and "x-lifecycle" in operation
    ]
    schemas = reached_schemas(as_written(), bodies)
    return {
        f"{schema}.{name}": field
        for schema, name, field in payload_fields(as_written())
        if schema in schemas and name != "occurred_at"
    }


def _field(schema: str, name: str) -> dict[str, Any]:
    field: dict[str, Any] = as_written()["components"]["schemas"][schema]["properties"][name]
    return field


def test_the_codes_that_people_choose_from_have_words_in_both_languages() -> None:
    schemas = document()["components"]["schemas"]
    sent = {field["$ref"].rpartition("/")[2] for _, _, field in payload_fields(document()) if "$ref" in field}
    codes = {name: schemas[name] for name in sent if "enum" in schemas[name]}
    assert codes
    for name, schema in codes.items():
        words = schema.get("x-enum-labels", [])
        assert len(words) == len(schema["enum"]), name
        assert all(label["en"] and label["zh"] for label in words), name


def test_what_names_a_record_says_of_which_kind() -> None:
    named = [
        (schema, name)
        for schema, name, field in payload_fields(document())
        if field.get("$ref", "").endswith(("/Reference", "/ReferenceOrNull"))
        and "kind" not in field.get("x-reference", {})
    ]
    assert named == []
