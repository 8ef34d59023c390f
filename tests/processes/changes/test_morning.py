"""A team on one morning: 200 changes are scheduled at once by 16 clients on 500 items, while relations
change, freezes are declared and windows move. Afterwards every booking, and every refusal, is worked out anew
from the log by brute force, and a rebuild gives the same bookings.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.common.people import Caller, Role
from app.common.priorities.risk_level import RiskLevel
from app.foundation.cis.payloads import CiAlteration, PlanCi, RelateCi, UnrelateCi
from app.foundation.cis.records import CiClass, RelationKind
from app.kernel.actions.refusals import Refusal
from app.kernel.ledger import Ledger
from app.platform.db import connect
from app.processes.changes.payloads import DraftChange
from app.processes.changes.planning.bookings import rebuild_bookings
from app.processes.changes.policies.payloads import ApproveChangeTemplate, DeclareFreeze, DraftChangeTemplate
from app.processes.changes.policies.records import FreezeKind
from app.processes.changes.records import ChangeType
from tests.client import Api, Client
from tests.conftest import DatabaseUrls
from tests.every_action.ballots import approve
from tests.extent import in_test_all
from tests.people import act, add_caller, add_team
from tests.processes.changes.brute_force import Replay, events
from tests.processes.changes.samples import NIGHT, window

ITEMS, RELATIONS, CHANGES, CLIENTS, HOURS = 500, 600, 200, 16, 60
#: How often a change is scheduled, until it is neither taken nor frozen.
ATTEMPTS = 40
CLASSES = (CiClass.server, CiClass.application, CiClass.database)
TIERS = 6


@dataclass(frozen=True)
class Refused:
    """A refusal of `window_taken`: which change, when it was asked for, and between which positions."""

    change: str
    span: tuple[str, str]
    since: int
    until: int


@dataclass
class Morning:
    """All that is needed to schedule, and what was refused."""

    api: Api
    manager: Caller
    keeper: Caller
    clients: list[Client]
    chance: random.Random
    items: list[UUID]
    refused: list[Refused]

    @property
    def ledger(self) -> Ledger:
        return self.api.ledger

    async def schedule(self, client: Client, change: str) -> None:
        """The client schedules the change: after three refusals with a reason, which goes over no freeze."""
        for attempt in range(ATTEMPTS):
            begin = self.chance.randrange(HOURS * 4) / 4
            over = {} if attempt < 3 else {"override_reason": "It has to be that night."}
            body = window(begin, begin + self.chance.choice((0.5, 1, 4)), **over)
            since = await self.api.head()
            answer = await client.post(f"/v1/changes/{change}/schedule", json=body)
            if answer.status_code == 200:
                return
            assert answer.json()["code"] in ("window_taken", "frozen_without_exception"), answer.text
            span = (body["from_at"], body["until_at"])
            self.refused.append(Refused(change, span, since, await self.api.head()))
        raise AssertionError("what has a reason is refused only by a freeze")

    async def move(self, client: Client, change: str) -> None:
        """The client moves the change, cancels it, or lets it be."""
        if self.chance.random() < 0.3:
            body = window(begin := HOURS + self.chance.randrange(20), begin + 1, reason="A day later.")
            answer = await client.post(f"/v1/changes/{change}/reschedule", json=body)
            assert answer.status_code in (200, 409), answer.text
        elif self.chance.random() < 0.2:
            await client.post_ok(f"/v1/changes/{change}/cancel", {"reason": "Not today."})

    async def work(self, client: Client, waiting: list[str]) -> None:
        """The client takes one change after the other."""
        while waiting:
            change = waiting.pop()
            await self.schedule(client, change)
            await self.move(client, change)

    async def rearrange(self, times: int) -> None:
        """Items are related to others, and relations end."""
        relations: list[tuple[UUID, RelationKind, UUID]] = []
        for _ in range(times):
            kind = self.chance.choice(list(RelationKind))
            item, needed = self._pair() if kind is not RelationKind.part_of else reversed(self._pair())
            # The items may be related so already, and others change them at the same time.
            with contextlib.suppress(Refusal):
                await act(
                    self.ledger, self.keeper, "ci", "relate", item, RelateCi(kind=kind, other=str(needed))
                )
                relations.append((item, kind, needed))
                if self.chance.random() < 0.4:
                    item, kind, needed = relations.pop(self.chance.randrange(len(relations)))
                    body = UnrelateCi(kind=kind, other=str(needed))
                    await act(self.ledger, self.keeper, "ci", "unrelate", item, body)

    def _pair(self) -> tuple[UUID, UUID]:
        """An item, and one of the next tier, which it comes to need: all is at most five steps off."""
        tier = self.chance.randrange(TIERS - 1)
        return self.chance.choice(self.items[tier::TIERS]), self.chance.choice(self.items[tier + 1 :: TIERS])

    async def freeze(self, times: int) -> None:
        """Freezes are declared, over what is scheduled, too."""
        for n in range(times):
            begin = self.chance.randrange(HOURS)
            body = DeclareFreeze(
                freeze_kind=FreezeKind.freeze,
                title=f"Freeze {n}",
                reason="The books are closed.",
                from_at=NIGHT + timedelta(hours=begin),
                until_at=NIGHT + timedelta(hours=begin + 2),
                ci_classes=(self.chance.choice((CiClass.database, CiClass.network)),),
            )
            await act(self.ledger, self.manager, "freeze", "declare", body=body)


async def a_morning(api: Api, chance: random.Random) -> Morning:
    """Everything before anything is scheduled."""
    ledger = api.ledger
    await add_team(ledger, "network")
    keeper = await add_caller(ledger, "Konrad", Role.configuration_manager)
    manager = await add_caller(ledger, "Olga", Role.change_manager)

    async def an_item(n: int) -> UUID:
        body = PlanCi(key=f"srv-{n}", name=f"Item {n}", ci_class=chance.choice(CLASSES))
        outcome = await act(ledger, keeper, "ci", "plan", body=body)
        await act(ledger, keeper, "ci", "go_live", outcome.record.id, CiAlteration())
        item: UUID = outcome.record.id
        return item

    items = list(await asyncio.gather(*map(an_item, range(ITEMS))))
    clients = [await api.client(f"Manager {n}", Role.change_manager) for n in range(CLIENTS)]
    morning = Morning(api, manager, keeper, clients, chance, items, [])
    await morning.rearrange(RELATIONS)
    template = DraftChangeTemplate(
        key="restart",
        title="Restart",
        description="A restart.",
        plan="Restart it.",
        test_plan="See that it runs.",
        back_out_plan="Restart it again.",
        risk_level=RiskLevel.low,
        ci_classes=CLASSES,
    )
    result = await act(
        ledger,
        await add_caller(ledger, "Mei", Role.change_manager),
        "change_template",
        "draft",
        body=template,
    )
    await act(ledger, manager, "change_template", "approve", result.record.id, ApproveChangeTemplate())
    [question] = await ledger.db.rows(
        "select id from fold.decision where record = %s", (f"change_template/{result.record.id}",)
    )
    await approve(ledger, "change_template", result.record.id, question["id"])
    return morning


async def drafts(morning: Morning) -> list[str]:
    """The ids of the changes to schedule, each of one to three items."""

    async def a_draft(n: int) -> str:
        items = morning.chance.sample(morning.items, morning.chance.randint(1, 3))
        body = DraftChange(
            type=ChangeType.standard,
            title=f"Restart {n}",
            template="restart",
            cis=tuple(map(str, items)),
            team="network",
        )
        return str((await act(morning.ledger, morning.manager, "change", "draft", body=body)).record.id)

    return list(await asyncio.gather(*map(a_draft, range(CHANGES))))


@in_test_all
async def test_no_two_changes_overlap_without_a_reason_and_nothing_is_refused_without_one(
    api: Api, place: DatabaseUrls
) -> None:
    morning = await a_morning(api, random.Random(20))
    waiting = await drafts(morning)
    await asyncio.gather(
        *(morning.work(client, waiting) for client in morning.clients),
        morning.rearrange(80),
        morning.freeze(6),
    )
    replay, open_refusals = Replay(), list(morning.refused)
    for event in await events(api.ledger):
        replay.apply(event)
        open_refusals = [
            open_refusal for open_refusal in open_refusals if not _justified(replay, open_refusal)
        ]
    assert replay.broken == []
    assert open_refusals == []
    assert len(morning.refused) > CHANGES / 10, "windows were fought for"
    connection = await connect(place.owner_url)
    try:
        assert await rebuild_bookings(connection) == []
    finally:
        await connection.close()


def _justified(replay: Replay, refused: Refused) -> bool:
    """Whether something stands in the way of the change, as the log stood while it was refused."""
    if not refused.since <= replay.position <= refused.until:
        return False
    touched = set(replay.of("change")[refused.change]["ci_ids"])
    return bool(replay.in_the_way(refused.change, touched, replay.needs(touched), refused.span))
