"""Definitions of the demo's processes: published at the beginning of its year, except one in review and one
that was sent back.
"""

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
from app.kernel.actions.payloads import Reason


async def make_definitions(programme: Programme) -> None:
    """Play the definitions that are not there yet; the process owner writes most of them."""
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
    await script.act(
        programme.before_end(template.drafted), programme.callers[template.author], "draft", draft
    )
    heard = SubmitProcessDefinition(heard=tuple(map(programme.person, data.HEARD)))
    submitted = programme.before_end(template.drafted - data.SUBMITTED_AFTER)
    await script.act(submitted, programme.owner, "submit", heard)
    if template.changes is not None:
        published = programme.before_end(template.drafted - data.PUBLISHED_AFTER)
        body = PublishProcessDefinition(changes=template.changes)
        await script.act(published, programme.quality, "publish", body)
    if template.sent_back is not None:
        sent_back = programme.before_end(template.drafted - data.SENT_BACK_AFTER)
        await script.act(sent_back, programme.quality, "send_back", Reason(reason=template.sent_back))
