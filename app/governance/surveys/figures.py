"""Results of surveys, without groups that are too small (pure).

An anonymous survey shows no group of fewer than five answers, and none can be computed as the remainder of
others: then a further group is only part of the total.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.governance.surveys.payloads import BEST, WORST, CollectedAnswer
from app.governance.surveys.records import QuestionKind, SurveyAnswer, SurveyQuestion

SMALLEST_GROUP = 5


def told_groups(teams: Iterable[UUID | None]) -> frozenset[UUID]:
    """Return the teams whose answers can be shown separately, from the teams of all answers to a question
    (None: without a team): each has five answers, and the remainder has five or is empty.
    """
    counts = Counter(teams)
    total = sum(counts.values())
    large_teams = {team: n for team, n in counts.items() if team is not None and n >= SMALLEST_GROUP}
    while large_teams and 0 < total - sum(large_teams.values()) < SMALLEST_GROUP:
        # The smallest team joins the combined group; of several equal ones always the same.
        del large_teams[min(large_teams, key=lambda team: (large_teams[team], str(team)))]
    return frozenset(large_teams)


@dataclass(frozen=True, slots=True)
class Anonymised:
    """Answers without a link to people, and the number of omitted ones."""

    answers: tuple[CollectedAnswer, ...]
    withheld: int


def anonymised(
    sheets: Sequence[Mapping[str, Any]],
    questions: Iterable[SurveyQuestion],
    shuffle: Callable[[Iterable[Any]], list[Any]],
) -> Anonymised:
    """Return the answers of all sheets, question by question, each question's in its own order, so that the
    answers of a sheet cannot be joined. Texts belong to no group. All answers to a question that has fewer
    than five are left out.
    """
    answers: list[CollectedAnswer] = []
    withheld = 0
    for question in questions:
        key = str(question.key)
        pairs = [
            (None if sheet["team"] is None else UUID(sheet["team"]), sheet["answers"][key])
            for sheet in shuffle(sheets)
            if key in sheet["answers"]
        ]
        if len(pairs) < SMALLEST_GROUP:
            withheld += len(pairs)
            continue
        is_text = question.kind is QuestionKind.text
        large_teams = frozenset() if is_text else told_groups(team for team, _ in pairs)
        answers += [
            CollectedAnswer(question=key, team_id=team if team in large_teams else None, **answer)
            for team, answer in pairs
        ]
    return Anonymised(tuple(answers), withheld)


@dataclass(frozen=True, slots=True)
class QuestionFigure:
    """The result of a question, of all answers (`team_id` None) or of one team's."""

    question: str
    team_id: UUID | None
    answers: int
    mean: str | None
    counts: dict[str, int] | None


def question_figures(
    questions: Iterable[SurveyQuestion], answers: Sequence[SurveyAnswer], *, smallest: int
) -> list[QuestionFigure]:
    """Return the results of the questions, each of all answers and then by team, where at least `smallest`
    answers can be shown separately; a question with fewer has no result.
    """
    figures: list[QuestionFigure] = []
    for question in questions:
        own = [answer for answer in answers if answer.question == question.key]
        if len(own) < max(smallest, 1):
            continue
        figures.append(_figure(question, None, own))
        if question.kind is QuestionKind.text:
            continue
        teams = [answer.team_id for answer in own]
        large_teams = told_groups(teams) if smallest > 1 else {team for team in teams if team is not None}
        figures += [
            _figure(question, team, [answer for answer in own if answer.team_id == team])
            for team in sorted(large_teams)
        ]
    return figures


def _figure(question: SurveyQuestion, team: UUID | None, answers: Sequence[SurveyAnswer]) -> QuestionFigure:
    mean = counts = None
    if question.kind is QuestionKind.rating:
        scores = [answer.score for answer in answers if answer.score is not None]
        mean = f"{sum(scores) / len(scores):.2f}"
        counts = {str(score): scores.count(score) for score in range(WORST, BEST + 1)}
    elif question.kind is QuestionKind.choice:
        chosen = Counter(answer.choice for answer in answers)
        counts = {str(place + 1): chosen[place + 1] for place in range(len(question.choices or ()))}
    return QuestionFigure(str(question.key), team, len(answers), mean, counts)
