"""Lifecycle of definitions of processes; each edition is a record of its own.

draft ⇄ in_review ─► [piloting] ─► published ─► superseded | retired
"""

from __future__ import annotations

from app.common.notices import NoticeType, RecipientRule
from app.common.people import Person, Role
from app.common.records import Record
from app.foundation.decisions.authorship import authors_do_not_judge
from app.foundation.documents.filing import CHILDREN as DOCUMENTS
from app.foundation.documents.filing import file_document, load_documents
from app.foundation.documents.filing import supersede as supersede_document
from app.foundation.documents.keeping.actions import KeptDocuments, document_actions
from app.foundation.documents.records import DocumentClass, Heading
from app.foundation.editing import apply_patch
from app.foundation.people.succession.handing_over import succession_rows
from app.foundation.process_definitions.lookups import DEFINED_NAME, DEFINED_SPELLINGS
from app.foundation.process_definitions.records import DefinitionState as State
from app.foundation.process_definitions.records import ProcessDefinition
from app.foundation.statements.actions import (
    StatementsOfRecord,
    add_statements,
    statement_rows,
    statements_of_record,
)
from app.foundation.statements.records import PersonStatement, StatedFact
from app.governance.process_definitions import checks
from app.governance.process_definitions.names import names_nothing
from app.governance.process_definitions.payloads import (
    CONTENTS,
    DraftProcessDefinition,
    EditProcessDefinition,
    GrantFreezeExceptionProcessDefinition,
    PilotProcessDefinition,
    PublishProcessDefinition,
    RetireProcessDefinition,
    SubmitProcessDefinition,
    SupersedeProcessDefinition,
    TakeNamesProcessDefinition,
)
from app.governance.process_definitions.preparation import (
    PublishedEditions,
    definition_freeze,
    published_editions,
)
from app.kernel.access.audience_rules import to_persons, to_staff
from app.kernel.access.kinds import Lookup
from app.kernel.actions.actor_policy import (
    RecordDuty,
    process_owner,
    process_relation,
    quality_manager,
    role,
    rule,
)
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import Reason
from app.kernel.actions.related import RelatedCommand
from app.kernel.actions.rules import RetryDecision, Rules
from app.kpis.catalogue import KPIS


def draft(definition: ProcessDefinition, body: DraftProcessDefinition, ctx: ActionContext) -> None:
    """Draft a process definition. The next edition begins as a copy of the published one."""
    assert ctx.assigned.number is not None, "definitions have numbers"
    definition.number = ctx.assigned.number
    definition.author_id = ctx.caller.person_id
    present = ctx.prepared(PublishedEditions).present
    for name in (*CONTENTS, "aliases") if present is not None else ():
        setattr(definition, name, getattr(present, name))
    left_out = type(body).model_fields.keys() - body.model_fields_set
    copy_fields(definition, body, ctx, without=" ".join(left_out))


def edit(definition: ProcessDefinition, body: EditProcessDefinition, ctx: ActionContext) -> None:
    """Edit the draft of the definition."""
    apply_patch(definition, body, ctx)


def submit(definition: ProcessDefinition, body: SubmitProcessDefinition, ctx: ActionContext) -> None:
    """Submit the definition for review, after those concerned were consulted."""
    heard = dict.fromkeys(person.id for person in ctx.refs(Person, "heard"))
    definition.heard_ids = [str(person_id) for person_id in heard]
    for row in ctx.prepared(StatementsOfRecord).rows:
        ctx.outcome.remove(row)
    add_statements(definition, StatedFact.consulted, heard, ctx)


def forget_hearing(definition: ProcessDefinition, row: PersonStatement, ctx: ActionContext) -> None:
    """Take the person who objected out of those who were consulted."""
    heard = [person_id for person_id in definition.heard_ids or () if person_id != str(row.person_id)]
    definition.heard_ids = heard


def send_back(definition: ProcessDefinition, body: Reason, ctx: ActionContext) -> None:
    """Send the definition back, to its author. An exception from a freeze was granted for what it said."""
    definition.freeze_exception = definition.freeze_exception_reason = None
    definition.freeze_exception_by_id = None


