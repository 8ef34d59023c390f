"""Names of a change, another record or an event in a payload: a number of ours must be known, anything else
is taken as it is.
"""

from __future__ import annotations

import re

from app.kernel.access.reads import ReadContext
from app.kernel.access.visibility import can_see
from app.kernel.actions.context import ActionContext
from app.kernel.actions.refusals import WrongValue

#: A text of this form is the number of one of our records, or a mistake.
OWN_NUMBER = re.compile(r"([A-Z]{3})-\d{4}-\d{6,}")


async def check_named_record(
    reads: ReadContext, name: str | None, ctx: ActionContext, *, pointer: str
) -> None:
    """Raise WrongValue (`unknown_reference`) at the pointer if the name is the number of a record of ours
    that there is not, or that the caller may not see. Names of any other form are external.
    """
    number = OWN_NUMBER.fullmatch(name or "")
    if name is None or number is None:
        return
    for kind, lifecycle in reads.lifecycles.items():
        if lifecycle.code != number[1]:
            continue
        loaded = await reads.record(kind, name)
        # People who may see a signal see every ticket; the setting gives no further access.
        if loaded is None or not can_see(ctx.caller, lifecycle, loaded.audience, agents_see="teams"):
            raise WrongValue({"kind": kind, "name": name}, pointer=pointer, because="unknown_reference")
