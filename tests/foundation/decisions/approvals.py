"""A request that three people must approve, by the doors that everybody else uses."""

from __future__ import annotations

from dataclasses import dataclass

from app.common.people import Role
from tests.client import Api, Client, Json

AHEAD = "2199-01-01T00:00:00Z"
WHY = {"type": "string", "maxLength": 500, "x-label": {"en": "What for", "zh": "用途"}}
FORM = {"type": "object", "properties": {"why": WHY}, "x-order": ["why"]}
ASSESSED = {"category": "hardware", "impact": "3", "urgency": "2", "path": "standard"}


@dataclass
class Approval:
    """Who asks, who assesses, and the three who decide, of whom the asker would be a fourth."""

    requester: Client
    agent: Client
    voters: list[Client]

    async def requested(self, item: str = "laptop") -> str:
        """Where a request is that is to be assessed."""
        fields = {"title": "A laptop", "description": "She begins on Monday.", "channel": "portal"}
        body: Json = {**fields, "urgency": "2", "item": item}
        body |= {"answers": {"why": "出差用"}} if item == "laptop" else {}
        return f"/v1/requests/{(await self.requester.post_ok('/v1/requests', body))['id']}"

    async def asked(self, **more: str) -> tuple[str, str]:
        """Where a request is that waits for approval, and the id of the decision."""
        path = await self.requested()
        await self.agent.post_ok(f"{path}/assess", {**ASSESSED, **more})
        return path, (await self.voters[0].read(f"{path}/decisions"))["items"][-1]["id"]


async def approval(api: Api) -> Approval:
    """An item of the catalogue that three approve by majority; the requester, who holds every role, is named
    with them.
    """
    await api.team("workplace")
    admin = await api.client("Admin", Role.admin)
    requester = await api.client("王芳", *(role for role in Role if role is not Role.auditor))
    voters = [await api.client(name) for name in ("Head", "Deputy", "Third")]
    service = {"key": "workplace", "name_en": "Workplace", "name_zh": "办公终端", "criticality": "medium"}
    await admin.post_ok("/v1/services", {**service, "owner": "me", "team": "workplace"})
    await admin.post_ok("/v1/services/workplace/go_live")
    item: Json = {
        "key": "laptop",
        "service": "workplace",
        "title_en": "A laptop",
        "title_zh": "笔记本电脑",
        "form": FORM,
        "fulfilment_path": "standard",
        "approver_persons": [*(voter.id for voter in voters), requester.id],
        "approval_rule": "majority",
        "target_seconds": 259_200,
        "default_team": "workplace",
    }
    await admin.post_ok("/v1/catalogue_items", item)
    await admin.post_ok("/v1/catalogue_items/laptop/offer")
    return Approval(requester, await api.client("Ada", Role.agent, teams=("workplace",)), voters)
