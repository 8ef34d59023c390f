"""Read side of definitions of processes: one of them, its documents, and the list."""

from __future__ import annotations

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.shapes import OutputModel, RecordOut
from app.common.people import Role
from app.foundation.documents.shapes import DOCUMENT_SECTIONS, DOCUMENTS, KEPT_LISTINGS
from app.foundation.people.queries import PERSONS
from app.foundation.process_definitions.records import ProcessDefinition, RaciPart
from app.governance.process_definitions.lifecycle import LIFECYCLE


class DefinedActivityOut(OutputModel):
    """An activity of a process."""

    title: str
    role: Role | None = Field(description="The role that carries it out.")
    time_limit_seconds: int | None = Field(description="The seconds that it may take; null: no limit.")
    text: str | None = Field(description="The way in which it is done.")


class DefinedRoleOut(OutputModel):
    """The part that a role has in a process, or in one of its activities."""

    role: Role
    part: RaciPart
    activity: str | None = Field(description="The activity of which it has that part; null: all of it.")


class DecisionPointOut(OutputModel):
    """A point at which it is decided how a case goes on."""

    title: str
    outcomes: list[str]


class ControlPointOut(OutputModel):
    """A point at which something is checked before a case goes on."""

    title: str
    role: Role = Field(description="The role that checks it.")
    risk: str = Field(description="The risk against which it is checked.")


class ProcessInterfaceOut(OutputModel):
    """A process that a process hands its cases over to."""

    process: str = Field(description="The process that takes over.")
    hand_over: str = Field(description="The standard of the hand-over that both sides have agreed.")


class DefinedTermOut(OutputModel):
    """A term of a process."""

    term: str
    meaning: str


class PathStepOut(OutputModel):
    """A step of the path that cases are expected to take."""

    event: str = Field(description="The type of the event.")
    needed: bool = Field(description="True if a case without it does not fit.")
    repeatable: bool = Field(description="True if it may occur more than once.")
    anywhere: bool = Field(description="True if it may stand at any place of the path.")


class ProcessDefinitionOut(RecordOut, of=ProcessDefinition):
    """An edition of the definition of a process."""

    activities: list[DefinedActivityOut] | None
    raci: list[DefinedRoleOut] | None
    decision_points: list[DecisionPointOut] | None
    control_points: list[ControlPointOut] | None
    interfaces: list[ProcessInterfaceOut] | None
    terms: list[DefinedTermOut] | None
    expected_path: list[PathStepOut] | None = Field(
        description="The steps of a case that goes as it should, in order; null: as shipped, if at all."
    )


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ProcessDefinitionOut,
    filters=(
        "state",
        "process",
        "parent",
        "owner",
        "executor",
        "improvement_id",
        "effective_at",
        "changed_at",
    ),
    sorts=("effective_at", "changed_at"),
    expands=(PERSONS,),
)
CHILD_LISTINGS = (DOCUMENTS, DOCUMENT_SECTIONS, *KEPT_LISTINGS)
