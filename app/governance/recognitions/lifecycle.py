"""Lifecycle of awards: given to a person or to a team, by somebody else.

awarded
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from app.common.duties import GivenDuty
from app.common.notices import NoticeType, RecipientRule, Responsible
from app.common.people import Person, Role
from app.common.records import ForeignRef, Record
from app.foundation.people.records import Team
from app.governance.recognitions.records import Recognition, RecognitionForm, RecognitionKind
from app.governance.recognitions.records import RecognitionState as State
from app.kernel.access.audience_rules import to_everybody, to_members, to_persons
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import staff
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import FreeText, Payload, Reference
from app.kernel.actions.refusals import WrongValue


class AwardRecognition(Payload, of=Recognition):
    """An award, its reason and its recipient."""

    kind: RecognitionKind
    reason: FreeText
    person: (
        Annotated[Reference, ForeignRef("person", GivenDuty.award), Responsible(NoticeType.recognised)] | None
    ) = None
    team: Annotated[Reference, ForeignRef("team", GivenDuty.team_work)] | None = None
    public: bool = Field(default=False, strict=True)
    form: RecognitionForm = RecognitionForm.praise
    scorecard: Annotated[Reference, ForeignRef("scorecard")] | None = Field(
        default=None,
        description="Published scorecard of the recipient; required for certificates, bonuses and "
        "promotions.",
    )


def award(recognition: Recognition, body: AwardRecognition, ctx: ActionContext) -> None:
    """Award a recognition, to a person or a team."""
    assert ctx.assigned.number is not None, "awards have numbers"
    recognition.number = ctx.assigned.number
    copy_fields(recognition, body, ctx)
    recognition.given_by_id = ctx.caller.person_id


async def recipient_invalid(
    reads: ReadContext, recognition: Recognition, body: AwardRecognition, ctx: ActionContext
) -> None:
    """Refuse an award without a recipient, to a person and a team, to oneself or one's own team."""
    person, team = ctx.ref(Person, "person"), ctx.ref(Team, "team")
    if (person is None) is (team is None):
        raise WrongValue(pointer="/person", because="person_or_team")
    if person is not None and person.id == ctx.caller.person_id:
        raise WrongValue(pointer="/person", because="not_to_oneself")
    if team is not None and team.id in ctx.caller.teams:
        raise WrongValue(pointer="/team", because="not_to_oneself")


async def result_invalid(
    reads: ReadContext, recognition: Recognition, body: AwardRecognition, ctx: ActionContext
) -> None:
    """Refuse an award that follows no good result of its recipient, and one by anybody else than the superior
    who rated it, management or a quality manager.
    """
    card: Any = ctx.ref(Record, "scorecard")
    if card is None:
        if body.form is not RecognitionForm.praise:
            raise WrongValue(pointer="/scorecard", because="missing")
        return
    person, team = ctx.ref(Person, "person"), ctx.ref(Team, "team")
    if (card.person_id, card.team_id) != (getattr(person, "id", None), getattr(team, "id", None)):
        raise WrongValue(pointer="/scorecard", because="scorecard_of_another")
    if card.published_at is None or card.below_line or card.final_score is None:
        raise WrongValue(pointer="/scorecard", because="no_good_result")
    may_award = any(ctx.caller.has_role(role, card) for role in (Role.management, Role.quality_manager))
    if body.form is not RecognitionForm.praise and not may_award and ctx.caller.person_id != card.superior_id:
        raise WrongValue(pointer="/form", because="awarded_by_superior")


TELL_TEAM = (RecipientRule(NoticeType.recognised, team=True),)

# fmt: off
LIFECYCLE = Lifecycle(
    kind="recognition", plural="recognitions", zh="表彰", record=Recognition, code="RCG",
    visible=(to_everybody(public=True), to_persons("person_id", "given_by_id"), to_members("team_id")),
    access=KindAccess(oversight=frozenset()),
    rows=(
        #      action 中文    from        to           who    event
        action(award, "授予", NEW_RECORD, State.awarded, staff.in_person(), "recognition.given", wrong=(recipient_invalid, result_invalid), notifies=TELL_TEAM),
    ),
)
# fmt: on
