"""The fields that people give when they report an incident, a request or a problem, and may edit later."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.common.records import KeyRef
from app.foundation.custom.values import CustomValues
from app.kernel.actions.payloads import FreeText, Payload, RecordKey, Title


class SubjectFields(Payload):
    """The objects that a ticket is about."""

    service: Annotated[RecordKey, KeyRef("service")] | None = Field(
        default=None, description="Key of the service, if it is known."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="Key of the configuration item, if it is known."
    )

    custom: CustomValues = Field(default_factory=dict)


class ReportFields(SubjectFields):
    """A ticket in its reporter's words, and the objects that it is about."""

    title: Title = Field(description="Title in one line, without names of persons, as lists show it.")
    description: FreeText = Field(description="Description in the words of the person who reports it.")
