"""Hourly rates: the cost of an hour of work of a role class, from a day on (lifecycle).

active ─► withdrawn
"""

from __future__ import annotations

from app.common.money import Amount, Currency
from app.foundation.costs.amounts import check_digits
from app.foundation.costs.records import HourlyRate
from app.foundation.costs.records import RateState as State
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.kinds import KindAccess
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import admin, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, Lifecycle, action
from app.kernel.actions.payloads import Instant, Payload, Reason, RecordKey
from app.kernel.actions.rules import Rules, ValueTaken


class AddHourlyRate(Payload, of=HourlyRate):
    """The cost of an hour of work of a role class, from a day on."""

    role_class: RecordKey
    amount: Amount
    currency: Currency
    valid_from_at: Instant


def add(rate: HourlyRate, body: AddHourlyRate, ctx: ActionContext) -> None:
    """Add an hourly rate: what an hour of work by people of a role class costs, from a given time on."""
    copy_fields(rate, body, ctx)


async def wrong_currency_digits(
    reads: ReadContext, rate: HourlyRate, body: AddHourlyRate, ctx: ActionContext
) -> None:
    """Refuse if the amount's decimals are not those of its currency."""
    check_digits(body.amount, body.currency)


def withdraw(rate: HourlyRate, body: Reason, ctx: ActionContext) -> None:
    """Withdraw the rate: it was a mistake. No more work is logged at it; logged work keeps it."""


# fmt: off
LIFECYCLE = Lifecycle(
    kind="hourly_rate", plural="hourly_rates", zh="小时费率", record=HourlyRate, access=KindAccess(administrative=True),
    visible=(to_staff(),),
    rules=Rules(constraints={"hourly_rate_valid_from_at_key": ValueTaken("valid_from_at")}),
    rows=(
        #      action    中文    from            to               who           event
        action(add,      "添加", NEW_RECORD,     State.active,    admin | rule, "hourly_rate.added", wrong=(wrong_currency_digits,)),
        action(withdraw, "撤回", [State.active], State.withdrawn, admin,        "hourly_rate.withdrawn"),
    ),
)
# fmt: on
