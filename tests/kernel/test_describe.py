"""The catalogue of events: what it says of a body is what the log keeps of it, and not what the API takes."""

from __future__ import annotations

import re
from typing import Any, get_args

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships none
from pydantic import BaseModel

from app.common.personal import Ciphertext
from app.i18n.action_labels import ENGLISH_LABELS
from app.kernel.actions.describe import HIDDEN
from app.kernel.actions.payloads import PartialPayload
from app.kernel.actions.payloads import to_event_data as as_kept
from app.registry import LIFECYCLES
from tests.builders import given, incident
from tests.cases import each_case
from tests.contract.logged import catalogue

CATALOGUE = catalogue()
LONG = "汉" * 20_000


def fields(event: str) -> dict[str, Any]:
    """What the catalogue says of the fields of that event's `to_event_data`."""
    properties: dict[str, Any] = CATALOGUE["types"][event]["given"]["properties"]
    return properties


def test_words_are_the_ciphertext_that_they_are_and_null_to_clients_once_erased() -> None:
    body = {"resolution_code": "fixed", "done": LONG}
    outcome = given(incident(state="in_progress")).when("resolve", body)
    assert outcome.decided is not None
    payload = outcome.decided[1].data["given"]
    assert len(payload["done"]) > len(LONG)
    schema = Draft202012Validator(CATALOGUE["types"]["incident.resolved"]["given"])
    schema.validate(payload)
    schema.validate({**payload, "done": None})
    of_row = CATALOGUE["rows"]["incident"]["properties"]["cause"]
    assert fields("incident.resolved")["cause"] == {
        "type": of_row["type"],
        "title": "Cause",
        "description": f"Cause of the incident, if it is known. {of_row['description']}",
    }


def test_names_of_records_are_the_ids_that_are_kept() -> None:
    assert fields("incident.assigned")["team"]["format"] == "uuid"
    assert fields("person.added")["teams"]["items"] == {"type": "string", "format": "uuid"}
    assert fields("person.added")["teams"]["maxItems"] == 50


def test_what_was_not_said_is_left_out_and_never_null() -> None:
    assert fields("incident.reported")["began_at"]["type"] == "string"
    assert "default" not in fields("incident.reported")["began_at"]
    assert fields("person.added")["kind"]["default"] == "human"


def nullable(body: type[BaseModel]) -> list[str]:
    """The fields of a patch from which a value can be taken away."""
    return [
        name
        for name, field in body.model_fields.items()
        if name != "occurred_at" and type(None) in get_args(field.annotation)
    ]


PATCHES = [
    (row.event, row.body, name)
    for lifecycle in LIFECYCLES
    for row in lifecycle.rows
    if issubclass(row.body, PartialPayload)
    for name in nullable(row.body)
]


@each_case(("event", "body", "name"), PATCHES, ids=str)
def test_whatever_an_edit_takes_away_is_null_in_its_event(
    event: str, body: type[PartialPayload], name: str
) -> None:
    payload = as_kept(body.model_validate({name: None}), {}, no_encrypt)
    assert payload == {name: None}
    Draft202012Validator(CATALOGUE["types"][event]["given"]).validate(payload)


def no_encrypt(text: str) -> Ciphertext:
    """Nothing is said that would be encrypted."""
    raise AssertionError(text)


def test_what_no_client_is_shown_is_said_to_be() -> None:
    assert fields("key.made")["secret_hash"]["description"].endswith(HIDDEN)
    assert CATALOGUE["rows"]["key"]["properties"]["secret_hash"]["description"] == HIDDEN


def test_an_english_label_of_its_own_belongs_to_an_action_and_differs_from_its_name() -> None:
    rows = [(lifecycle.kind, action.name) for lifecycle in LIFECYCLES for action in lifecycle.rows]
    assert ENGLISH_LABELS.keys() <= {name for kind, row in rows for name in (row, f"{kind}.{row}")}
    names = {key: key.rpartition(".")[2].replace("_", " ").capitalize() for key in ENGLISH_LABELS}
    alike = [key for key, label in ENGLISH_LABELS.items() if label == names[key]]
    assert alike == []


def test_no_button_asks_or_notes_in_a_clipped_way() -> None:
    labels = {action.label("en") for lifecycle in LIFECYCLES for action in lifecycle.rows}
    assert {label for label in labels if re.match(r"(?:Ask|Note|Fall|Lapse|Tell) ", label)} == set()
