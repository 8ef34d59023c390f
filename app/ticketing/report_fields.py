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
        default=None, description="The key of the service, if known."
    )
    ci: Annotated[RecordKey, KeyRef("ci")] | None = Field(
        default=None, description="The key of the configuration item, if known."
    )

    custom: CustomValues = Field(default_factory=dict)


class ReportFields(SubjectFields):
    """A ticket in its reporter's words, and the objects that it is about."""

    title: Title = Field(description="The matter in a line, without names of persons: lists show it.")
    description: FreeText = Field(description="The matter in the words of the person who reports it.")