def grant_freeze_exception(
    definition: ProcessDefinition, body: GrantFreezeExceptionProcessDefinition, ctx: ActionContext
) -> None:
    """Grant the process definition a freeze exception."""
    definition.freeze_exception = body.freeze_exception
    definition.freeze_exception_reason = body.freeze_exception_reason
    definition.freeze_exception_by_id = ctx.caller.person_id


def pilot(definition: ProcessDefinition, body: PilotProcessDefinition, ctx: ActionContext) -> None:
    """Pilot the definition, with an improvement, before it is published."""
    definition.improvement_id = ctx.required_ref(Record, "improvement").id


def publish(definition: ProcessDefinition, body: PublishProcessDefinition, ctx: ActionContext) -> None:
    """Publish the definition, under the number of its document. The edition before is superseded, but stays
    in force until this one takes effect.
    """
    published = ctx.prepared(PublishedEditions)
    definition.edition = max((edition.edition or 0 for edition in published.editions), default=0) + 1
    definition.effective_at = body.effective_at or ctx.counts_from
    definition.document_number = ctx.assigned.document_number
    if published.present is not None:
        names = dict.fromkeys((*(published.present.aliases or ()), *(definition.aliases or ())))
        definition.aliases = list(names) or None
    file_document(definition, DocumentClass.PR, ((Heading.changes, body.changes),), ctx)


def take_names(definition: ProcessDefinition, body: TakeNamesProcessDefinition, ctx: ActionContext) -> None:
    """Take over names for the process definition: names that are in use mean this process from now on."""
    definition.aliases = list(dict.fromkeys((*(definition.aliases or ()), *body.names)))


def supersede(definition: ProcessDefinition, body: SupersedeProcessDefinition, ctx: ActionContext) -> None:
    """Supersede the definition: its next edition replaces it."""
    supersede_document(DocumentClass.PR, ctx)


def retire(definition: ProcessDefinition, body: RetireProcessDefinition, ctx: ActionContext) -> None:
    """Retire the definition, as the heads of the teams have approved: the process no longer exists, or is no
    longer defined.
    """
    definition.retirement_reason = body.retirement_reason
    change = ctx.ref(Record, "process_change")
    if change is not None:
        definition.process_change_ids = [*(definition.process_change_ids or ()), str(change.id)]
    supersede_document(DocumentClass.PR, ctx)


def _superseded(ctx: ActionContext) -> str | tuple[str, ...]:
    present = ctx.prepared(PublishedEditions).present
    return () if present is None else present.row_key


def _retiring(ctx: ActionContext) -> str | tuple[str, ...]:
    change = ctx.ref(Record, "process_change")
    return () if change is None else change.row_key


SUPERSEDE = RelatedCommand(
    action="supersede",
    field="",
    record=_superseded,
    body=lambda definition, body: {"by": str(definition.id)},
    permitted=True,
)
#: The application that retires the process leads to nothing else.
CLOSE_APPLICATION = RelatedCommand(
    action="publish",
    field="",
    record=_retiring,
    body=lambda definition, body: {"definition": str(definition.id)},
    permitted=True,
)
AUTHOR = (RecordDuty("author", "作者", ("author_id",)),)
AUTHORS_DO_NOT_JUDGE = authors_do_not_judge((*CONTENTS, "process_change_ids"))
#: The owner by post, without a role: proposes, reviews and publishes their process.
owner = process_relation("definition_owner", "the owner of the process", "该流程的负责人", "owner_id")
executor = process_relation(
    "definition_executor", "the executor of the process", "该流程的执行人", "executor_id"
)
#: A new edition names no owner yet: a check finds the holder of the post in the published edition.
holder_of_post = process_relation(
    "definition_post",
    "its owner or executor",
    "该流程的负责人或执行人",
    named_in=(("process_definition", "owner_id"), ("process_definition", "executor_id")),
)
DRAFTERS = process_owner | role(Role.process_designer)
EDITORS = DRAFTERS | owner | executor
JUDGES = quality_manager | owner
NAMERS = quality_manager | process_owner | owner
TO_REVIEW = (
    RecipientRule(NoticeType.definition_to_review, roles=frozenset({Role.quality_manager})),
    RecipientRule(NoticeType.definition_to_review, field="owner_id"),
)
TO_AUTHOR = (RecipientRule(NoticeType.definition_sent_back, field="author_id"),)
OBJECTED = (RecipientRule(NoticeType.statement_objected, roles=frozenset({Role.quality_manager})),)
PUBLISHED_TO, RETIRED_TO = (
    tuple(RecipientRule(notice, field=name) for name in ("author_id", "owner_id", "executor_id"))
    for notice in (NoticeType.definition_published, NoticeType.definition_retired)
)

