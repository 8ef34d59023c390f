"""Nobody votes for somebody who has not named them for that very instant, by a credential for all that they
may do. It does not matter who edits the absence, be it lead, administrator or calendar, nor with which key.
"""

from __future__ import annotations

import contextlib
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.common.keys import hash_of, new_secret
from app.common.people import Caller, Role, RoleGrant, rule_caller
from app.foundation.absences.absence_calendars import AddAbsenceCalendar
from app.foundation.absences.absences import EditAbsence, PlanAbsence, RescheduleAbsence
from app.foundation.absences.lookups import DUE_CALENDARS
from app.foundation.absences.records import AbsenceSource
from app.foundation.decisions.deputies.lifecycle import NameDeputy
from app.foundation.decisions.deputies.lookups import DEPUTATIONS
from app.foundation.people.credentials.maker_credential import MakerCredential
from app.foundation.people.keys import MakeKey, RotateKey
from app.foundation.people.teams import EditTeam
from app.kernel.actions.payloads import EmptyPayload
from app.kernel.actions.refusals import NarrowKey, Refusal, SupersededSecret, WrongValue
from app.kernel.commands.command import Command
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.processes.incidents.records import Incident
from tests.extent import examples
from tests.foundation.decisions.conftest import deciding, desk, incident, requester  # noqa: F401  # fixtures
from tests.foundation.decisions.deciding import NOW, ask, vote
from tests.people import act, add_caller, add_team, context

DAY = timedelta(days=1)
VOTING = (
    f"select deputy_id, person_id from ({DEPUTATIONS}) d where d.from_at <= %(at)s and d.until_at > %(at)s"
)


def narrow(caller: Caller, *roles: Role) -> Caller:
    """The same person by a key for these roles only."""
    held = tuple(RoleGrant(role) for role in roles)
    return replace(caller, roles=held, restricted_to=held, is_narrowed=True)


@dataclass
class People:
    """Somebody on a board, the lead of their team, an administrator, and two who may be deputies."""

    absent: Caller
    lead: Caller
    admin: Caller
    deputies: list[Caller]


@pytest.fixture
async def people(ledger: Ledger) -> People:
    await add_team(ledger, "network")
    absent = await add_caller(ledger, "Vera", Role.cab_member, Role.engineer, teams=("network",))
    lead = await add_caller(ledger, "Lena", Role.engineer, teams=("network",))
    admin = await add_caller(ledger, "Ada", Role.admin)
    deputies = [await add_caller(ledger, f"Deputy {n}", Role.agent) for n in range(2)]
    body = EditTeam.model_validate({"lead": str(lead.person_id)})
    await act(ledger, rule_caller("tests"), "team", "edit", "network", body)
    return People(absent, lead, admin, deputies)


def planned(begin: float, end: float, deputy: Caller | None = None, **more: Any) -> PlanAbsence:
    """An absence from so many days ahead."""
    named = None if deputy is None else str(deputy.person_id)
    body = {"from_at": NOW + begin * DAY, "until_at": NOW + end * DAY, "deputy": named, **more}
    return PlanAbsence.model_validate({key: value for key, value in body.items() if value is not None})


def edited(**fields: Any) -> EditAbsence:
    """An edit of these fields."""
    return EditAbsence.model_validate(fields)


async def voting(ledger: Ledger, days: float) -> set[tuple[UUID, UUID]]:
    """Who may vote for whom, so many days ahead."""
    rows = await ledger.db.rows(VOTING, {"at": NOW + days * DAY})
    return {(row["deputy_id"], row["person_id"]) for row in rows}


