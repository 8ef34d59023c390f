"""Paragraphs that people write are encrypted in the payloads of actions, except where all of them are listed.

Canaries in `make test` try a part of the actions; this looks at the payloads of all of them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from app.common.personal import Personal
from app.kernel.actions.payloads import LONGEST_PARAGRAPH, Payload, marks, part_types
from app.platform.settings import PROJECT
from app.registry import LIFECYCLES

#: Texts of the organisation: names of payloads and their fields, a line each.
IN_CLEAR = Path(__file__).with_name("paragraphs_in_clear.txt")


def is_paragraph(annotation: Any, metadata: tuple[Any, ...] | list[Any]) -> bool:
    """Whether the field is a text as long as a paragraph, or has one in it."""
    if any(getattr(each, "max_length", None) == LONGEST_PARAGRAPH for each in metadata):
        return True
    return any(is_paragraph(each, getattr(each, "__metadata__", ())) for each in get_args(annotation))


def test_a_paragraph_in_a_payload_is_personal_or_listed() -> None:
    bodies: set[type[Payload]] = {row.body for lifecycle in LIFECYCLES for row in lifecycle.rows}
    models: set[type[BaseModel]] = set(bodies).union(*(part_types(body).values() for body in bodies))
    in_clear = {
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if name not in marks(model, Personal) and is_paragraph(field.annotation, field.metadata)
    }
    assert sorted(in_clear) == IN_CLEAR.read_text(encoding="utf-8").split()


def test_each_value_that_stays_for_good_says_so_where_it_is_typed() -> None:
    """Decision 0005 lists what programs call things, which no erasure reaches."""
    contract = json.loads((PROJECT / "openapi" / "openapi.json").read_text(encoding="utf-8"))
    schemas, parts = contract["components"]["schemas"], contract["components"]
    descriptions = [
        parts["headers"]["X-Request-Id"]["description"],
        parts["parameters"]["IdempotencyKey"]["description"],
        schemas["TagTicket"]["properties"]["tag"]["description"],
        *(
            schemas[body]["properties"]["url"]["description"]
            for body in ("NewSubscription", "NewAddress", "NewAbsenceCalendar", "NewCalendarAddress")
        ),
        (PROJECT / "docs" / "assistants.md").read_text(encoding="utf-8"),
    ]
    silent = [text[:80] for text in descriptions if "names of persons" not in text]
    assert silent == []
