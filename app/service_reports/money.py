"""Cost against what was agreed, the workload, and consequences of missed targets, line by line. Pure.

Amounts are exact until they are rounded, half up, to the digits of their currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from app.common.money import DIGITS
from app.service_levels.agreements.records import Agreement, ReportingPeriod
from app.service_reports.clock_targets import decimal_text
from app.service_reports.content import (
    ReportConsequence,
    ReportCost,
    ReportTarget,
    ReportWorkload,
    TargetVerdict,
)
from app.service_reports.periods import GRAINS, MONTHS, Span

HUNDRED = 100
USUAL_DIGITS = 2
#: Rows from the database.
Rows = Sequence[Mapping[str, Any]]


def money(amount: Fraction | Decimal, currency: str | None) -> str:
    """Return the amount with the digits of its currency."""
    exact = Fraction(amount)
    unit = Decimal(1).scaleb(-DIGITS.get(currency or "", USUAL_DIGITS))
    # Both sides of the division are whole, so only the quotient is rounded, once.
    scaled = exact / Fraction(unit)
    units = (Decimal(scaled.numerator) / Decimal(scaled.denominator)).quantize(Decimal(1), ROUND_HALF_UP)
    return f"{units * unit:f}"


def for_span(amount: Fraction, per: ReportingPeriod, span: Span) -> Fraction:
    """Return the share of an amount per month, quarter or year for the part of a period, by its time."""
    part, total = span.share
    return amount * Fraction(MONTHS[span.period.grain], MONTHS[GRAINS[per]]) * Fraction(part, total)


def price_of(agreement: Agreement, span: Span) -> Fraction | None:
    """Return the agreed price of the part of the period; None if no price was agreed."""
    if agreement.agreed_price is None:
        return None
    amount, _, period = agreement.agreed_price
    return for_span(Fraction(amount), period, span)


def currency_of(agreement: Agreement) -> str | None:
    """Return the currency of the agreed price; None if no price was agreed."""
    return None if agreement.agreed_price is None else agreement.agreed_price[1]


def cost_of(agreement: Agreement, span: Span, work: Rows, spent: Rows, usual_currency: str) -> ReportCost:
    """Return the cost of the period against what was agreed, in the agreement's currency, or else the
    organisation's. Minutes without a rate are counted, and entries in other currencies.
    """
    currency = currency_of(agreement) or usual_currency
    agreed = price_of(agreement, span)
    worked = sum((Fraction(row["amount"]) for row in work if row["currency"] == currency), Fraction(0))
    paid = sum((Fraction(row["amount"]) for row in spent if row["currency"] == currency), Fraction(0))
    foreign = [row for row in (*work, *spent) if row["currency"] not in (currency, None)]
    return ReportCost(
        currency=currency,
        agreed=None if agreed is None else money(agreed, currency),
        work=money(worked, currency),
        spent=money(paid, currency),
        actual=money(worked + paid, currency),
        unrated_minutes=sum(int(row["unrated"]) for row in work),
        other_currencies=sum(row["entries"] for row in foreign),
    )


def workload_of(agreement: Agreement, span: Span, volume: Mapping[str, int]) -> list[ReportWorkload]:
    """Return the cases of the period against those that the targets are agreed for, by kind."""
    expected: dict[str, Fraction] = {}
    for line in agreement.workload or ():
        share = for_span(Fraction(line["cases"]), ReportingPeriod(line["per"]), span)
        expected[line["process"]] = expected.get(line["process"], Fraction(0)) + share
    return [
        ReportWorkload(
            process=kind,
            expected=None if kind not in expected else decimal_text(round(expected[kind], 1)),
            cases=volume.get(kind, 0),
            above=kind in expected and volume.get(kind, 0) > expected[kind],
        )
        for kind in sorted({*expected, *volume})
    ]


def consequences_of(
    agreement: Agreement, earlier: Sequence[Agreement], span: Span, targets: Sequence[ReportTarget]
) -> list[ReportConsequence]:
    """Return each consequence that was agreed, with the tier that applies to its target's result; for the
    targets of replaced editions by their own terms, and as shares of their own price.
    """
    by_id = {target.id: target for target in targets}
    agreed = [(consequence["target"], consequence) for consequence in agreement.consequences or ()]
    for edition in earlier:
        for consequence in edition.consequences or ():
            agreed.append((f"{consequence['target']}-e{edition.edition or 1}", consequence))
    return [
        _consequence(agreement, span, consequence, by_id[name])
        for name, consequence in agreed
        if name in by_id
    ]


def _consequence(
    agreement: Agreement, span: Span, consequence: Mapping[str, Any], target: ReportTarget
) -> ReportConsequence:
    tier = tier_of(consequence["tiers"], target)
    price = price_of(agreement, span)
    currency = currency_of(agreement)
    amount = None
    if tier is not None and tier["amount"] is not None:
        amount = Fraction(tier["amount"])
    elif tier is not None and tier["percent"] is not None and price is not None:
        amount = price * Fraction(tier["percent"]) / HUNDRED
    return ReportConsequence(
        target=target.id,
        kind=consequence["kind"],
        result=target.result,
        due=tier is not None,
        below=None if tier is None else tier["below"],
        percent=None if tier is None else tier["percent"],
        cost=None if price is None else money(price, currency),
        amount=None if amount is None else money(amount, currency),
        currency=currency,
    )


def tier_of(tiers: Sequence[Mapping[str, Any]], target: ReportTarget) -> Mapping[str, Any] | None:
    """Return the harshest tier that applies to the target's result; None if the target was not missed, or no
    tier applies. Where a KPI is to be below its threshold, or at most that, tiers are for results above their
    bounds, otherwise for results below them.
    """
    if target.verdict is not TargetVerdict.missed or target.result is None:
        return None
    higher_is_worse = target.met is None and target.comparator.is_maximum
    result = Fraction(target.result) if target.met is None else Fraction(target.met, target.cases)
    applying = [
        tier
        for tier in tiers
        if (result > Fraction(tier["below"]) if higher_is_worse else result < Fraction(tier["below"]))
    ]
    if not applying:
        return None
    # The harshest is that with the worst bound, in whatever order they were written.
    return (max if higher_is_worse else min)(applying, key=lambda tier: Fraction(tier["below"]))
