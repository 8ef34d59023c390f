"""Ends the question about a project's people when somebody named in it has left, or lost the role or the
grade that the post needs. The voters and those who asked are told who it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.foundation.people.persons import LIFECYCLE as PERSONS
from app.kernel.access.reads import ReadContext, load
from app.kernel.consumers.rules import Rule, RuleConsequence
from app.kernel.ledger import Ledger
from app.log.events import Recorded, id_of
from app.processes.improvements.committee.actions import lost_candidates
from app.processes.improvements.committee.payloads import VoidPeopleImprovement
from app.processes.improvements.records import Improvement

NAMING = """
select split_part(m.record, '/', 2)::uuid as id, d.id as decision
from fold.improvement_motion m
join fold.improvement_proposal p on p.record = m.record and p.decision_subject = 'people'
join fold.decision d on d.record = m.record and d.state = 'open'
where %(person)s in (m.asked_sponsor_id, m.asked_manager_id)
order by d.id"""


async def void_people_questions(ledger: Ledger, event: Recorded) -> AsyncIterator[RuleConsequence]:
    """Yield the end of each open question that names the person for a post, and that they cannot take now."""
    reads = ReadContext(ledger.db, ledger.lifecycles, ledger.directory)
    for row in await ledger.db.rows(NAMING, {"person": id_of(event.stream)}):
        loaded = await load(ledger.db, ledger.lifecycles[Improvement.KIND], str(row["id"]))
        lost = [] if loaded is None else await lost_candidates(reads, loaded.record)
        if lost:
            body = VoidPeopleImprovement(
                decision=row["decision"], lost_candidates=tuple(str(person) for person in lost)
            )
            yield RuleConsequence(Improvement.KIND, "void_people", row["id"], body)


#: Roles and grades change by the person's own events, however it came about.
RULE = Rule("void_people_questions", tuple(sorted(PERSONS.event_types)), void_people_questions)
