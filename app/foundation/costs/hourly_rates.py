"""Rates by the hour: what work of a class of role costs from a day on.

active ─► withdrawn
"""

from __future__ import annotations

from pydantic import Field

from app.common.money import Amount, Currency
from app.common.people import SEE_EVERYTHING
from app.foundation.costs.amounts import fits
from app.foundation.costs.records import FigureState as State
from app.foundation.costs.records import HourlyRate
from app.kernel.bodies import Body, Instant, Key, Reason
from app.kernel.constraints import Taken
from app.kernel.lifecycle import FROM_NOTHING, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.visibility import STAFF
from app.kernel.who import admin, rule


class AddHourlyRate(Body):
    """What an hour costs from a day on."""

    role_class: Key = Field(description="The class of role, as it is named when work is logged.")
    amount: Amount = Field(description="What an hour costs, with the digits of the currency, as 480.00.")
    currency: Currency = Field(description="In which currency (ISO 4217), as CNY.")
    valid_from_at: Instant = Field(
        description="From when on; until the next rate of that class. What was logged keeps its rate."
    )


def add(rate: HourlyRate, body: AddHourlyRate, at: Moment) -> None:
    """An hour of work of a class of role costs so much from then on."""
    rate.role_class = body.role_class
    rate.amount = body.amount
    rate.currency = body.currency
    rate.valid_from_at = body.valid_from_at
    rate.added_at = at.occurred_at


async def other_digits(look: Look, rate: HourlyRate, body: AddHourlyRate, at: Moment) -> None:
    """An amount has the digits of its currency."""
    fits(body.amount, body.currency)


def withdraw(rate: HourlyRate, body: Reason, at: Moment) -> None:
    """It was a mistake: no more work is logged at it; what was, keeps it."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="hourly_rate", plural="hourly_rates", zh="小时费率", record=HourlyRate, states=State,
    audience=lambda rate: (STAFF,), sees_all=SEE_EVERYTHING, columns={"staff": ()},
    constraints={"hourly_rate_valid_from_at_key": Taken("valid_from_at")},
    rows=(
        #      action    中文    from            to               who           event
        action(add,      "添加", FROM_NOTHING,   State.active,    admin | rule, "hourly_rate.added", wrong=(other_digits,)),
        action(withdraw, "撤回", [State.active], State.withdrawn, admin,        "hourly_rate.withdrawn"),
    ),
)
# fmt: on
