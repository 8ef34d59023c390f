"""The days of the week, and the hours and dates of payloads."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

from app.common.components import Component
from app.common.records import CodeEnum
from app.kernel.actions.payload_fields import StatedDay
from app.kernel.actions.payloads import ShortText


class Weekday(CodeEnum):
    """A day of the week, from Monday on."""

    mon = "mon", "Monday", "星期一"
    tue = "tue", "Tuesday", "星期二"
    wed = "wed", "Wednesday", "星期三"
    thu = "thu", "Thursday", "星期四"
    fri = "fri", "Friday", "星期五"
    sat = "sat", "Saturday", "星期六"
    sun = "sun", "Sunday", "星期日"


_DATE = re.compile(r"(?:19|20|21)\d\d-\d\d-\d\d")


def _check_date(value: str) -> str:
    try:
        if _DATE.fullmatch(value) and date.fromisoformat(value):
            return value
    except ValueError:
        pass
    raise PydanticCustomError("not_a_date", "must be a date")


ClockTime = Annotated[
    str,
    StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$"),
    Component("TimeOfDay", "Time of day.", "09:00"),
]


IsoDate = Annotated[
    ShortText,
    AfterValidator(_check_date),
    Component(
        "IsoDate",
        "Date of a day.",
        "2026-03-02",
        {"format": "date", "pattern": r"^(19|20|21)\d\d-\d\d-\d\d$"},
    ),
    StatedDay(),
]
