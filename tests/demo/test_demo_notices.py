"""Notices of what happens in the demo say what its events have, in every language."""

from __future__ import annotations

from dataclasses import replace

from app.common.people import Role
from app.kernel.ledger import Ledger
from tests.extent import in_test_all
from tests.notifications.notice_checks import CHECKS, known_to
from tests.notifications.rendering import bundled, busiest_records, cases_of, newest_of_each, show

HOLDER = "select id from fold.person where state = 'active' and %s = any(roles) order by id limit 1"
REQUESTER = "select requester_id from fold.request group by 1 order by count(*) desc, 1 limit 1"


@in_test_all
async def test_every_notice_of_the_demo_says_what_its_event_has(demo_ledger: Ledger) -> None:
    manager = await demo_ledger.db.value(HOLDER, (Role.incident_manager.value,))
    requester = await demo_ledger.db.value(REQUESTER)
    every = await cases_of(demo_ledger, manager)
    cases = newest_of_each(every)
    assert len({case.step for case in cases}) > 20
    for_requester = [replace(case, reader=requester) for case in cases]
    bundles = [*((case,) for case in [*cases, *for_requester]), *bundled(cases), *busiest_records(every)]
    rendered = await show(demo_ledger, bundles)
    texts = await known_to(demo_ledger, rendered)
    wrong = {f"{each.name}: {fault}" for each in rendered for check in CHECKS for fault in check(texts, each)}
    assert not wrong, "\n".join(sorted(wrong))
