"""Schemas and lists of templates of standard changes, of risk questionnaires, and of freezes."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from app.api.listings.child_listings import ChildListing
from app.api.listings.lists import Listing
from app.api.records.columns import Columns
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.foundation.people.queries import PERSONS, TEAMS
from app.kernel.access.visibility import sees_every_record, tokens
from app.log.canonical import instant
from app.processes.changes.planning.lookups import MOST_HIT, OUTGROWN_TEMPLATES
from app.processes.changes.policies import freezes, questionnaires, templates
from app.processes.changes.policies.records import (
    ChangeTemplate,
    Freeze,
    FreezeException,
    RiskQuestionnaire,
    TemplateState,
)
from app.processes.changes.records import Change


class ChangeTemplateOut(RecordOut, of=ChangeTemplate):
    """A pre-approved template of standard changes."""

    needs_renewal: bool = Field(
        description="True if the template is approved but refused until its approval is renewed. It is "
        "refused if two of its latest ten changes failed, if one of its services is critical or of high "
        "criticality although its risk is low, or if it names no services, configuration items or classes."
    )


class ChangeTemplateRenderer(Renderer):
    """Renderer of templates, with the flag of those that need renewal."""

    COMPUTED = frozenset({"needs_renewal"})

    async def compute(self, columns: Columns) -> Columns:
        """Return which approved templates are stopped, have no scope, or cover services that are riskier now
        than at the approval.
        """
        outgrown = {
            row["id"] for row in await self.ledger.db.rows(OUTGROWN_TEMPLATES, (list(columns["id"]),))
        }
        scopes = zip(columns["services"], columns["ci_ids"], columns["ci_classes"], strict=True)
        templates_shown = zip(columns["state"], columns["outgrown_at"], scopes, columns["id"], strict=True)
        return {
            "needs_renewal": [
                state == TemplateState.approved
                and (stopped_at is not None or not any(scope) or template_id in outgrown)
                for state, stopped_at, scope, template_id in templates_shown
            ]
        }


TEMPLATES = Listing(
    lifecycle=templates.LIFECYCLE,
    shape=ChangeTemplateOut,
    filters=("state", "key", "risk_level", "team", "approved_at", "changed_at"),
    sorts=("drafted_at", "key", "changed_at"),
    expands=(PERSONS, TEAMS),
    renderer=ChangeTemplateRenderer,
)


class AnswerChoiceOut(OutputModel):
    """An answer that can be chosen, and its points."""

    key: str = Field(description="Key of the answer in `risk_answers`.")
    points: int = Field(description="Number of points that the answer adds to the risk.")
    text_en: str = Field(description="Answer in English.")
    text_zh: str = Field(description="Answer in Chinese.")


class AskedQuestionOut(OutputModel):
    """A question about the risk of a change."""

    answers: list[AnswerChoiceOut] = Field(description="Possible answers, in order.")
    key: str = Field(description="Key of the question in `risk_answers`.")
    text_en: str = Field(description="Question in English.")
    text_zh: str = Field(description="Question in Chinese.")


class RiskQuestionnaireOut(RecordOut, of=RiskQuestionnaire):
    """Questions about the risk of changes; the latest questionnaire is in force."""

    questions: list[AskedQuestionOut] = Field(description="Questions of an assessment, in order.")


class CurrentRiskQuestionnaire(OutputModel):
    """The questions that are asked when a change is assessed."""

    id: UUID | None = Field(
        description="Identifier of the questionnaire; null for the default questionnaire, if it was "
        "not replaced."
    )
    version: int = Field(
        description="Version of the questionnaire for If-Match; 0 for the default questionnaire."
    )
    questions: list[AskedQuestionOut] = Field(description="Questions of an assessment, in order.")
    medium_from: int = Field(description="Number of points from which the risk is medium.")
    high_from: int = Field(description="Number of points from which the risk is high.")


RISK_QUESTIONNAIRES = Listing(
    lifecycle=questionnaires.LIFECYCLE,
    shape=RiskQuestionnaireOut,
    filters=("set_at", "awaits_agreement"),
    sorts=("set_at", "changed_at"),
)


class HitChange(OutputModel):
    """A change that is scheduled in a freeze."""

    id: UUID
    number: str = Field(description="Number by which people know the change.")
    title: str | None = Field(description="Title of the change; null if an imported history has no title.")
    state: str = Field(description="Current state of the change.")
    window_from_at: datetime | None = Field(
        description="Beginning of the window; null if the change has no window."
    )
    window_until_at: datetime | None = Field(
        description="End of the window; null if the change has no window."
    )


class FreezeOut(RecordOut, of=Freeze, after={"owner": "hit_change_ids"}):
    """A period without changes."""

    hit_change_ids: list[UUID] | None = Field(
        description="Identifiers of the changes that were in the freeze when it was declared or last "
        f"moved, at most {MOST_HIT}, the earliest first."
    )
    hit_changes: list[HitChange] = Field(
        description="Changes in the freeze that the caller may see, in their present state, the "
        "earliest first."
    )


# The tokens are null for callers who see every change.
HIT_CHANGES = """
select c.id, c.number, c.title, c.state, c.window_from_at, c.window_until_at
from fold.change c join log.stream_head h on h.stream = 'change/' || c.id
where c.id = any(%(ids)s::uuid[]) and (%(tokens)s::text[] is null or h.audience && %(tokens)s::text[])
"""


class FreezeRenderer(Renderer):
    """Renderer of freezes, with the changes that are scheduled in them."""

    COMPUTED = frozenset({"hit_changes"})

    async def compute(self, columns: Columns) -> Columns:
        """Return the changes scheduled in the freezes: one more query for all of them."""
        hits = columns["hit_change_ids"]
        changes = await self._changes({change_id for ids in hits for change_id in ids or ()})
        return {
            "hit_changes": [
                [changes[change_id] for change_id in ids or () if change_id in changes] for ids in hits
            ]
        }

    async def _changes(self, ids: set[str]) -> dict[str, dict[str, Any]]:
        """Return those of the changes that the caller may see, by their ids."""
        changes = self.ledger.lifecycles.get(Change.KIND)
        if not ids or changes is None:
            return {}
        everything = sees_every_record(self.caller, changes, agents_see=self.ledger.settings.agents_see)
        audience = None if everything else sorted(tokens(self.caller, changes))
        rows = await self.ledger.db.rows(HIT_CHANGES, {"ids": sorted(ids), "tokens": audience})
        for row in rows:
            for name in ("window_from_at", "window_until_at"):
                row[name] = row[name] and instant(row[name])
        return {str(row["id"]): row for row in rows}


FREEZES = Listing(
    lifecycle=freezes.LIFECYCLE,
    shape=FreezeOut,
    filters=("state", "freeze_kind", "owner", "from_at", "until_at", "changed_at"),
    sorts=("from_at", "changed_at"),
    expands=(PERSONS,),
    renderer=FreezeRenderer,
)


class FreezeExceptionOut(OutputModel, of=FreezeException):
    """An exception to a freeze for one change; neither granted nor refused while its decision is open, or if
    the decision was withdrawn.
    """


EXCEPTION_ROWS = ChildListing(
    "exceptions",
    FreezeException,
    "asked_at",
    FreezeExceptionOut,
    "the exceptions to a freeze, in the order in which they were requested",
)
