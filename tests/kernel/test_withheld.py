"""Whatever holds money, work or a score is for staff, wherever it stands: in bodies, records and rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from app.common.money import Money
from app.common.people import STAFF_ROLES
from app.common.records import ChildRecord, Record, StaffOnly, codecs, empty
from app.foundation.process_definitions.records import ProcessDefinition
from app.governance.process_definitions.payloads import DraftProcessDefinition, EditProcessDefinition
from app.governance.scorecards.payloads import DecideObjectionScorecard, JudgeYearScorecard
from app.governance.scorecards.records import Scorecard
from app.governance.surveys.payloads import GivenAnswer
from app.governance.surveys.records import SurveyAnswer
from app.kernel.access.audience_rules import STAFF
from app.kernel.actions.lifecycle import Action, Lifecycle
from app.kernel.actions.payloads import marks, part_types
from app.log.ids import uuid7
from app.meetings.payloads import MinuteMeeting
from app.processes.requests.payloads import ReviewSolutionRequest
from app.processes.requests.records import SolutionReview
from app.registry import LIFECYCLES
from app.service_levels.agreements.payloads import (
    AmendSla,
    DraftSla,
    MaintainTextSla,
    RenewSla,
    ReviewSla,
)
from app.service_levels.agreements.records import AgreementPrice, AgreementReasons, AgreementReview
from app.service_levels.reports.records import ReleasedConsequence
from app.ticketing.records import Rating
from app.ticketing.satisfaction.ratings import RateTicket

#: How a field is called that holds such a figure.
FIGURE = re.compile(r"(^|_)(cost|costs|amount|price|budget|rate|spent|minutes|effort|score)($|_)")
#: What is called so and is shown to whoever sees the record, and why.
SHOWN: dict[tuple[type[BaseModel], str], str] = {
    (Rating, "score"): "It is the requester's own word, and one of five.",
    (RateTicket, "score"): "The same.",
    (MinuteMeeting, "minutes"): "The minutes of a meeting are words.",
    (ReviewSla, "minutes"): "The same.",
    (AgreementReview, "minutes"): "The same.",
    (ReleasedConsequence, "amount"): "What is released is due between the parties: both are told of it.",
    (SurveyAnswer, "score"): "It is the participant's own word, as a rating is.",
    (GivenAnswer, "score"): "The same.",
    (
        ProcessDefinition,
        "cost_share",
    ): "A share in per cent, by which all staff and owners see what it is worth.",
    (DraftProcessDefinition, "cost_share"): "The same.",
    (EditProcessDefinition, "cost_share"): "The same.",
    (Scorecard, "score"): "It is for whose it is, and the few who judge it: nobody else sees the card.",
    (Scorecard, "final_score"): "The same.",
    (Scorecard, "year_score"): "The same.",
    (DecideObjectionScorecard, "final_score"): "The same.",
    (JudgeYearScorecard, "year_score"): "The same.",
    (SolutionReview, "cost_and_benefit"): "A word of the reviewers, of whom the requester may be one.",
    (ReviewSolutionRequest, "cost_and_benefit"): "The same.",
    **{
        (model, name): "Both parties sign the price of an agreement; what it costs internally is for staff."
        for model in (DraftSla, MaintainTextSla, AgreementPrice)
        for name in ("price_amount", "price_currency", "price_period")
    },
    **dict.fromkeys(
        [(model, "effect_on_price") for model in (RenewSla, AmendSla, AgreementReasons)],
        "Both parties consent to the effect on the price.",
    ),
}


def is_figure(model: type[BaseModel], name: str) -> bool:
    """Whether the field holds money, work or a score."""
    if name in marks(model, Money):
        return True
    return bool(FIGURE.search(name)) and not name.endswith(("_at", "_id"))


def bodies(row: Action[Any, Any]) -> Iterator[type[BaseModel]]:
    """The body of the row, and what it has several of."""
    body: type[BaseModel] = row.body
    yield body
    yield from part_types(body).values()


def is_for_staff(lifecycle: Lifecycle[Any]) -> bool:
    """Whether only staff see records of that kind."""
    record: type[Record] = lifecycle.record
    tokens = set(lifecycle.audience(empty(record, uuid7())))
    # Who sees it may change with its state; where the tokens stand in its row does not.
    return tokens <= {STAFF} and lifecycle.token_kinds <= {STAFF} and lifecycle.overseer_roles <= STAFF_ROLES


def open_figures(lifecycle: Lifecycle[Any]) -> Iterator[tuple[type, str]]:
    """The figures of the lifecycle that not only staff are shown."""
    for row in lifecycle.rows:
        for body in () if row.reach.staff_only else bodies(row):
            marked = marks(body, StaffOnly) if body is row.body else {}
            yield from ((body, n) for n in body.model_fields if is_figure(body, n) and n not in marked)
    records: list[type[Record]] = [lifecycle.record, *lifecycle.children]
    for record in records:
        if issubclass(record, ChildRecord) and empty(record, uuid7()).for_staff:
            continue
        yield from (
            (record, name)
            for name, codec in codecs(record).items()
            if is_figure(record, name) and not codec.staff_only
        )


def test_every_figure_of_money_work_or_score_is_for_staff() -> None:
    lifecycles = [lifecycle for lifecycle in LIFECYCLES if not is_for_staff(lifecycle)]
    figures = {figure for lifecycle in lifecycles for figure in open_figures(lifecycle)}
    assert figures - set(SHOWN) == set(), "mark it StaffOnly(), or give the reason in SHOWN"
    assert set(SHOWN) - figures == set(), "no exceptions that are none"
