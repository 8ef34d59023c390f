"""What is said of agreements, and those who have to do with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from app.common.people import Role
from app.foundation.people.records import TeamKind
from tests.client import Api, Client, Json

OFFICE = "office"
ALWAYS = "round-the-clock"
REVIEW: Json = {
    "minutes": "The targets fit.",
    "results": "97 % of P1 in time.",
    "expectations": "Support on Saturdays.",
}
EFFECTS: Json = {"effect_on_price": "It stays the same.", "effect_on_workload": "Ten cases more."}
#: By type of agreement, the payload's field that names the other party.
PARTY = {"SLA": "customer", "OLA": "team", "UC": "supplier"}


def a_target(name: str, metric: str, seconds: int, **more: Any) -> Json:
    """A target of a clock, for incidents if nothing else is said."""
    return {"id": name, "metric": metric, "process": "incident", "threshold_seconds": seconds, **more}


def a_draft(*targets: Json, **more: Any) -> Json:
    """What is said to draft an agreement that can be submitted."""
    return {
        "targets": list(targets) or [a_target("t1", "resolution", 14_400)],
        "price_amount": "12000.00",
        "price_currency": "CNY",
        "price_period": "year",
        "cost_amount": "9000.00",
        "cost_currency": "CNY",
        "cost_period": "year",
        "specification": "The mail team restores the relay; North Telecom the line.",
        "quality_plan": "Counted by the clocks, reported on the fifth working day.",
        "text": "Mail works again within half a working day. 邮件半个工作日内恢复。",
        "calendar": OFFICE,
        "valid_from": "2026-01-01",
        "valid_to": "2199-12-31",
        **more,
    }


async def add_calendar(keeper: Client, key: str, days: str, starts: str, ends: str) -> None:
    """A calendar with these hours of Shanghai on these days."""
    weekly = [{"weekdays": days.split(), "starts": starts, "ends": ends}]
    payload = {"key": key, "name": key, "time_zone": "Asia/Shanghai", "weekly": weekly}
    await keeper.post_ok("/v1/calendars", payload)


async def signed_elsewhere(manager: Client) -> Json:
    """The payload of a document that a party without an account has signed."""
    upload = await manager.put(f"/v1/uploads/{uuid4()}", content=b"%PDF-1.7 signed")
    assert upload.status_code == 200, upload.text
    return {
        "signed_document": "V-2026-0815",
        "signatory": "Ms Li of the supplier",
        "upload": upload.json()["id"],
    }


@dataclass
class Parties:
    """Those who have to do with agreements: the manager and the maintainer, and the leads of each team. The
    keeper keeps teams, services and calendars.
    """

    api: Api
    keeper: Client
    manager: Client
    maintainer: Client
    it: Client
    leads: dict[str, Client] = field(default_factory=dict)

    async def team(self, key: str, kind: TeamKind) -> None:
        """A team with a lead of its own."""
        role = (Role.agent,) if kind is TeamKind.internal else ()
        team = await self.api.team(key, kind)
        self.leads[key] = await self.api.client(f"Lead of {key}", *role, teams=(key,))
        edit = await self.keeper.patch(
            f"/v1/teams/{team}", json={"lead": self.leads[key].id}, headers={"If-Match": "*"}
        )
        assert edit.status_code == 200, edit.text

    async def always(self) -> None:
        """A calendar of all hours of all days. To make one takes as long as ten requests."""
        await add_calendar(self.keeper, ALWAYS, "mon tue wed thu fri sat sun", "00:00", "24:00")

    async def required(self, kind: str = "SLA", party: str | None = "finance", **more: Any) -> str:
        """The path of an agreement of which the requirement is recorded."""
        payload = {
            "agreement_type": kind,
            "title": f"{kind} {party or 'default'}",
            "needs": "Mail within the hour.",
            "business_process": "Closing of the books",
            "representative": self.it.id,
            **({} if party is None else {PARTY[kind]: party}),
            **({"services": ["mail"]} if kind == "SLA" and party is not None else {}),
            **more,
        }
        return f"/v1/slas/{(await self.manager.post_ok('/v1/slas', payload))['id']}"

    async def drafted(self, kind: str, party: str | None, *targets: Json, **more: Any) -> str:
        """The path of an agreement that is drafted."""
        path = await self.required(kind, party)
        await self.manager.post_ok(f"{path}/draft", a_draft(*targets, **more))
        return path

    async def submitted(self, kind: str, party: str | None, *targets: Json, **more: Any) -> str:
        """The path of an agreement that is in review."""
        on_nothing = kind == "SLA" and not more.get("rests_on")
        gap = more.pop("gap_reason", "There is nothing beneath it yet." if on_nothing else None)
        path = await self.drafted(kind, party, *targets, **more)
        await self.it.post_ok(f"{path}/negotiate", {"proposals": "As drafted."})
        await self.manager.post_ok(f"{path}/submit_for_review", {} if gap is None else {"gap_reason": gap})
        return path

    async def signed(self, kind: str, party: str | None, *targets: Json, **more: Any) -> str:
        """The path of an agreement that both parties have signed."""
        path = await self.submitted(kind, party, *targets, **more)
        await self.sign(path, party)
        return path

    async def sign(self, path: str, party: str | None) -> Json:
        """The agreement, after both have signed it; a party without an account signs elsewhere."""
        text = {"text_edition": (await self.manager.read(path))["text_edition"]}
        first = await self.it.post_ok(f"{path}/sign", text)
        assert first["state"] == "in_review"
        if party is None:
            customer = {"party_representative": self.leads["finance"].id}
            await self.manager.post_ok(f"{path}/appoint", customer)
            await self.it.post_ok(f"{path}/sign", text)
        if (theirs := self.leads.get(party or "finance")) is not None:
            return await theirs.post_ok(f"{path}/sign", text)
        return await self.manager.post_ok(f"{path}/sign", {**text, **await signed_elsewhere(self.manager)})

    async def review(self, path: str, party: str = "finance") -> Json:
        """The agreement, after both parties have reviewed it."""
        attended = {"attended": [self.manager.id, self.leads[party].id]}
        return await self.manager.post_ok(f"{path}/review", {**REVIEW, **attended})


async def the_parties(api: Api) -> Parties:
    """Everybody, with a service, a calendar, a customer, an internal team and a supplier."""
    keeper = await api.client("Keeper", Role.admin, Role.service_level_manager)
    await add_calendar(keeper, OFFICE, "mon tue wed thu fri", "09:00", "18:00")
    parties = Parties(
        api,
        keeper,
        manager=await api.client("Manager", Role.service_level_manager),
        maintainer=await api.client("Maintainer", Role.agreement_maintainer),
        it=await api.client("Head of IT", Role.agent),
    )
    for key, kind in (
        ("finance", TeamKind.customer),
        ("mail-team", TeamKind.internal),
        ("north-telecom", TeamKind.supplier),
    ):
        await parties.team(key, kind)
    service = {"key": "mail", "name_en": "E-mail", "name_zh": "邮件", "criticality": "high", "owner": "me"}
    service["calendar"] = OFFICE
    mail = await keeper.post_ok("/v1/services", service)
    await keeper.post_ok(f"/v1/services/{mail['id']}/go_live")
    return parties