async def test_an_hour_stays_an_hour_whoever_stretches_the_absence(
    deciding: Ledger,  # noqa: F811  # a fixture
    desk: Caller,  # noqa: F811  # a fixture
    incident: Incident,  # noqa: F811  # a fixture
    people: People,
) -> None:
    """The vote itself asks, on a question that was put before the person named anybody else's time."""
    deputy = people.deputies[0]
    absence = (await act(deciding, people.absent, "absence", "plan", None, planned(60, 61, deputy))).record
    for editor in (people.lead, people.admin, narrow(people.absent, Role.cab_member)):
        body = edited(from_at=NOW - DAY, until_at=NOW + 300 * DAY)
        await act(deciding, editor, "absence", "edit", absence.id, body)
        for days in (0, 59, 61, 250):
            assert await voting(deciding, days) == set(), days
        assert await voting(deciding, 60.5) == {(deputy.person_id, people.absent.person_id)}
    decision = await ask(deciding, desk, incident, [people.absent, people.lead])
    with pytest.raises(Refusal) as refused:
        await vote(deciding, deputy, incident, decision)
    assert refused.value.code in ("not_asked_to_vote", "not_found")
    await act(deciding, people.absent, "absence", "confirm", absence.id)
    assert await voting(deciding, 250) == {(deputy.person_id, people.absent.person_id)}


async def test_a_vote_waits_for_no_rule_to_see_that_the_deputy_was_ended(
    deciding: Ledger,  # noqa: F811  # a fixture
    desk: Caller,  # noqa: F811  # a fixture
    incident: Incident,  # noqa: F811  # a fixture
    people: People,
) -> None:
    body = NameDeputy(deputy=str(people.deputies[0].person_id), from_at=NOW - DAY, until_at=NOW + DAY)
    named = (await act(deciding, people.absent, "deputy", "name", None, body, now=NOW)).record
    decision = await ask(deciding, desk, incident, [people.absent, people.lead])
    await act(deciding, people.absent, "deputy", "end", named.id, now=NOW)
    with pytest.raises(Refusal) as refused:
        await vote(deciding, people.deputies[0], incident, decision)
    assert refused.value.code == "not_asked_to_vote"


async def test_no_narrow_and_no_replaced_secret_names_who_votes(ledger: Ledger, people: People) -> None:
    deputy = people.deputies[0]
    name = NameDeputy(deputy=str(deputy.person_id), from_at=NOW, until_at=NOW + DAY)
    old = replace(people.absent, is_superseded=True)
    own = (await act(ledger, people.absent, "absence", "plan", None, planned(1, 2, deputy))).record
    for caller, refusal in ((narrow(people.absent, Role.cab_member), NarrowKey), (old, SupersededSecret)):
        for kind, action, record_id, body in (
            ("deputy", "name", None, name),
            ("absence", "plan", None, planned(5, 6, deputy)),
            ("absence", "edit", own.id, edited(deputy=str(people.deputies[1].person_id))),
        ):
            with pytest.raises(refusal):
                await act(ledger, caller, kind, action, record_id, body)
    assert await voting(ledger, 1.5) == {(deputy.person_id, people.absent.person_id)}
    plain = await act(ledger, narrow(people.absent, Role.engineer), "absence", "plan", None, planned(7, 8))
    assert plain.record.deputy_id is None, "to be away takes no key for everything"


async def test_nobody_is_named_for_longer_than_the_key_lasts(ledger: Ledger, people: People) -> None:
    short, deputy = replace(people.absent, lasts_until=NOW + DAY), people.deputies[0]
    body = NameDeputy(deputy=str(deputy.person_id), from_at=NOW, until_at=NOW + 2 * DAY)
    with pytest.raises(WrongValue) as refused:
        await act(ledger, short, "deputy", "name", None, body)
    assert (refused.value.pointer, refused.value.because) == ("/until_at", "outlives_key")
    absence = (await act(ledger, short, "absence", "plan", None, planned(0.5, 9, deputy))).record
    assert (absence.votes_until_at, absence.until_at) == (NOW + DAY, NOW + 9 * DAY)
    assert await voting(ledger, 1.5) == set()


