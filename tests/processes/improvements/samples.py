"""What is said of improvements, and those who have to do with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from app.common.people import Role
from app.kpis.facts.consumer import FACTS
from app.log.follow import catch_up
from app.platform.db import Connection
from tests import boards
from tests.client import RESOLVED, Api, Client, Json, an_incident
from tests.processes.improvement_suggestions.samples import offered

AT = "/v1/improvements"
AHEAD = "2199-01-01T00:00:00Z"
KPI = "incident_resolution_seconds"
#: A verdict needs so many cases on each side.
ENOUGH = 12


def a_day(days_ago: float) -> str:
    """The instant so many days ago."""
    return f"{datetime.now(UTC) - timedelta(days=days_ago):%Y-%m-%dT%H:%M:%SZ}"


def a_target(**changes: Any) -> Json:
    """What is promised: half the time."""
    return {
        "name": "restore-faster",
        "kpi": KPI,
        "before": {"from": a_day(40), "to": a_day(10)},
        "promised": {"change": "-0.5", "of": "relative"},
        "judged_by": "By the median of the months after.",
        "baseline_reason": "The relay is new.",
        **changes,
    }


def a_proposal(**changes: Any) -> Json:
    """What is said to propose an improvement outside the plan."""
    return {
        "scope_and_goal": "Mail is restored within the hour. 一小时内恢复邮件。",
        "benefit_inside": "Fewer nights on call.",
        "benefit_outside": "Nobody waits half a day.",
        "method": "A runbook for each relay.",
        "steps": "Write it in May, try it in June.",
        "resources": "Two engineers for a month.",
        "judgement": "By the target, and by those on call.",
        "targets": [a_target()],
        "outside_plan_reason": "The plan was made before the relays failed.",
        "planned_cost": "12000.00",
        "currency": "CNY",
        **changes,
    }


def weighed(**changes: Any) -> Json:
    """What it was weighed against."""
    return {
        "weighed_goals": "It serves the first goal.",
        "weighed_practice": "Others restore within the hour.",
        "weighed_present_state": "Half a day at present.",
        "weighed_cost": "A month of two engineers.",
        "weighed_resources": "They are there.",
        "weighed_time": "Before the winter.",
        **changes,
    }


def a_classification(**changes: Any) -> Json:
    """What is said of a minor improvement."""
    return {"kind": "activity", "impact": "2", "urgency": "2", **changes}


def a_judgement(position: int, **changes: Any) -> Json:
    """What is said of one that was reached."""
    judged = dict.fromkeys(("goal_reached", "scope_reached", "benefit_reached", "reached"), True)
    return {"position": position, **judged, **changes}


def errors(problem: Json) -> list[tuple[str, str]]:
    """Which values are wrong, and why."""
    return [(error["pointer"], error["code"]) for error in problem["errors"]]


@dataclass
class Improvers:
    """Those who have to do with improvements, and the facts of KPIs beside them: two of the committee who
    are asked agree in all, which decides it.
    """

    api: Api
    follower: Connection
    quality: Client
    owner: Client
    author: Client
    committee: tuple[Client, Client]
    third: Client
    manager: Client
    sponsor: Client
    tool: Client

    async def selected(self, **changes: Any) -> str:
        """The address of an improvement that carries out a suggestion of the author."""
        suggestion = await offered(self.author)
        body: Json = {
            "title": "Mail is restored sooner",
            "suggestions": [suggestion["number"]],
            "reason": "It cannot wait for the month's end.",
            "scope": "process",
            "process": "incident",
            "aspect": "activity",
            **changes,
        }
        return f"{AT}/{(await self.quality.post_ok(AT, body))['id']}"

    async def proposed(self, **changes: Any) -> str:
        """The address of one that is proposed."""
        path = await self.selected()
        await self.follow()
        await self.quality.post_ok(f"{path}/propose", a_proposal(**changes))
        return path

    def question(self, **changes: Any) -> Json:
        """What is put to the committee."""
        return {"question": "Do we improve this?", **changes}

    async def in_review(self, **changes: Any) -> str:
        """The address of one on which the committee votes."""
        path = await self.proposed()
        await self.quality.post_ok(f"{path}/submit", self.question() | weighed() | changes)
        return path

    async def vote(self, path: str, verdict: str) -> Json:
        """The committee is of one mind. Gives the improvement."""
        return await boards.decide((*self.committee, self.third), path, verdict)

    async def asks(self, path: str, action: str, body: Json | None = None, verdict: str = "approve") -> Json:
        """The improvement after the committee has decided what the quality manager puts to it."""
        await self.quality.post_ok(f"{path}/{action}", body)
        return await self.vote(path, verdict)

    async def approved(self) -> str:
        """The address of one that the committee has approved."""
        path = await self.in_review()
        assert (await self.vote(path, "approve"))["state"] == "approved"
        return path

    async def classified(self, **changes: Any) -> str:
        """The address of one that is classified, as a minor one unless it is said otherwise."""
        path = await self.approved()
        await self.asks(path, "classify", a_classification(**changes))
        return path

    async def evaluating(self, implementer: Client | None = None) -> str:
        """The address of a minor one that is implemented, by an engineer: the owner agrees."""
        path = await self.classified()
        doer = implementer or await self.api.client("Implementer", Role.engineer)
        await doer.post_ok(f"{path}/implement", {"plan": "The runbook by Friday."})
        await doer.post_ok(f"{path}/finish", {"what": "Every relay has a runbook."})
        return path

    async def restored(self, *, hours: float, days_ago: float = 0, cases: int = ENOUGH) -> None:
        """So many incidents were restored about that many days ago, each after these hours or a little more.
        Those that are restored now were opened a day after the other, since cases of one day tell no effect.
        """
        for n in range(cases):
            ended = days_ago + n / 2 if days_ago else 0
            begun = ended + (hours + n / 60) / 24 if days_ago else n + hours / 24
            record = await self.tool.post_ok("/v1/incidents", an_incident(occurred_at=a_day(begun)))
            body = RESOLVED | ({"occurred_at": a_day(ended)} if days_ago else {})
            await self.tool.post_ok(f"/v1/incidents/{record['id']}/resolve", body)

    async def measured(self, path: str) -> Json:
        """The measurement of the effect, which is made now."""
        await self.follow()
        await self.quality.post_ok(f"{path}/measure_effects", {})
        body: Json = (await self.quality.read(f"{path}/measurements"))["items"][-1]
        return body

    async def follow(self) -> None:
        """The facts of KPIs are made."""
        await catch_up(self.follower, FACTS)


async def improvers_of(api: Api, follower: Connection) -> Improvers:
    """Those who improve in this application."""
    await api.team("network")
    sponsor = await api.client("Sponsor", Role.management)
    admin = await api.client("Admin", Role.admin)
    person = await admin.get(f"/v1/persons/{sponsor.id}")
    edited = await admin.patch(
        f"/v1/persons/{sponsor.id}",
        json={"grade": "management"},
        headers={"If-Match": person.headers["ETag"]},
    )
    assert edited.status_code == 200, edited.text
    return Improvers(
        api,
        follower,
        await api.client("Quality", Role.quality_manager),
        await api.client("Owner", Role.process_owner),
        await api.client("Author", Role.engineer),
        (await api.client("Olga", Role.committee_member), await api.client("Mei", Role.committee_member)),
        await api.client("Third", Role.committee_member),
        await api.client("Manager", Role.project_manager),
        sponsor,
        await api.client("Monitoring", Role.integration),
    )


async def refusal(client: Client, path: str, body: Json) -> tuple[int, str, str]:
    """The status of a refused POST, the code, and where in the payload it is."""
    answer = await client.post(path, json=body)
    document = answer.json()
    wrong = document.get("errors") or [{"code": document.get("code"), "pointer": ""}]
    return answer.status_code, wrong[0]["code"], wrong[0]["pointer"]
