"""Budgets of cases: what one may cost in the mean, set for a time, revised for another one, withdrawn.

active ─► withdrawn
"""

from __future__ import annotations

from pydantic import Field

from app.common.money import Amount, Currency
from app.common.people import SEE_EVERYTHING
from app.foundation.costs.amounts import fits
from app.kernel.bodies import Body, Key, Reason
from app.kernel.lifecycle import FROM_NOTHING, STAYS, Lifecycle, action
from app.kernel.look import Look
from app.kernel.moment import Moment
from app.kernel.refusals import WrongValue
from app.kernel.visibility import STAFF
from app.kernel.who import quality_manager, rule
from app.kpis.budgets.records import KpiBudget
from app.kpis.budgets.records import KpiBudgetState as State
from app.kpis.catalogue import KPIS
from app.kpis.layers import ValidFrom, ValidUntil, both_or_neither, ends_after_it_begins

#: The KPIs of money per case whose budgets another KPI measures what cases cost by.
BUDGETED = frozenset(kpi.budgets_of for kpi in KPIS.values() if kpi.budgets_of is not None)


class ReviseKpiBudget(Body):
    """What a case may cost in the mean, and when; without amount and currency there is no budget then."""

    amount: Amount | None = Field(
        default=None, description="How much, with the digits of the currency, as 45.00.", examples=["45.00"]
    )
    currency: Currency | None = Field(
        default=None, description="In which currency (ISO 4217), as CNY.", examples=["CNY"]
    )
    valid_from_at: ValidFrom = None
    valid_until_at: ValidUntil = None


class AddKpiBudget(ReviseKpiBudget):
    """Whose cases may cost how much, and when."""

    kpi: Key = Field(description="The key of the KPI that says what they cost: incident_unit_cost.")


def add(budget: KpiBudget, body: AddKpiBudget, at: Moment) -> None:
    """A case may cost so much in the mean from then on."""
    budget.kpi = body.kpi
    budget.added_at = at.occurred_at
    revise(budget, body, at)


def revise(budget: KpiBudget, body: ReviseKpiBudget, at: Moment) -> None:
    """It may cost more, or less, from then on."""
    budget.amount = body.amount
    budget.currency = body.currency
    budget.valid_from_at = body.valid_from_at or at.occurred_at
    budget.valid_until_at = body.valid_until_at


def withdraw(budget: KpiBudget, body: Reason, at: Moment) -> None:
    """It takes back all that was said; to correct one value, set another for its time."""


async def without_budget(look: Look, budget: KpiBudget, body: AddKpiBudget, at: Moment) -> None:
    """A budget is one of a KPI of money per case."""
    if body.kpi not in KPIS:
        raise WrongValue({"value": body.kpi}, pointer="/kpi", because="unknown_value")
    if body.kpi not in BUDGETED:
        raise WrongValue({"known": ", ".join(sorted(BUDGETED))}, pointer="/kpi", because="no_money_per_case")


async def does_not_fit(look: Look, budget: KpiBudget, body: ReviseKpiBudget, at: Moment) -> None:
    """A budget is whole, has the digits of its currency, and ends after it begins."""
    both_or_neither(body, "amount", "currency")
    if body.amount is not None and body.currency is not None:
        fits(body.amount, body.currency)
    ends_after_it_begins(body.valid_from_at, body.valid_until_at, at)


# fmt: off
LIFECYCLE = Lifecycle(
    kind="kpi_budget", plural="kpi_budgets", zh="指标预算", record=KpiBudget, states=State,
    audience=lambda budget: (STAFF,), sees_all=SEE_EVERYTHING, columns={"staff": ()},
    rows=(
        #      action    中文    from            to               who                     event
        action(add,      "设定", FROM_NOTHING,   State.active,    quality_manager | rule, "kpi_budget.added",   wrong=(without_budget, does_not_fit)),
        action(revise,   "调整", [State.active], STAYS,           quality_manager,        "kpi_budget.revised", wrong=(does_not_fit,)),
        action(withdraw, "撤回", [State.active], State.withdrawn, quality_manager,        "kpi_budget.withdrawn"),
    ),
)
# fmt: on
