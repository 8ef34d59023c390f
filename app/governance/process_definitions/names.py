"""What a definition names: the processes of its interfaces, its templates and checklists, and the documents
to which it refers. A draft may name what is still to come; an edition that is submitted or published may not.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from app.foundation.documents.evidence import RegisteredDocuments, document_in_force
from app.foundation.own_numbers import begins_like_ours
from app.foundation.process_definitions.lookups import CHECKLIST, definition_of
from app.foundation.process_definitions.records import ProcessDefinition
from app.foundation.process_names import PROCESS_KINDS, process_named
from app.kernel.access.reads import ReadContext, Unguarded
from app.kernel.access.visibility import can_see
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue
from app.kernel.named_evidence import EvidenceQuestion
from app.log.events import kind_of

CHECKLIST_GUARD = Unguarded("A checklist that is retired meanwhile was in use when it was named.")
DOCUMENTS = RegisteredDocuments()


async def names_nothing(
    reads: ReadContext, definition: ProcessDefinition, body: Any, ctx: ActionContext
) -> None:
    """Refuse an edition whose interface or parent is a process that does not exist (`no_such_process`), or
    with a template, a checklist or a reference that does not exist, is not in force, or belongs to another
    process.
    """
    if ctx.command.follows or ctx.caller.is_machine:
        return
    await _check_processes(reads, definition)
    question = _question(reads, definition, body, ctx)
    for n, name in enumerate(definition.refers_to or ()):
        # Laws and standards have names only.
        if begins_like_ours(name):
            await document_in_force(question, name, f"/refers_to/{n}")
    if definition.templates:
        await DOCUMENTS.kept_numbers(question, "templates", definition.templates)
    process = process_named(str(definition.process))
    for n, name in enumerate(definition.checklists or ()):
        parameters = {"name": name, "process": process, "is_kind": process in PROCESS_KINDS}
        if not await reads.value(CHECKLIST, parameters, guard=CHECKLIST_GUARD):
            await DOCUMENTS.checked_number(question, name, f"/checklists/{n}")


async def _check_processes(reads: ReadContext, definition: ProcessDefinition) -> None:
    """Raise WrongValue if the parent or the process of an interface is neither ours nor has a definition. A
    draft is enough: two processes that hand over to each other are defined one after the other.
    """
    named = [("/parent", definition.parent)]
    named += [
        (f"/interfaces/{n}/process", str(entry["process"]))
        for n, entry in enumerate(definition.interfaces or ())
    ]
    for pointer, name in named:
        if name is None:
            continue
        process = process_named(await reads.defined_name(ProcessDefinition.KIND, name) or name)
        if process not in PROCESS_KINDS and await definition_of(reads, process) is None:
            raise WrongValue({"name": name}, pointer=pointer, because="no_such_process")


def _question(
    reads: ReadContext, definition: ProcessDefinition, body: Any, ctx: ActionContext
) -> EvidenceQuestion:
    """Return the question whether documents count for the edition, at the time at which it takes effect."""
    effective_at = getattr(body, "effective_at", None)
    contents = definition.model_copy(update={"effective_at": effective_at})
    is_visible = partial(_is_visible, reads, ctx)
    return EvidenceQuestion(reads, definition, contents, ctx.caller, ctx.now, is_visible)


def _is_visible(reads: ReadContext, ctx: ActionContext, stream: str, audience: list[str]) -> bool:
    lifecycle = reads.lifecycles.get(kind_of(stream))
    return lifecycle is not None and can_see(ctx.caller, lifecycle, audience, agents_see="")
