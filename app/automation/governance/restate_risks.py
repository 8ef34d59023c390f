"""States the levels of risks again when another matrix is set, each with the matrix that gives it. An
assessment by the former matrix in the same instant is stated again after it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.governance.risks.lookups import matrix_in_force, otherwise_stated
from app.governance.risks.payloads import RestateRisk
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of, kind_of


async def restate_risks(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the levels, by the matrix in force, of the risks whose levels another one gave."""
    matrix = await matrix_in_force(ledger.db.rows)
    if matrix is None:
        return
    risk = id_of(event.stream) if kind_of(event.stream) == "risk" else None
    for stated in await otherwise_stated(ledger.db, matrix, risk):
        level = matrix.scale[stated["likelihood"], stated["impact"]]
        body = RestateRisk(matrix=str(matrix.id), risk_level=level)
        yield RuleConsequence("risk", "restate", stated["id"], body, if_match=stated["version"])


RULE = Rule(
    "restate_risks",
    ("risk_matrix.added", "risk_matrix.agreed", "risk.assessed", "risk.reassessed"),
    restate_risks,
)
