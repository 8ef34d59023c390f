"""The two sides of an agreement: who belongs to IT, and who to the other party.

The other party's side are the members and the lead of its team; in a default agreement, of any customer.
Of a customer's team, staff are on neither side: a person who acts for IT does not speak for the business.
IT's side are staff, with a role or as members of an internal team, who do not belong to the other party.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.common.people import STAFF_ROLES
from app.foundation.people.records import Team
from app.kernel.access.reads import ReadContext, Unguarded
from app.service_levels.agreements.records import Agreement, AgreementSide

PERSONS = """
select p.id, exists (select from fold.team t
    where (t.id = %(team)s::uuid or %(team)s::uuid is null and t.kind = 'customer')
      and (t.lead_id = p.id
        or exists (select from fold.membership m where m.team_id = t.id and m.person_id = p.id))) as of_party,
  not exists (select from fold.team t where t.id = %(team)s::uuid and t.kind <> 'customer') as of_customer,
  exists (select from fold.membership m join fold.team t on t.id = m.team_id
    where m.person_id = p.id and t.kind = 'internal') as of_internal
from fold.person p
where p.id = any(%(persons)s) and p.kind = 'human' and p.state = 'active' and p.deactivated_at is null"""
#: Leads of customers' teams.
CUSTOMER_LEADS = """
select distinct t.lead_id from fold.team t join fold.person p on p.id = t.lead_id
where t.kind = 'customer' and t.state = 'active' and p.state = 'active' and p.deactivated_at is null"""
#: Active people among the team's members and its lead; without a team, of any customer's.
ACCOUNTS = """
select p.id from fold.person p
where p.kind = 'human' and p.state = 'active' and p.deactivated_at is null
  and exists (select from fold.team t
    where (t.id = %(team)s::uuid or %(team)s::uuid is null and t.kind = 'customer')
      and (t.lead_id = p.id
        or exists (select from fold.membership m where m.team_id = t.id and m.person_id = p.id)))
limit 1000"""
GUARD = Unguarded("Whoever changes sides meanwhile was on this one when it was decided.")


@dataclass(frozen=True, slots=True)
class AgreementSides:
    """The active persons of each side, of those that were asked about."""

    it: frozenset[UUID]
    party: frozenset[UUID]

    def persons_on(self, side: AgreementSide) -> frozenset[UUID]:
        """Return the persons of that side."""
        return self.it if side is AgreementSide.it else self.party


async def agreement_sides(
    reads: ReadContext, agreement: Agreement, party_id: UUID | None, persons: Iterable[UUID | None]
) -> AgreementSides:
    """Return on which side of an agreement with that party each of the persons is; those who are inactive or
    no human beings are on neither.
    """
    parameters = {"persons": [person for person in persons if person is not None], "team": party_id}
    rows = await reads.rows(PERSONS, parameters, guard=GUARD)
    party = frozenset(row["id"] for row in rows if row["of_party"])
    holders = await reads.holding(STAFF_ROLES, agreement, (row["id"] for row in rows))
    staff = frozenset(holders) | {row["id"] for row in rows if row["of_internal"]}
    business = frozenset(row["id"] for row in rows if row["of_customer"])
    return AgreementSides(staff - party, party - (business & staff))


async def party_has_accounts(reads: ReadContext, agreement: Agreement) -> bool:
    """Return whether somebody of the other party has an account, and so can consent themselves."""
    rows = await reads.rows(ACCOUNTS, {"team": agreement.party_id}, guard=GUARD)
    sides = await agreement_sides(reads, agreement, agreement.party_id, [row["id"] for row in rows])
    return bool(sides.party)


async def speakers_of_party(
    reads: ReadContext, agreement: Agreement, party: Team | None, representative_id: UUID | None
) -> tuple[UUID, ...]:
    """Return the people who represent the other party, so that IT cannot name others for it: the lead of its
    team, unless the lead represents IT, then its present representative, if they are on its side.
    """
    lead_id = None if party is None or party.lead_id == representative_id else party.lead_id
    present_id = agreement.party_representative_id
    party_id = None if party is None else party.id
    sides = await agreement_sides(reads, agreement, party_id, (lead_id, present_id))
    return tuple(person for person in (lead_id, present_id) if person is not None and person in sides.party)


async def may_speak_for_customers(reads: ReadContext, person_id: UUID) -> bool:
    """Return whether the person leads the team of a customer, or no customer's team has a lead."""
    leads = {row["lead_id"] for row in await reads.rows(CUSTOMER_LEADS, None, guard=GUARD)}
    return not leads or person_id in leads
