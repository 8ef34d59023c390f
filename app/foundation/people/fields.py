"""Fields about a person, from any source: an administrator, or the identity provider."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.common.components import CHOSEN_FROM, Component
from app.common.personal import LOGIN, PREFIX, ExternalId, Personal
from app.common.times.zones import EXAMPLES, is_zone
from app.kernel.actions.payloads import NO_LINE, ShortText


def _check_zone(value: str) -> str:
    if not is_zone(value):
        raise PydanticCustomError("unknown_zone", "no such time zone", {"known": EXAMPLES})
    return value


Name = Annotated[ShortText, Personal()]
Email = Annotated[
    ShortText,
    StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$"),
    Personal(),
    Component(
        "EmailAddress",
        "E-mail address.",
        "lin@example.org",
        {"pattern": rf"^(?!{PREFIX})[^@\s{NO_LINE}]+@[^@\s{NO_LINE}]+$"},
    ),
]
Login = Annotated[ShortText, Personal(), ExternalId(LOGIN)]
Locale = Annotated[
    str, StringConstraints(pattern="^(en|zh)$"), Field(json_schema_extra={CHOSEN_FROM: "language"})
]
Zone = Annotated[
    ShortText,
    AfterValidator(_check_zone),
    Component(
        "TimeZone",
        "Name of a time zone (IANA).",
        "Asia/Shanghai",
        {"pattern": r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$", CHOSEN_FROM: "time_zone"},
    ),
]
