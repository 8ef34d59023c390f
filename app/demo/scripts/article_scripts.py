"""Scenarios of knowledge articles: they are written and published, looked into on a portal, and used for
incidents.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from app.common.children import Visibility
from app.common.people import Caller
from app.demo.arrivals import SEED
from app.demo.data.article_data import (
    ARTICLE_TEMPLATES,
    DAYS_BETWEEN_VISITS,
    HELPED,
    LOOKED_BEFORE,
    NO_HELP,
    OPENED,
    USED,
    VERDICTS,
    ArticleTemplate,
)
from app.demo.data.organisation import PROBLEM_MANAGER
from app.demo.script import DemoRun, Script, source_of
from app.demo.scripts.incident_scripts import IncidentScenario, Member, Participants
from app.kernel.actions.payloads import EmptyPayload, Payload
from app.processes.articles.payloads import (
    DraftArticle,
    PublishArticle,
    RateArticle,
    ShowArticle,
    ViewArticle,
)
from app.ticketing.articles import UseArticle

REVIEWED_AFTER = timedelta(days=365)
LANGUAGES = ("en", "zh")


@dataclass(frozen=True)
class ArticleStep:
    """A person's step with an article."""

    time: datetime
    caller: Caller
    action: str
    body: Payload


@dataclass
class ArticleScenario:
    """The life of one article: its review, and how people look into it and use it, one after another.

    `lives` are the incidents of its category, `incident_ids` the ids of all incidents by their numbers.
    """

    maker: DemoRun
    cast: Participants
    begin: datetime
    end: datetime
    template: ArticleTemplate
    lives: Sequence[IncidentScenario]
    incident_ids: Mapping[int, UUID]
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{SEED}-article-{self.template.category}")  # noqa: S311  # a history, not a secret

    @classmethod
    def from_templates(
        cls,
        maker: DemoRun,
        cast: Participants,
        span: tuple[datetime, datetime],
        lives: Sequence[IncidentScenario],
        incident_ids: Mapping[int, UUID],
    ) -> Iterator[ArticleScenario]:
        """Yield the scenarios of all articles, as far as they lie in the span of the history."""
        for template in ARTICLE_TEMPLATES:
            of_kind = [
                life
                for life in lives
                if life.template.category == template.category and life.opening.n in incident_ids
            ]
            yield cls(maker, cast, *span, template, of_kind, incident_ids)

    async def play(self) -> None:
        """Play the article's review, and what became of it, as far as that is not ahead."""
        template = self.template
        published_at = self.end - timedelta(days=template.days_ago)
        author, editor = self.cast.staff[template.team][template.author], self.cast.heads[PROBLEM_MANAGER]
        name = f"article-{template.category}"
        script = Script(self.maker, name, published_at - timedelta(days=2), source_of(published_at, self.end))
        article = await script.act(author.caller, "article", "draft", None, self._draft(author))
        script.now += timedelta(hours=1)
        await script.act(author.caller, "article", "submit", article, EmptyPayload())
        script.now = published_at
        review = PublishArticle(
            verdict=VERDICTS[editor.site.language], next_review_at=published_at + REVIEWED_AFTER
        )
        await script.act(editor.caller, "article", "publish", article, review)
        steps = [*self._steps_of_incidents(), *self._steps_of_visits(published_at)]
        for n, step in enumerate(sorted(steps, key=lambda step: step.time)):
            if published_at < step.time <= self.end:
                then = Script(
                    self.maker, f"{name}-{n}", step.time, source_of(step.time, self.end, "incident")
                )
                await then.act(step.caller, "article", step.action, article, step.body)

    def _draft(self, author: Member) -> DraftArticle:
        first = author.site.language
        (other,) = (language for language in LANGUAGES if language != first)
        title, symptoms, answer = self.template.words[first]
        other_title, other_symptoms, other_answer = self.template.words[other]
        return DraftArticle(
            title=title,
            language="zh" if first == "zh" else "en",
            symptoms=symptoms,
            answer=answer,
            other_title=other_title,
            other_symptoms=other_symptoms,
            other_answer=other_answer,
            visibility=Visibility.public,
            categories=(self.template.category,),
        )

    def _steps_of_incidents(self) -> Iterator[ArticleStep]:
        """Yield how requesters looked into the article in vain before they reported an incident, and how it
        was used to resolve one.
        """
        for life in self.lives:
            before, used = self.chance.random() < LOOKED_BEFORE, self.chance.random() < USED
            minutes = self.chance.randint(4, 40)
            if before:
                time = life.opening.arrived_at - timedelta(minutes=minutes)
                yield from self._visit(life.requester, time, f"{life.opening.n}", helped=False)
            resolved = [step for step in life.steps if step.action == "resolve"]
            # A machine that resolves an incident itself has read no article for it.
            if used and resolved and not resolved[0].caller.is_machine:
                case = UseArticle(case=str(self.incident_ids[life.opening.n]))
                yield ArticleStep(resolved[0].time + timedelta(minutes=2), resolved[0].caller, "use", case)

    def _steps_of_visits(self, published_at: datetime) -> Iterator[ArticleStep]:
        """Yield visits that no incident follows; their number depends on how old the article is alone."""
        time = published_at
        for n in range(self.template.days_ago // DAYS_BETWEEN_VISITS):
            time += timedelta(days=2 * DAYS_BETWEEN_VISITS * self.chance.random())
            opened, answered = self.chance.random() < OPENED, self.chance.random()
            helped = True if answered < HELPED else False if answered < HELPED + NO_HELP else None
            visitor = self.chance.choice(self.cast.requesters)
            if time >= self.begin:
                yield from self._visit(visitor, time, f"alone-{n}", opened=opened, helped=helped)

    def _visit(
        self, visitor: Member, time: datetime, name: str, *, helped: bool | None, opened: bool = True
    ) -> Iterator[ArticleStep]:
        """Yield a visit to the portal in which the article is suggested; `helped`: the visitor's feedback."""
        session = f"{self.template.category}-{name}"
        yield ArticleStep(time, visitor.caller, "show", ShowArticle(session=session))
        if opened:
            time += timedelta(seconds=20)
            yield ArticleStep(time, visitor.caller, "view", ViewArticle(session=session))
            if helped is not None:
                time += timedelta(minutes=2)
                yield ArticleStep(time, visitor.caller, "rate", RateArticle(helped=helped, session=session))
