"""Budgets: what a service, or all services together, may cost in a year.

active ─► withdrawn
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from app.base.costs.amounts import fits
from app.common.costs import Budget
from app.common.costs import FigureState as State
from app.common.money import Amount, Currency
from app.common.people import SEE_EVERYTHING
from app.common.records import KeyOf
from app.kernel.bodies import EARLIEST_YEAR, LATEST_YEAR, Body, Key, Reason, Words
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.visibility import STAFF
from app.kernel.who import admin, rule


class AddBudget(Body):
    """What a year may cost."""

    service: Annotated[Key, KeyOf("service")] | None = Field(
        default=None, description="The key of the service; none: all together."
    )
    year: int = Field(ge=EARLIEST_YEAR, le=LATEST_YEAR, strict=True, description="The calendar year.")
    amount: Amount = Field(description="How much, with the digits of the currency, as 250000.00.")
    currency: Currency = Field(description="In which currency (ISO 4217), as CNY.")


def add(budget: Budget, body: AddBudget, at: Moment) -> None:
    """A year may cost so much."""
    budget.service = body.service
    budget.year = body.year
    budget.amount = body.amount
    budget.currency = body.currency
    budget.added_at = at.occurred_at


async def other_digits(look: Look, budget: Budget, body: AddBudget | ReviseBudget, at: Moment) -> None:
    """An amount has the digits of its currency."""
    currency = body.currency if isinstance(body, AddBudget) else budget.currency
    assert currency is not None
    fits(body.amount, currency)


class ReviseBudget(Body):
    """How much it may cost from now on, and why."""

    amount: Amount = Field(description="How much, in the budget's currency and with its digits.")
    reason: Words = Field(description="Why, in the words of whoever acts.")


def revise(budget: Budget, body: ReviseBudget, at: Moment) -> None:
    """The year may cost more, or less, than was said."""
    budget.amount = body.amount


def withdraw(budget: Budget, body: Reason, at: Moment) -> None:
    """It was a mistake, and counts no more."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="budget", plural="budgets", zh="预算", record=Budget, states=State,
    audience=lambda budget: (STAFF,), sees_all=SEE_EVERYTHING, columns={"staff": ()},
    rows=(
        #      action    中文    from            to               who           event
        action(add,      "添加", FROM_NOTHING,   State.active,    admin | rule, "budget.added",   wrong=(other_digits,)),
        action(revise,   "调整", [State.active], STAYS,           admin,        "budget.revised", wrong=(other_digits,)),
        action(withdraw, "撤回", [State.active], State.withdrawn, admin,        "budget.withdrawn"),
    ),
)
# fmt: on
