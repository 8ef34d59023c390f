"""Read side of definitions of processes: one of them, its documents, and the list."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from app.api.listings.lists import Listing
from app.api.records.columns import Columns
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.common.people import Role
from app.foundation.documents.shapes import DOCUMENT_SECTIONS, DOCUMENTS, KEPT_LISTINGS
from app.foundation.people.queries import PERSONS
from app.foundation.process_definitions.records import DefinitionContent, ProcessDefinition, RaciPart
from app.foundation.statements.shapes import STATEMENTS
from app.governance.process_definitions.lifecycle import LIFECYCLE


class DefinedActivityOut(OutputModel):
    """An activity of a process."""

    title: str = Field(description="Activity in one line.")
    role: Role | None = Field(description="Role that carries out the activity.")
    time_limit_seconds: int | None = Field(
        description="Number of seconds that the activity may take; null if there is no limit."
    )
    inputs: list[str] = Field(default=[], description="Inputs of the activity.")
    outputs: list[str] = Field(default=[], description="Outputs of the activity.")
    text: str | None = Field(
        description="Way in which the activity is carried out; null if it is not described."
    )


class AbsentContentOut(OutputModel):
    """A content that the process does not have."""

    name: DefinitionContent
    reason: str = Field(description="Reason why the process has none.")


class DefinedRoleOut(OutputModel):
    """The part that a role has in a process, or in one of its activities."""

    role: Role
    part: RaciPart
    activity: str | None = Field(
        description="Activity in which the role has the part; null for the whole process."
    )


class DecisionPointOut(OutputModel):
    """A point at which it is decided how a case goes on."""

    title: str = Field(description="Question to decide.")
    outcomes: list[str] = Field(description="Possible answers, with the consequences of each.")


class ControlPointOut(OutputModel):
    """A point at which something is checked before a case goes on."""

    title: str = Field(description="Check to make.")
    role: Role = Field(description="Role that makes the check.")
    risk: str = Field(description="Risk against which the check protects.")


class ProcessInterfaceOut(OutputModel):
    """A process that a process hands its cases over to."""

    process: str = Field(description="Process that takes over.")
    hand_over: str = Field(description="Standard of the handover that both sides have agreed.")


class DefinedTermOut(OutputModel):
    """A term of a process."""

    term: str = Field(description="Term that is defined.")
    meaning: str = Field(description="Meaning of the term.")


class PathStepOut(OutputModel):
    """A step of the path that cases are expected to take."""

    event: str = Field(description="Type of the event.")
    needed: bool = Field(description="True if a case without the step does not fit the path.")
    repeatable: bool = Field(description="True if the step may occur more than once.")
    anywhere: bool = Field(description="True if the step may occur anywhere in the path.")


class ProcessDefinitionOut(RecordOut, of=ProcessDefinition):
    """An edition of a process definition."""

    activities: list[DefinedActivityOut] | None
    raci: list[DefinedRoleOut] | None
    decision_points: list[DecisionPointOut] | None
    control_points: list[ControlPointOut] | None
    interfaces: list[ProcessInterfaceOut] | None
    none_because: list[AbsentContentOut] | None
    terms: list[DefinedTermOut] | None
    expected_path: list[PathStepOut] | None = Field(
        description="Steps of a case that goes as expected, in order; null for the shipped path, if "
        "there is one."
    )


class DefinitionRenderer(Renderer):
    """Renders definitions. Activities that version 0.1.0 stored have no inputs and outputs."""

    async def render_columns(self, columns: Columns, offered: list[dict[str, Any]] | None = None) -> None:
        """Render `columns`, each activity with its inputs and outputs."""
        if "activities" in columns:
            columns["activities"] = [
                entries and [{"inputs": [], "outputs": [], **entry} for entry in entries]
                for entries in columns["activities"]
            ]
        await super().render_columns(columns, offered)


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=ProcessDefinitionOut,
    renderer=DefinitionRenderer,
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
CHILD_LISTINGS = (DOCUMENTS, DOCUMENT_SECTIONS, *KEPT_LISTINGS, STATEMENTS)
