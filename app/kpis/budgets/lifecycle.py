"""The lifecycle of budgets: the permitted mean cost per case is set for a time, revised, and withdrawn.

active ─► withdrawn
"""

from __future__ import annotations

from app.common.money import Amount, Currency
from app.foundation.costs.amounts import check_digits
from app.kernel.access.audience_rules import to_staff
from app.kernel.access.reads import ReadContext
from app.kernel.actions.actor_policy import quality_manager, rule
from app.kernel.actions.context import ActionContext
from app.kernel.actions.copying import copy_fields
from app.kernel.actions.lifecycle import NEW_RECORD, STAYS, Lifecycle, action
from app.kernel.actions.payloads import Payload, Reason, RecordKey
from app.kernel.actions.refusals import WrongValue
from app.kpis.budgets.records import KpiBudget
from app.kpis.budgets.records import KpiBudgetState as State
from app.kpis.catalogue import KPIS
from app.kpis.questions.effective_dating import ValidFrom, ValidUntil, both_or_neither, ends_after_it_begins

#: The KPIs of money per case for which budgets can be set; other KPIs compare costs with these budgets.
BUDGETED = frozenset(kpi.budgets_of for kpi in KPIS.values() if kpi.budgets_of is not None)


class ReviseKpiBudget(Payload, of=KpiBudget):
    """A new mean cost per case, and its period. Without amount and currency, the period has no budget."""

    amount: Amount | None = None
    currency: Currency | None = None
    valid_from_at: ValidFrom = None
    valid_until_at: ValidUntil = None


class AddKpiBudget(ReviseKpiBudget, of=KpiBudget):
    """The KPI, the mean cost per case, and the period."""

    kpi: RecordKey


def add(budget: KpiBudget, body: AddKpiBudget, ctx: ActionContext) -> None:
    """Add a KPI budget: the mean cost per case in a period."""
    revise(budget, body, ctx)


def revise(budget: KpiBudget, body: ReviseKpiBudget, ctx: ActionContext) -> None:
    """Revise the budget: the mean cost per case in a period."""
    copy_fields(budget, body, ctx)
    budget.valid_from_at = body.valid_from_at or ctx.occurred_at


def withdraw(budget: KpiBudget, body: Reason, ctx: ActionContext) -> None:
    """Withdraw the budget for all periods. To correct one value, revise it for the same period instead."""


async def without_budget(
    reads: ReadContext, budget: KpiBudget, body: AddKpiBudget, ctx: ActionContext
) -> None:
    """Refuse a budget for an unknown KPI (`unknown_value`) or for one that does not measure money per case
    (`no_money_per_case`).
    """
    if body.kpi not in KPIS:
        raise WrongValue({"value": body.kpi}, pointer="/kpi", because="unknown_value")
    if body.kpi not in BUDGETED:
        raise WrongValue({"known": ", ".join(sorted(BUDGETED))}, pointer="/kpi", because="no_money_per_case")


async def does_not_fit(
    reads: ReadContext, budget: KpiBudget, body: ReviseKpiBudget, ctx: ActionContext
) -> None:
    """Refuse a budget with an amount but no currency or the reverse, with digits that do not fit its
    currency, or with an invalid period.
    """
    both_or_neither(body, "amount", "currency")
    if body.amount is not None and body.currency is not None:
        check_digits(body.amount, body.currency)
    ends_after_it_begins(body.valid_from_at, body.valid_until_at, ctx)


# fmt: off
LIFECYCLE = Lifecycle(
    kind="kpi_budget", plural="kpi_budgets", zh="指标预算", record=KpiBudget,
    visible=(to_staff(),),
    rows=(
        #      action    中文    from            to               who                     event
        action(add,      "设定", NEW_RECORD,     State.active,    quality_manager | rule, "kpi_budget.added",   wrong=(without_budget, does_not_fit)),
        action(revise,   "调整", [State.active], STAYS,           quality_manager,        "kpi_budget.revised", wrong=(does_not_fit,)),
        action(withdraw, "撤回", [State.active], State.withdrawn, quality_manager,        "kpi_budget.withdrawn"),
    ),
)
# fmt: on