DOCUMENTS_KEPT = KeptDocuments(
    kind="process_definition",
    any=(State.published, State.superseded, State.retired),
    archivable=(State.superseded, State.retired),
)

#: A freeze is not lifted by somebody who is hindered by it.
PARTY = (
    RecordDuty(
        "person with a part in the process",
        "流程的编写人、负责人或执行人",
        ("author_id", "owner_id", "executor_id"),
    ),
)
COMMITTEE = role(Role.committee_member).for_people().in_person()

# fmt: off
LIFECYCLE = Lifecycle(
    kind="process_definition", plural="process_definitions", zh="流程定义", record=ProcessDefinition, code="PRD",
    visible=(to_staff(), to_persons("author_id", "owner_id", "executor_id")),
    children=(*DOCUMENTS, PersonStatement),
    lookup=Lookup(vocabulary=frozenset(KPIS), defined_name=DEFINED_NAME, defined_spellings=DEFINED_SPELLINGS),
    rules=Rules(constraints={"process_definition_edition_key": RetryDecision()}),
    rows=(
        #      action     中文    from                               to                who              event
        action(draft,     "起草", NEW_RECORD,                        State.draft,      DRAFTERS | holder_of_post,        "process_definition.drafted",
               prepare=(published_editions,), wrong=(checks.not_their_process, checks.contents_invalid)),
        action(edit,      "编辑", [State.draft],                     STAYS,            EDITORS,         "process_definition.edited",
               wrong=(checks.contents_invalid,)),
        action(submit,    "提交", [State.draft],                     State.in_review,  process_owner | owner, "process_definition.submitted",
               unless=(checks.contents_missing, checks.post_holder_left), prepare=(statements_of_record,),
               wrong=(checks.contents_unexplained, checks.thin_contents, checks.steps_do_not_fit, names_nothing, checks.only_author_heard), notifies=TO_REVIEW),
        action(send_back, "退回", [State.in_review, State.piloting], State.draft,      JUDGES,          "process_definition.sent_back", notifies=TO_AUTHOR),
        action(pilot,     "试行", [State.in_review],                 State.piloting,   quality_manager, "process_definition.piloted",
               unless=(checks.nobody_consulted,), wrong=(checks.of_another_improvement,)),
        action(grant_freeze_exception, "批准冻结例外", [State.in_review, State.piloting], STAYS, COMMITTEE,       "process_definition.freeze_exception_granted",
               segregate_from=PARTY),
        action(publish,   "发布", [State.in_review, State.piloting], State.published,  JUDGES,          "process_definition.published",
               unless=(checks.nobody_consulted, checks.post_holder_left),
               prepare=(published_editions, definition_freeze, load_documents), wrong=(checks.owner_not_in_post, *checks.PUBLICATION, AUTHORS_DO_NOT_JUDGE),
               segregate_from=AUTHOR, related=SUPERSEDE, document=lambda _: DocumentClass.PR, notifies=PUBLISHED_TO),
        action(take_names, "收录名称", [State.published],            STAYS,            NAMERS,          "process_definition.names_taken",
               wrong=(checks.name_of_another,)),
        action(supersede, "取代", [State.published],                 State.superseded, rule,            "process_definition.superseded",
               prepare=(load_documents,)),
        action(retire,    "停用", [State.published],                 State.retired,    quality_manager, "process_definition.retired",
               prepare=(load_documents,), wrong=(checks.retirement_not_approved,), related=CLOSE_APPLICATION, notifies=RETIRED_TO),
        *statement_rows("process_definition", set(State) - {State.draft}, forget=forget_hearing, notifies=OBJECTED),
        *document_actions(DOCUMENTS_KEPT),
        *succession_rows("process_definition", State),
    ),
)
# fmt: on
