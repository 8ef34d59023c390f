"""What is said of audits, of findings and of their points."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from app.foundation.audit_points.audit_points import GiveAuditPoint
from app.foundation.audit_points.point_rules import SetPointRule
from app.governance.audits.payloads import (
    ConcludeAudit,
    ConfirmSummaryAudit,
    CorrectSelfCheckAudit,
    DrawAudit,
    OpenAudit,
    SubmitSelfCheckAudit,
)
from app.governance.findings.payloads import (
    CorrectFinding,
    DecideObjectionFinding,
    ObjectFinding,
    RaiseFinding,
    VerifyFinding,
)
from app.kernel.actions.payloads import Payload
from tests.client import Client, Json
from tests.every_action.world_data import IDS, NOBODYS, NUMBERS, TEAM

SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    # Of each month, team and process there is one.
    OpenAudit: lambda: {
        "month": "2025-01",
        "team": TEAM,
        "process": f"process-{next(NUMBERS)}",
        "head": IDS["everybody"],
    },
    SubmitSelfCheckAudit: lambda: {
        "runs": 3,
        "measures": [{"text": "Checklists anew. 更新检查单。"}],
        "deviations": [{"text": "One was late. 一次逾期。", "about": "INC-2025-000001"}],
        "design_faults": [{"fault": "form", "text": "It has no field for it. 表单缺少字段。"}],
    },
    CorrectSelfCheckAudit: lambda: {"runs": 3, "measures": [{"text": "Checklists anew. 更新检查单。"}]},
    ConfirmSummaryAudit: lambda: {
        "low_performers": "The night shift. 夜班。",
        "measures": "Training. 培训。",
    },
    DrawAudit: lambda: {"size": 5},
    ConcludeAudit: lambda: {"summary": "In order. 正常。", "incomplete_items": ["measures"]},
    RaiseFinding: lambda: {
        "title": "Closed without a solution",
        "kind": "violation",
        "severity": "major",
        "process": "incident",
        "team": TEAM,
        # Another case each time: the same one again is the same fault.
        "evidence": [f"INC-2025-{next(NUMBERS):06}"],
        "description": "Nothing says what was done. 未说明处理情况。",
        "self_found": False,
        "person": IDS["everybody"],
        "supervisor": IDS["author"],
        "head": IDS["business"],
        "owner": "me",
        "auditor": IDS["auditor"],
        "due_at": "2199-01-31T06:00:00Z",
    },
    ObjectFinding: lambda: {"objection": "It was another case. 不是这一单。"},
    DecideObjectionFinding: lambda: {"verdict": "upheld", "verdict_reason": "It is this one. 就是这一单。"},
    CorrectFinding: lambda: {"correction": "The solution is written down. 已补充。"},
    VerifyFinding: lambda: {"verification": "Seen in the case. 已查看。"},
    GiveAuditPoint: lambda: {
        "person": IDS["everybody"],
        "part": "person",
        "basis": "violation",
        "points": 20,
        "times": 1,
        "about": f"finding/{NOBODYS}",
        "counted_at": "2025-02-16T06:00:00Z",
    },
    SetPointRule: lambda: {
        "basis": "violation",
        "person_points": 20,
        "supervisor_points": 10,
        "head_points": 5,
        "reason": "The regulation says so. 按规定。",
    },
}
#: The verdict that leads to another state.
TOWARDS: dict[tuple[type[Payload], str], Json] = {
    (DecideObjectionFinding, "withdrawn"): {"verdict": "withdrawn"}
}
#: The team's head signs what another has summarised, and nobody concludes what they have said themselves.
ACTED_BY: dict[tuple[str, str], tuple[tuple[str, Json], ...]] = {
    ("submit_self_check", "submitted"): (("author", {}),),
    ("confirm_summary", "confirmed"): (("author", {}),),
    ("countersign", "countersigned"): (("it", {}),),
    ("object", "objected"): (("author", {}),),
    ("correct", "corrected"): (("author", {}),),
}
OPENED_TOWARDS: dict[tuple[str, str], Callable[[], Json]] = {
    ("audit", "countersigned"): lambda: {"head": IDS["it"]},
    ("audit", "concluded"): lambda: {"head": IDS["it"]},
    ("finding", "decide_objection"): lambda: {"person": IDS["it"]},
    ("finding", "verify"): lambda: {"person": IDS["it"]},
    ("finding", "corrected"): lambda: {"owner": IDS["author"]},
    ("finding", "verified"): lambda: {"owner": IDS["author"]},
}


async def _drawn(client: Client, path: str) -> Json:
    """A sample that was drawn, without which nothing is concluded."""
    await client.post_ok(f"{path}/draw", SAMPLES[DrawAudit]())
    return {}


PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {ConcludeAudit: _drawn}
#: It is concluded before that only when the summary is overdue.
ONLY_IN = {"audit.conclude": frozenset({"countersigned"})}
#: Whoever raised a finding does not decide on the objection to it.
NOT_THEIR_OWN = frozenset({"finding.decide_objection"})
