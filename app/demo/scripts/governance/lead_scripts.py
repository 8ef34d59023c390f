"""The leads of the demo's teams, who answer for what is found in them."""

from __future__ import annotations

from app.demo.data.organisation import TEAM_LEADS
from app.demo.programme import Programme, ProgrammeScript
from app.demo.script import DEMO_RULE
from app.foundation.people.teams import EditTeam
from app.kernel.access.reads import load

#: Days before the end on which they were named.
NAMED = 350


async def name_leads(programme: Programme) -> None:
    """Name the leads that are not named yet."""
    ledger = programme.maker.ledger
    for team, lead in TEAM_LEADS.items():
        loaded = await load(ledger.db, ledger.lifecycles["team"], team)
        assert loaded is not None
        script = ProgrammeScript(programme, "team", f"lead-{team}", loaded.record.id)
        body = EditTeam.model_validate({"lead": programme.person(lead)})
        await script.act(programme.before_end(NAMED), DEMO_RULE, "edit", body)
