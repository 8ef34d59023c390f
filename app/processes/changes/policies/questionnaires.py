"""The questionnaire about the risk of a change (lifecycle).

Change managers set it. It determines who decides on changes, so it is used once a second person has agreed.

set
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.common.faces import RecordFace
from app.common.notices import NoticeType, RecipientRule
from app.common.people import Role
from app.common.priorities.risk_level import RiskLevel
from app.foundation.decisions.approval_rules.versions import MatterOpening
from app.foundation.decisions.authorship import agreed_by_another, agrees_to_what_was_read, another_edition
from app.foundation.decisions.lookups import acts_on
from app.foundation.decisions.payloads import AgreeToEdition
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.reads import ReadContext, Versions
from app.kernel.actions.actor_policy import admin, process_owner, quality_manager
from app.kernel.actions.context import ActionContext
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.refusals import WrongValue
from app.processes.changes.planning.lookups import QUESTIONNAIRE
from app.processes.changes.planning.lookups import QUESTIONNAIRE_STREAMS as STREAMS
from app.processes.changes.policies.payloads import (
    AddRiskQuestionnaire,
    AskedQuestion,
    ReviseRiskQuestionnaire,
)
from app.processes.changes.policies.records import QuestionnaireState as State
from app.processes.changes.policies.records import RiskQuestionnaire
from app.processes.changes.policies.risk import (
    DEFAULT_QUESTIONNAIRE,
    RiskAnswer,
    RiskQuestion,
    level,
    score,
)
from app.processes.changes.policies.templates import CHANGE_MANAGER


def add(questionnaire: RiskQuestionnaire, body: AddRiskQuestionnaire, ctx: ActionContext) -> None:
    """Add a risk questionnaire. It is used once a second person agrees. Changes that were assessed keep their
    risk.
    """
    _set(questionnaire, _contents(body), ctx)
    questionnaire.edition = 1
    questionnaire.awaits_agreement = True if ctx.caller.person_id is not None else None


def revise(questionnaire: RiskQuestionnaire, body: ReviseRiskQuestionnaire, ctx: ActionContext) -> None:
    """Revise the questionnaire. The revision is used once a second person agrees. Changes that were assessed
    keep their risk.
    """
    questionnaire.edition = (questionnaire.edition or 1) + 1
    if questionnaire.awaits_agreement or ctx.caller.person_id is None:
        _set(questionnaire, _contents(body), ctx)
    else:
        questionnaire.revision = _contents(body)


def agree(questionnaire: RiskQuestionnaire, body: AgreeToEdition, ctx: ActionContext) -> None:
    """Agree to the questionnaire, or to its revision, as a second person: it is used from now on."""
    _set(questionnaire, questionnaire.revision or {}, ctx)
    questionnaire.awaits_agreement = None
    questionnaire.agreed_by_id = ctx.caller.person_id


def _set(questionnaire: RiskQuestionnaire, contents: dict[str, Any], ctx: ActionContext) -> None:
    for name, value in contents.items():
        setattr(questionnaire, name, value)
    questionnaire.revision = None
    questionnaire.set_at = ctx.occurred_at


def _contents(body: AddRiskQuestionnaire) -> dict[str, Any]:
    return {
        "questions": [_question_row(question) for question in body.questions],
        "high_from": body.high_from,
        "medium_from": body.medium_from,
    }


async def nothing_to_agree(
    reads: ReadContext, questionnaire: RiskQuestionnaire, ctx: ActionContext
) -> str | None:
    """Refuse if the questionnaire is used as it is, without a revision (`nothing_to_agree`)."""
    return None if questionnaire.is_unagreed else "nothing_to_agree"


def _question_row(question: AskedQuestion) -> dict[str, Any]:
    # In the order of the event's members, so that a replayed answer, read from the event, has the same bytes.
    answers = [
        {"key": answer.key, "points": answer.points, "text_en": answer.text_en, "text_zh": answer.text_zh}
        for answer in question.answers
    ]
    return {
        "answers": answers,
        "key": question.key,
        "text_en": question.text_en,
        "text_zh": question.text_zh,
    }


async def questionnaire_inconsistent(
    reads: ReadContext, questionnaire: RiskQuestionnaire, body: AddRiskQuestionnaire, ctx: ActionContext
) -> None:
    """Refuse if two questions, or two answers of a question, have the same key, or if the points of all
    answers do not reach a medium and a high risk.
    """
    keys: set[str] = set()
    for n, question in enumerate(body.questions):
        if question.key in keys:
            raise WrongValue(pointer=f"/questions/{n}/key", because="question_twice")
        keys.add(question.key)
        answer_keys: set[str] = set()
        for m, answer in enumerate(question.answers):
            if answer.key in answer_keys:
                raise WrongValue(pointer=f"/questions/{n}/answers/{m}/key", because="answer_twice")
            answer_keys.add(answer.key)
    if body.high_from <= body.medium_from:
        raise WrongValue(pointer="/high_from", because="high_not_above_medium")
    most_points = sum(max(answer.points for answer in question.answers) for question in body.questions)
    if body.high_from > most_points:
        raise WrongValue({"most": str(most_points)}, pointer="/high_from", because="out_of_reach")


@dataclass(frozen=True, slots=True)
class QuestionnaireInForce:
    """The questionnaire by which changes are assessed; its `id` is None if it is the default one."""

    id: UUID | None
    version: int
    questions: tuple[RiskQuestion, ...]
    medium_from: int
    high_from: int

    def score(self, answers: Mapping[str, str]) -> tuple[int, RiskLevel]:
        """Return the points of the answers, given by the keys of their questions, and the level that they
        come to. Raises WrongValue for each question that is not answered, or not asked.
        """
        points, faults = score(self.questions, answers)
        if faults:
            first, *further = (
                WrongValue(
                    dict(fault.words), pointer=f"/risk_answers/{fault.question}", because=fault.because
                )
                for fault in faults
            )
            raise WrongValue(
                first.words, pointer=first.pointer, because=first.because, further=tuple(further)
            )
        return points, level(points, self.medium_from, self.high_from)


async def questionnaire_in_force(reads: ReadContext) -> QuestionnaireInForce:
    """Return the questionnaire that was set last, or else the default one. If it is revised meanwhile, the
    command is decided again.
    """
    guard = Versions(version="stream_version")
    return questionnaire_of(await reads.row(QUESTIONNAIRE, guard=guard))


@dataclass(frozen=True, slots=True)
class QuestionnaireVersion:
    """A questionnaire as it was used from a time on; `set_by` and `agreed_by` are null for a rule or an
    import, `agreed_by` also for one from before a second person had to agree.
    """

    questionnaire: QuestionnaireInForce
    set_by: UUID | None
    agreed_by: UUID | None
    set_at: datetime

    def is_trusted(self, opening: MatterOpening) -> bool:
        """Return whether the version counts for a matter without a comparison with earlier ones."""
        return all(opening.trusts(person, self.set_at) for person in (self.set_by, self.agreed_by))


async def questionnaire_versions(reads: ReadContext) -> list[QuestionnaireVersion]:
    """Return all questionnaires as they were ever used, by the log, the oldest first."""
    fields: dict[str, dict[str, Any]] = {}
    setters: dict[str, UUID | None] = {}
    versions = []
    rows = await reads.rows(STREAMS, guard=Versions(version="stream_version"))
    acts = await acts_on(reads, [row["stream"] for row in rows])
    for act in sorted(acts, key=lambda act: act.recorded_at):
        row = fields.setdefault(act.stream, {"id": UUID(act.stream.partition("/")[2]), "version": 0})
        values = act.rows_set.get(act.stream) or {}
        row |= values
        agreed_by = act.person_id if "agreed_by_id" in values else None
        if agreed_by is None:
            setters[act.stream] = act.person_id
        if not row.get("awaits_agreement") and not row.get("revision"):
            setter = setters.get(act.stream)
            versions.append(QuestionnaireVersion(questionnaire_of(row), setter, agreed_by, act.recorded_at))
    return versions


def questionnaire_of(row: dict[str, Any] | None) -> QuestionnaireInForce:
    """Return the questionnaire of a row of `fold.risk_questionnaire`, or the default one."""
    if row is None:
        default = DEFAULT_QUESTIONNAIRE
        return QuestionnaireInForce(None, 0, default.questions, default.medium_from, default.high_from)
    questions = tuple(
        RiskQuestion(
            question["key"],
            question["text_en"],
            question["text_zh"],
            tuple(RiskAnswer(**answer) for answer in question["answers"]),
        )
        for question in row["questions"]
    )
    return QuestionnaireInForce(row["id"], row["version"], questions, row["medium_from"], row["high_from"])


SETTERS = admin | CHANGE_MANAGER
AGREEING = (admin | CHANGE_MANAGER | process_owner | quality_manager).in_person().for_people()
CONTENTS = ("questions", "medium_from", "high_from", "revision")
AGREED_AS_READ = agrees_to_what_was_read(("added", "revised"), ("agreed",))
TELL_AGREEING = (
    RecipientRule(
        NoticeType.setting_to_agree,
        roles=frozenset({Role.admin, Role.change_manager, Role.process_owner, Role.quality_manager}),
        when="is_unagreed",
    ),
)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="risk_questionnaire", plural="risk_questionnaires", zh="风险问卷", record=RiskQuestionnaire,
    visible=(to_staff(),),
    face=RecordFace(by_agreement={State.set: "awaits_agreement"}),
    rows=(
        #      action  中文    from          to         who       event
        action(add,    "设定", NEW_RECORD,  State.set, SETTERS,  "risk_questionnaire.added",   wrong=(questionnaire_inconsistent,), notifies=TELL_AGREEING),
        action(revise, "修订", [State.set], STAYS,     SETTERS,  "risk_questionnaire.revised", wrong=(questionnaire_inconsistent,), notifies=TELL_AGREEING),
        action(agree,  "同意", [State.set], STAYS,     AGREEING, "risk_questionnaire.agreed",
               unless=(nothing_to_agree,), wrong=(agreed_by_another(CONTENTS), another_edition, AGREED_AS_READ)),
    ),
)
# fmt: on