@dataclass
class Consent:
    """What the absent person has said, by each absence: the deputy, and from when until when."""

    named: dict[UUID, tuple[UUID | None, float, float]] = field(default_factory=dict)

    def allows(self, deputy: UUID, days: float) -> bool:
        return any(person == deputy and begin <= days < end for person, begin, end in self.named.values())


class Edits:
    """Random edits of absences, by whoever may make them."""

    def __init__(self, ledger: Ledger, people: People, chance: random.Random) -> None:
        self.ledger, self.people, self.chance, self.consent = ledger, people, chance, Consent()
        self.times: dict[UUID, tuple[float, float]] = {}
        self.calendar: set[UUID] = set()

    async def step(self) -> None:
        """One of them."""
        step = self.chance.choice([self.plan, self.edit, self.edit, self.reschedule, self.end, self.import_])
        await step()

    def span(self) -> tuple[float, float]:
        begin = self.chance.randint(1, 80)
        return begin, begin + self.chance.randint(1, 120)

    def somebody(self) -> tuple[Caller, bool]:
        """Whoever acts, and whether they consent for the absent person."""
        absent = self.people.absent
        return self.chance.choice(
            [
                (absent, True),
                (absent, True),
                (self.people.lead, False),
                (self.people.admin, False),
                (narrow(absent, Role.cab_member), False),
            ]
        )

    async def plan(self) -> None:
        caller, consents = self.somebody()
        deputy = self.chance.choice([*self.people.deputies, None])
        begin, end = self.span()
        body = planned(begin, end, deputy, person=str(self.people.absent.person_id))
        with contextlib.suppress(Refusal):
            absence = (await act(self.ledger, caller, "absence", "plan", None, body)).record
            self.times[absence.id] = (begin, end)
            if consents and deputy is not None:
                self.consent.named[absence.id] = (deputy.person_id, begin, end)

    async def edit(self) -> None:
        if not self.times:
            return
        absence_id = self.chance.choice(sorted(self.times))
        caller, consents = self.somebody()
        begin, end = self.times[absence_id]
        fields: dict[str, Any] = {}
        if absence_id not in self.calendar and self.chance.random() < 0.7:
            begin, end = self.span()
            fields = {"from_at": NOW + begin * DAY, "until_at": NOW + end * DAY}
        named = self.chance.random() < 0.5
        deputy = self.chance.choice([*self.people.deputies, None])
        if named or not fields:
            named = True
            fields["deputy"] = None if deputy is None else str(deputy.person_id)
        with contextlib.suppress(Refusal):
            await act(self.ledger, caller, "absence", "edit", absence_id, edited(**fields))
            self.times[absence_id] = (begin, end)
            before = self.consent.named.get(absence_id)
            if consents and named:
                person_id = None if deputy is None else deputy.person_id
                self.consent.named[absence_id] = (person_id, begin, end)
            elif named and before is not None and before[0] != (deputy and deputy.person_id):
                self.consent.named.pop(absence_id)
            elif consents and before is not None:
                self.consent.named[absence_id] = (before[0], begin, end)

    async def import_(self) -> None:
        """An absence that a calendar's file has, with the deputy of the calendar."""
        begin, end = self.span()
        maker = MakerCredential(None, None, None, consents=False)
        key = f"{self.chance.getrandbits(256):064x}"
        more = {"person": str(self.people.absent.person_id), "source": AbsenceSource.file, "event_key": key}
        body = planned(begin, end, self.people.deputies[0], **more)
        lifecycle: Any = self.ledger.lifecycles["absence"]
        metadata = context(rule_caller("import_absences"))
        done = await perform(
            self.ledger, Command(lifecycle, lifecycle["plan"], None, body, metadata, prepared=(maker,))
        )
        self.times[done.record.id] = (begin, end)
        self.calendar.add(done.record.id)

    async def reschedule(self) -> None:
        if not self.times:
            return
        absence_id = self.chance.choice(sorted(self.times))
        begin, end = self.span()
        body = RescheduleAbsence(from_at=NOW + begin * DAY, until_at=NOW + end * DAY)
        with contextlib.suppress(Refusal):
            await act(self.ledger, rule_caller("import_absences"), "absence", "reschedule", absence_id, body)
            self.times[absence_id] = (begin, end)

    async def end(self) -> None:
        if not self.times or self.chance.random() < 0.6:
            return
        absence_id = self.chance.choice(sorted(self.times))
        with contextlib.suppress(Refusal):
            await act(self.ledger, self.somebody()[0], "absence", "withdraw", absence_id, EmptyPayload())
            self.times.pop(absence_id)
            self.consent.named.pop(absence_id, None)


