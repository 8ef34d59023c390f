"""Answers show the fields of their record as they are declared there."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from app.api.records.shapes import OutputModel, PersonStub, RecordOut, TeamStub
from app.common.personal import Personal
from app.common.records import ChildRecord, ForeignRef, Hidden, Record, StaffOnly, optional, required


class Loan(Record):
    """Equipment that a person has borrowed."""

    KIND: ClassVar[str] = "loan"

    item: str | None = required("The equipment.")
    borrower_id: Annotated[UUID | None, ForeignRef("person")] = required("The borrower.")
    team_id: Annotated[UUID | None, ForeignRef("team")] = None
    release_id: Annotated[UUID | None, ForeignRef("release")] = None
    remark: Annotated[str | None, Personal()] = required()
    worth: Annotated[int | None, StaffOnly()] = required()
    secret: Annotated[str | None, Hidden()] = required()
    marks: list[str] | None = required()
    returned_at: datetime | None = optional("The time of its return.")


class LoanOut(RecordOut, of=Loan, without="release_id", after={"item": "returned_at"}):
    """A loan."""

    marks: list[int]
    overdue: bool


class LoanRemark(ChildRecord):
    """A remark on a loan."""

    KIND: ClassVar[str] = "loan_remark"

    said_at: datetime | None = required()


class LoanRemarkOut(OutputModel, of=LoanRemark):
    """A remark on a loan."""


def types_of(answer: type[OutputModel]) -> dict[str, Any]:
    return {name: field.annotation for name, field in answer.model_fields.items()}


def test_an_answer_has_what_its_record_shows_in_the_same_order() -> None:
    own = {name: kind for name, kind in types_of(LoanOut).items() if name not in RecordOut.model_fields}
    assert list(own.items()) == [
        ("item", str),
        ("returned_at", datetime | None),
        ("borrower", PersonStub),
        ("team", TeamStub | None),
        ("remark", str | None),
        ("worth", int | None),
        ("marks", list[int]),
        ("overdue", bool),
    ]


def test_an_answer_describes_a_field_as_its_record_does() -> None:
    described = {name: field.description for name, field in LoanOut.model_fields.items() if name in LOAN}
    assert described == LOAN


LOAN = {"item": "The equipment.", "borrower": "The borrower.", "returned_at": "The time of its return."}


def test_a_child_record_is_shown_without_the_record_that_it_stands_on() -> None:
    assert types_of(LoanRemarkOut) == {"id": UUID, "said_at": datetime}


def test_a_description_has_all_reasons_for_null_in_one_sentence() -> None:
    class Advice(Record):
        """Advice on a loan."""

        KIND: ClassVar[str] = "advice"

        plain: Annotated[str | None, Personal()] = required("The advice.")
        reasoned: Annotated[str | None, Personal()] = optional(
            "The advice; null until it is given. Be brief."
        )
        longer: Annotated[str | None, Personal()] = required("The advice. Be brief.")

    class AdviceOut(RecordOut, of=Advice):
        """Advice."""

    assert [AdviceOut.model_fields[name].description for name in ("plain", "reasoned", "longer")] == [
        "The advice; null if its author was erased.",
        "The advice; null until it is given, or if its author was erased. Be brief.",
        "The advice. Be brief. Null if its author was erased.",
    ]
