"""Names of a change, another record or an event in a payload: the numbers of ours in it must be known,
anything else is taken as it is.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import can_see
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

#: A part of this form, in any case, is the number of one of our records, or a mistake.
OWN_NUMBER = re.compile(r"(?<![A-Z0-9-])([A-Z]{3})-\d{4}-\d{6,}")
_DASHES = re.compile(r"[\u2010-\u2015\u2212]")


async def check_named_record(
    reads: ReadContext, name: str | None, ctx: ActionContext, *, pointer: str
) -> list[Any]:
    """Return the records of ours whose numbers are in the name; any other name is external. Raises WrongValue
    (`unknown_reference`) at the pointer for a number of ours that there is not, or that the caller may not
    see.
    """
    written = _DASHES.sub("-", unicodedata.normalize("NFKC", name or "")).upper()
    kinds = {lifecycle.code: kind for kind, lifecycle in reads.lifecycles.items() if lifecycle.code}
    records = []
    for match in OWN_NUMBER.finditer(written):
        kind, number = kinds.get(match[1]), match[0]
        if kind is None:
            continue
        loaded = await reads.record(kind, number)
        # People who may see a signal see every ticket; the setting gives no further access.
        if loaded is None or not can_see(
            ctx.caller, reads.lifecycles[kind], loaded.audience, agents_see="teams"
        ):
            raise WrongValue({"kind": kind, "name": number}, pointer=pointer, because="unknown_reference")
        records.append(loaded.record)
    return records