async def test_at_each_instant_whoever_may_vote_was_named_for_that_instant(
    ledger: Ledger, people: People
) -> None:
    allowed = 0
    for seed in range(examples(6)):
        edits = Edits(ledger, people, random.Random(seed))
        for _ in range(25):
            await edits.step()
            for days in (0.5, *(edits.chance.randint(1, 200) + 0.5 for _ in range(3))):
                for deputy, instead_of in await voting(ledger, days):
                    assert instead_of == people.absent.person_id
                    assert edits.consent.allows(deputy, days), (seed, days)
                    allowed += 1
        for absence_id in list(edits.times):
            await act(ledger, people.admin, "absence", "withdraw", absence_id, EmptyPayload())
    assert allowed > 0, "some may vote"


async def a_key(ledger: Ledger, person: Caller) -> tuple[Caller, UUID]:
    """The person by a new key without an end, and its id."""
    body = MakeKey(name="A test's", person=str(person.person_id), secret_hash=hash_of(new_secret()))
    key_id = (await act(ledger, rule_caller("tests"), "key", "make", body=body)).record.id
    return replace(person, key_id=key_id, secret_hash=body.secret_hash), key_id


async def test_what_stands_on_a_key_ends_with_it_also_if_its_end_is_brought_forward(
    ledger: Ledger, people: People
) -> None:
    by_key, key_id = await a_key(ledger, people.absent)
    first, second = people.deputies
    body = NameDeputy(deputy=str(first.person_id), from_at=NOW, until_at=NOW + 300 * DAY)
    await act(ledger, by_key, "deputy", "name", None, body)
    await act(ledger, by_key, "absence", "plan", None, planned(1, 300, second))
    calendar = AddAbsenceCalendar.model_validate({"origin": "https://example.org", "url": "x"})
    added = (await act(ledger, by_key, "absence_calendar", "add", None, calendar)).record
    both = {(each.person_id, people.absent.person_id) for each in people.deputies}
    assert await voting(ledger, 200) == both
    rotated = RotateKey(secret_hash=hash_of(new_secret()), expires_at=NOW + 2 * DAY, overlap_seconds=60)
    await act(ledger, people.absent, "key", "rotate", key_id, rotated)
    assert await voting(ledger, 1.9) == both
    assert await voting(ledger, 2.1) == set()
    for days, due in ((1.9, [added.id]), (2.1, [])):
        now = NOW + days * DAY
        assert [row["id"] for row in await ledger.db.rows(DUE_CALENDARS, (now, now))] == due, days


async def test_nobody_votes_for_whom_is_not_active(ledger: Ledger, people: People) -> None:
    for kind, action, body in (
        (
            "deputy",
            "name",
            NameDeputy(deputy=str(people.deputies[0].person_id), from_at=NOW, until_at=NOW + DAY),
        ),
        ("absence", "plan", planned(0.1, 2, people.deputies[0])),
    ):
        await act(ledger, people.absent, kind, action, None, body)
    assert await voting(ledger, 0.5)
    await act(ledger, rule_caller("tests"), "person", "deactivate", people.absent.person_id)
    assert await voting(ledger, 0.5) == set()
    await act(ledger, rule_caller("tests"), "person", "activate", people.absent.person_id)
    assert await voting(ledger, 0.5)
