"""Amounts of money: decimal texts with as many digits after the point as their currency has (pure)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from app.common.components import Component

_ZERO_DIGITS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE_DIGITS = "BHD IQD JOD KWD LYD OMR TND"
_TWO_DIGITS = """
AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY
COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR
ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD XCG YER ZAR
ZMW ZWG
"""
#: The currencies of ISO 4217, with their number of digits after the point.
DIGITS = {
    code: digits
    for digits, codes in ((2, _TWO_DIGITS), (0, _ZERO_DIGITS), (3, _THREE_DIGITS))
    for code in codes.split()
}


class Money:
    """Marks a field that holds an amount of money: it is shown to staff only (see `StaffOnly`)."""


def _currency(code: str) -> str:
    if code not in DIGITS:
        raise PydanticCustomError("not_a_currency", "must be an ISO 4217 currency")
    return code


def _positive(amount: str) -> str:
    if not amount.strip("0."):
        raise PydanticCustomError("not_an_amount", "must be more than zero")
    return amount


CURRENCY = Component("CurrencyCode", "Currency code of ISO 4217.", "CNY")
AMOUNT_OR_ZERO = r"^(0|[1-9][0-9]{0,11})(\.[0-9]{2,3})?$"
POSITIVE_AMOUNT = r"^(?!0(\.0+)?$)(0|[1-9][0-9]{0,11})(\.[0-9]{2,3})?$"
#: A currency of ISO 4217: `CNY`.
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_currency), CURRENCY]
#: A positive amount, as `1250.00`.
Amount = Annotated[
    str,
    StringConstraints(pattern=AMOUNT_OR_ZERO),
    AfterValidator(_positive),
    Money(),
    Component("Amount", "Amount of money, greater than zero.", "1250.00", {"pattern": POSITIVE_AMOUNT}),
]
#: A price, which may be nothing: `0`.
Price = Annotated[
    str,
    StringConstraints(pattern=AMOUNT_OR_ZERO),
    Money(),
    Component("Price", "Amount of money, or 0 for what costs nothing.", "1250.00"),
]


def digits(amount: str) -> int:
    """Return the number of digits after the point."""
    return len(amount.partition(".")[2])
