"""Definitions of the demo's processes: published at the beginning of its year, except one in review."""

from __future__ import annotations

from app.demo.data.governance import definition_data as data
from app.demo.data.governance.definition_data import DefinitionTemplate
from app.demo.data.organisation import HEAD_OF_IT
from app.demo.programme import Programme, ProgrammeScript
from app.governance.process_definitions.payloads import (
    DraftProcessDefinition,
    PublishProcessDefinition,
    SubmitProcessDefinition,
)


async def make_definitions(programme: Programme) -> None:
    """Play the definitions that are not there yet; the process owner writes them."""
    for template in data.DEFINITIONS:
        await _define(programme, template)


async def _define(programme: Programme, template: DefinitionTemplate) -> None:
    script = ProgrammeScript(programme, "process_definition", template.process)
    draft = DraftProcessDefinition.model_validate(
        {
            "process": template.process,
            "department": data.DEPARTMENT,
            "owner": programme.person(HEAD_OF_IT),
            "executor": programme.person(template.executor),
            **template.contents,
            "none_because": [
                {"name": name, "reason": reason}
                for name, reason in data.NONE_BECAUSE.items()
                if name not in template.contents
            ],
        }
    )
    await script.act(programme.before_end(template.drafted), programme.owner, "draft", draft)
    heard = SubmitProcessDefinition(heard=tuple(map(programme.person, data.HEARD)))
    submitted = programme.before_end(template.drafted - data.SUBMITTED_AFTER)
    await script.act(submitted, programme.owner, "submit", heard)
    if template.changes is not None:
        published = programme.before_end(template.drafted - data.PUBLISHED_AFTER)
        body = PublishProcessDefinition(changes=template.changes)
        await script.act(published, programme.quality, "publish", body)
