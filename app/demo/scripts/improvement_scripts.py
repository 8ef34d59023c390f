"""The demo's improvements: one is finished, one is piloted, one was reverted, the benefit of one has faded,
and one is rolled out. Their effects come out of the demo's own incidents, of which the facts must be there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

from app.common.people import rule_caller
from app.demo.data import improvement_data as data
from app.demo.data import waiting_improvement_data as waiting_data
from app.demo.programme import Programme, question
from app.demo.scripts.governance.waiting_scripts import ask_for_adjustment
from app.demo.scripts.improvement_steps import ImprovementScript
from app.demo.scripts.programme_scripts import (
    ask_to_close_last_plan,
    make_assessments,
    make_programme,
    review_plan,
    submit_next_plan,
)
from app.kernel.ledger import Ledger
from app.log.canonical import instant
from app.processes.improvements.committee.payloads import ChangePeopleImprovement
from app.processes.improvements.effects.benefits import NAME as MEASURER
from app.processes.improvements.effects.payloads import AskToRevertImprovement, RevertImprovement


async def make_improvements(
    ledger: Ledger, persons: dict[str, UUID], follow: Callable[[], Awaitable[None]]
) -> None:
    """Play what is missing of the improvement programme. `follow` brings the facts up to date."""
    programme = await Programme.for_organisation(ledger, persons, follow)
    records = await make_programme(programme)
    scripts = {
        template.name: ImprovementScript(
            programme, "improvement", template.name, template=template, records=records
        )
        for template in (*data.IMPROVEMENTS, *waiting_data.IMPROVEMENTS)
    }
    await _fade(scripts[data.FADED])
    await _roll_out(scripts[data.ROLLED_OUT])
    await _finish(scripts[data.FINISHED])
    await _revert(scripts[data.REVERTED])
    await _extend(scripts[data.PILOTED])
    # Assessments judge every suggestion that is open, so those of improvements are selected before.
    await _ask_about_improvements(scripts)
    await make_assessments(programme, records)
    await review_plan(programme, records.plan_script)
    await scripts[data.PROPOSED].propose()
    await ask_for_adjustment(programme, records.plan_script)
    await submit_next_plan(programme)
    await ask_to_close_last_plan(programme)


async def _fade(script: ImprovementScript) -> None:
    """A benefit that was there at the evaluation, and is not any more three months later."""
    await script.open(minor=True)
    await script.implement(185)
    await script.evaluate(156, reached=True)
    await script.standardise(94, ("platform", "service-desk"))
    await script.measure(1, rule_caller(MEASURER))


async def _finish(script: ImprovementScript) -> None:
    await script.open(minor=True)
    await script.implement(58)
    await script.evaluate(20, reached=True)
    await script.standardise(17, ("service-desk",))


async def _revert(script: ImprovementScript) -> None:
    """The improvement without benefit is judged by its measured effect, and reverted."""
    await script.open(minor=True)
    await script.implement(57)
    await script.evaluate(25, reached=False)
    body = RevertImprovement(
        reason="清单增加了等待，重开并未减少。The checklist made people wait; no fewer were reopened.",
        old_process_stands=True,
        told="各团队例会通知。All teams, in their meetings.",
        teams=("service-desk",),
    )
    await script.act(script.programme.before_end(24), script.programme.quality, "revert", body)


async def _extend(script: ImprovementScript) -> None:
    """A pilot that goes on with a second team, since one was too few to be sure."""
    await script.open(minor=False)
    await script.run_pilot(data.PILOT_OF_WORKPLACE)
    begins, ends = map(script.programme.before_end, data.EXTENDED_WINDOW)
    await script.judge(
        data.PILOT_OF_WORKPLACE,
        "extended",
        reason="第二个团队工单较多，短期即可看出。The second team has more cases, which show it.",
        scope={"team": data.EXTENDED_TEAMS},
        control={"team": data.EXTENDED_CONTROL},
        begins_at=instant(begins),
        ends_at=instant(ends),
    )
    await script.report_progress(5, 60, "第二个团队已开始。The second team has begun.")


async def _roll_out(script: ImprovementScript) -> None:
    """A pilot that was passed; the rollout has come to the day before its cutover."""
    await script.open(minor=False)
    await script.run_pilot(data.PILOT_OF_NETWORK)
    await script.judge(
        data.PILOT_OF_NETWORK, "passed", reason="两个团队都愿意继续。Both teams want to go on."
    )
    await script.roll_out(data.PILOT_OF_NETWORK)
    await script.report_progress(4, 80, "只等切换。All is ready for the cutover.")


async def _ask_about_improvements(scripts: Mapping[str, ImprovementScript]) -> None:
    """Put one question of each kind about an improvement to the committee; `scripts` are by their names."""
    await _ask_to_judge(scripts[waiting_data.JUDGED])
    await _ask_to_approve_plan(scripts[waiting_data.PLANNED])
    await _ask_to_charter(scripts[waiting_data.CHARTERED])
    await _ask_to_class(scripts[waiting_data.CLASSED])
    await _ask_to_change_people(scripts[data.PILOTED])
    await _ask_to_revert(scripts[data.FADED])


async def _ask_to_judge(script: ImprovementScript) -> None:
    """Run a pilot that shows no benefit; the quality manager proposes to stop it."""
    await script.open(minor=False)
    await script.run_pilot(waiting_data.PILOT_OF_PLATFORM)
    await script.ask_judgement(
        waiting_data.PILOT_OF_PLATFORM,
        "stopped",
        reason=waiting_data.STOP_REASON,
        told=waiting_data.STOP_TOLD,
    )


async def _ask_to_approve_plan(script: ImprovementScript) -> None:
    await script.open(minor=False)
    await script.plan(waiting_data.PILOT_OF_DESK)
    await script.ask_plan_approval(waiting_data.PLAN_ASKED)


async def _ask_to_charter(script: ImprovementScript) -> None:
    await script.open(minor=False)
    await script.ask_charter(waiting_data.PILOT_OF_NETWORK_AND_PLATFORM)


async def _ask_to_class(script: ImprovementScript) -> None:
    await script.propose(minor=False)
    await script.vote(script.programme.before_end(script.template.selected - 1))
    await script.ask_class(waiting_data.CLASS_ASKED)


async def _ask_to_change_people(script: ImprovementScript) -> None:
    """Propose another manager for the pilot that was extended to their team."""
    programme = script.programme
    asked_at = programme.before_end(waiting_data.PEOPLE_ASKED)
    fields = question(waiting_data.PEOPLE_QUESTION, asked_at)
    fields |= {"project_manager": programme.person(waiting_data.NEW_MANAGER)}
    body = ChangePeopleImprovement.model_validate(fields)
    await script.act(asked_at, programme.quality, "change_people", body)


async def _ask_to_revert(script: ImprovementScript) -> None:
    """Propose to take back the improvement whose benefit has faded."""
    asked_at = script.programme.before_end(waiting_data.REVERT_ASKED)
    fields = question(waiting_data.REVERT_QUESTION, asked_at)
    fields |= {
        "reason": waiting_data.REVERT_REASON,
        "told": waiting_data.REVERT_TOLD,
        "teams": waiting_data.REVERT_TEAMS,
    }
    body = AskToRevertImprovement.model_validate(fields)
    await script.act(asked_at, script.programme.quality, "ask_to_revert", body)
