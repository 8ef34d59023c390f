"""Amounts as somebody says them."""

from __future__ import annotations

from app.common.money import DIGITS, digits
from app.kernel.refusals import WrongValue


def check_digits(amount: str, currency: str, pointer: str = "/amount") -> None:
    """Raises WrongValue unless the amount that the body gives there has as many digits behind the point as
    the currency.
    """
    wanted = DIGITS[currency]
    if digits(amount) != wanted:
        words = {"currency": currency, "digits": str(wanted)}
        raise WrongValue(words, pointer=pointer, because="other_digits")
