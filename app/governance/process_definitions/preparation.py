"""Values that actions on definitions of processes load beforehand: the other editions, and a freeze."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app.foundation.process_definitions.lookups import editions_of, freezing_improvement
from app.foundation.process_definitions.records import DefinitionState, ProcessDefinition
from app.kernel.access.reads import ReadContext
from app.kernel.actions.context import ActionContext


@dataclass(frozen=True, slots=True)
class PublishedEditions:
    """The editions of the same process that were published so far, the newest last."""

    editions: tuple[ProcessDefinition, ...]

    @property
    def present(self) -> ProcessDefinition | None:
        """Return the published one."""
        return next(
            (edition for edition in self.editions if edition.state is DefinitionState.published), None
        )


async def published_editions(
    reads: ReadContext, definition: ProcessDefinition, body: Any, ctx: ActionContext
) -> PublishedEditions:
    """Find the editions of the same process that were published so far."""
    return PublishedEditions(tuple(await editions_of(reads, definition.process or body.process)))


@dataclass(frozen=True, slots=True)
class DefinitionFreeze:
    """The number of the improvement since whose cutover the definition is frozen; None: it is not."""

    number: str | None


async def definition_freeze(
    reads: ReadContext, definition: ProcessDefinition, body: object, ctx: ActionContext
) -> DefinitionFreeze:
    """Find an improvement of the process that has cut over and is not optimised yet, other than the one that
    pilots this definition.
    """
    assert definition.process is not None
    number = await freezing_improvement(reads, definition.process, definition.improvement_id)
    return DefinitionFreeze(number)
