"""The demo's scorecards of a quarter: weights set beforehand, cards rated, published, objected to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from app.demo.data.governance import scorecard_data as data
from app.demo.data.governance.scorecard_data import CardTemplate
from app.demo.programme import Programme, ProgrammeScript
from app.foundation.quarters import end_of_quarter, quarter_before, start_of_quarter
from app.governance.scorecards.counting import publication_of
from app.governance.scorecards.payloads import (
    AskScorecardRating,
    DecideObjectionScorecard,
    ObjectScorecard,
    OpenScorecard,
    RateScorecardRating,
    SetScorecardEdition,
    SettleScorecard,
)
from app.governance.scorecards.records import (
    RaterPart,
    Scorecard,
    ScorecardDimension,
    ScorecardState,
    ScorecardVerdict,
    TalkOutcome,
)
from app.kernel.actions.payloads import EmptyPayload

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


async def make_scorecards(programme: Programme) -> None:
    """Play what is missing of the scorecards of the newest quarter that is over for long enough."""
    zone = ZoneInfo(programme.maker.ledger.settings.time_zone)
    quarter = quarter_before(programme.before_end(data.OVER_FOR_DAYS), zone)
    edition = ProgrammeScript(programme, "scorecard_edition", "weights")
    body = SetScorecardEdition.model_validate({"begins_with": quarter, **data.WEIGHTS})
    set_at = start_of_quarter(quarter, zone) - data.SET_BEFORE_DAYS * DAY
    await edition.act(set_at, programme.quality, "set", body)
    await edition.act(set_at + HOUR, programme.sponsor, "confirm", EmptyPayload())
    await programme.follow()
    opened_at = end_of_quarter(quarter, zone) + HOUR
    for template in data.CARDS:
        script = CardScript(
            programme, "scorecard", template.name, template=template, quarter=quarter, opened_at=opened_at
        )
        await script.play()


@dataclass
class CardScript(ProgrammeScript):
    """The script of one card of that quarter."""

    template: CardTemplate = field(kw_only=True)
    quarter: str = field(kw_only=True)
    opened_at: datetime = field(kw_only=True)

    async def play(self) -> None:
        """Open the card, have it rated, publish it, and play what follows."""
        template, programme = self.template, self.programme
        person = None if template.person is None else programme.person(template.person)
        body = OpenScorecard(quarter=self.quarter, person=person, team=template.team)
        await self.rule(self.opened_at, "open_scorecards", "open", body)
        for part, name, score in template.ratings:
            await self._rate(RaterPart(part), name, score)
        card = await self.current_record()
        published_at = card.rating_due_at
        counted = partial(publication_of, programme.maker.ledger, card, programme.end)
        await self.rule(published_at, "publish_scorecards", "publish", counted)
        await self._follow_up(published_at)

    async def _rate(self, part: RaterPart, name: str, score: int) -> None:
        """Ask somebody to rate, and have them rate."""
        rating = ProgrammeScript(self.programme, "scorecard_rating", f"{self.name}-{part}-{name}")
        request = AskScorecardRating(
            scorecard=str(self.record_id), rater=self.programme.person(name), part=part
        )
        await rating.rule(self.opened_at + HOUR, "ask_raters", "ask", request)
        scores = dict.fromkeys((dimension.value for dimension in ScorecardDimension), score)
        body = RateScorecardRating.model_validate(scores)
        await rating.act(self.opened_at + 2 * DAY, self.programme.callers[name], "rate", body)

    async def _follow_up(self, published_at: datetime) -> None:
        """Play the objection, the talk of a card below the line, and the end of any other."""
        programme, person = self.programme, self.template.person
        if self.template.objection is not None and person is not None:
            objection = ObjectScorecard(objection=self.template.objection)
            await self.act(published_at + 3 * DAY, programme.callers[person], "object", objection)
            verdict = DecideObjectionScorecard(verdict=ScorecardVerdict.upheld, verdict_reason=data.VERDICT)
            await self.act(published_at + 6 * DAY, programme.quality, "decide_objection", verdict)
        card: Scorecard = await self.current_record()
        assert card.objection_until_at is not None
        if card.state is ScorecardState.talk or card.outcome is not None:
            outcome = SettleScorecard(outcome=TalkOutcome.training, agreed=data.AGREED)
            await self.act(published_at + 9 * DAY, programme.quality, "settle", outcome)
        else:
            await self.rule(card.objection_until_at, "conclude_scorecards", "conclude", EmptyPayload())
