"""Payloads take descriptions from records, patches their fields from payloads, records what payloads say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, ClassVar
from uuid import uuid4

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from app.common.people import Caller
from app.common.records import ForeignRef, Record, empty, optional, required
from app.kernel.actions.context import ActionContext, ActionSettings
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.payloads import Patch, Payload, Reference, Remark, Title


class Shelf(Record):
    """A shelf of a library."""

    KIND: ClassVar[str] = "shelf"

    title: str | None = required("The shelf in a line.", examples=["Poems"])
    owner_id: Annotated[str | None, ForeignRef("person")] = optional("The person who tends it.")
    subjects: list[str] | None = optional("The subjects that stand on it.")
    floors: list[str] | None = required("The floors that it reaches.")


class ShelfFields(Payload, of=Shelf):
    """What can be said of a shelf."""

    title: Title
    owner: Annotated[Reference, ForeignRef("person")] | None = None
    subjects: tuple[Title, ...] = ()
    floors: tuple[Title, ...] = Field(default=(), description="The floors, from below.")


class EditShelf(Patch, ShelfFields):
    """The fields to change."""


def _context() -> ActionContext:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return ActionContext(Caller("person:x", uuid4()), now, now, ActionSettings(reopen_days=0))


def _shelf() -> Shelf:
    shelf = empty(Shelf, uuid4())
    shelf.title, shelf.subjects, shelf.floors = "Old", ["Maps"], ["1"]
    return shelf


def test_descriptions_and_examples_are_the_records() -> None:
    fields = ShelfFields.model_json_schema()["properties"]
    assert (fields["title"]["description"], fields["title"]["examples"]) == (
        "The shelf in a line.",
        ["Poems"],
    )
    assert fields["owner"]["description"] == "The person who tends it."


def test_what_a_payload_says_itself_stands() -> None:
    assert ShelfFields.model_fields["floors"].description == "The floors, from below."


def test_a_patch_may_leave_out_what_the_payload_requires() -> None:
    assert EditShelf.model_validate({"subjects": []}).model_fields_set == {"subjects"}
    assert EditShelf.model_json_schema()["properties"]["title"]["description"] == "The shelf in a line."


@pytest.mark.parametrize("body", [{}, {"title": None}, {"title": ""}])
def test_a_patch_refuses_what_the_payload_refuses(body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EditShelf.model_validate(body)


def test_a_patch_sets_only_what_was_sent() -> None:
    shelf = _shelf()
    copy_fields(shelf, EditShelf.model_validate({"subjects": []}), _context())
    assert (shelf.title, shelf.subjects, shelf.floors) == ("Old", None, ["1"])


def test_an_empty_list_is_null_only_where_a_record_may_do_without() -> None:
    shelf = _shelf()
    copy_fields(shelf, ShelfFields(title="New"), _context())
    assert (shelf.title, shelf.subjects, shelf.floors) == ("New", None, [])


def test_what_is_named_to_stay_out_stays() -> None:
    shelf = _shelf()
    copy_fields(shelf, ShelfFields(title="New"), _context(), without="title floors")
    assert (shelf.title, shelf.floors) == ("Old", ["1"])


def test_breaks_of_word_processors_are_line_breaks_of_paragraphs() -> None:
    remark = TypeAdapter(Remark)
    assert remark.validate_python("First\x0bsecond\x0cthird") == "First\nsecond\nthird"
    with pytest.raises(ValidationError, match="control characters"):
        remark.validate_python("First\x07")
