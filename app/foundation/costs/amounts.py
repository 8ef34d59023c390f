"""Checks of amounts of money in payloads."""

from __future__ import annotations

from app.common.money import DIGITS, digits
from app.kernel.actions.refusals import WrongValue


def check_digits(amount: str, currency: str, pointer: str = "/amount") -> None:
    """Check that the amount at `pointer` has as many decimals as the currency. Raises WrongValue."""
    expected = DIGITS[currency]
    if digits(amount) != expected:
        words = {"currency": currency, "digits": str(expected)}
        raise WrongValue(words, pointer=pointer, because="other_digits")
