"""Signature lines of the holders of posts."""

from __future__ import annotations

from app.common.people import Role, RoleGrant
from app.foundation.documents.pages import SignatureLine
from app.foundation.documents.printing import decrypt
from app.kernel.access.reads import HOLDERS
from app.kernel.ledger import Ledger

#: So many holders of one post sign at most.
MOST_HOLDERS = 3


async def post_lines(ledger: Ledger, role: Role, *, of_process: str | None = None) -> list[SignatureLine]:
    """Return a line for each active holder of the role, for everything or for that process; an empty line
    without a holder. The role's code is the code of the line.
    """
    grants = [str(RoleGrant(role)), *([str(RoleGrant(role, process=of_process))] if of_process else ())]
    holders = [row["id"] for row in await ledger.db.rows(HOLDERS, (grants, MOST_HOLDERS))]
    names = await decrypt(ledger, [], holders)
    return [SignatureLine(role.value, names.name(holder)) for holder in holders] or [
        SignatureLine(role.value)
    ]
