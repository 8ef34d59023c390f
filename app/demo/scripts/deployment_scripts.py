"""Scenarios of the demo's deployments, releases and alterations of configuration items, after its changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from app.demo.change_plan import DAY, HOUR, MINUTE, Fate, first_of_month, freezes_until
from app.demo.data import deployment_data
from app.demo.data.cmdb_data import BUSINESS_SERVICES, SERVICES
from app.demo.data.organisation import CHANGE_MANAGER, CONFIGURATION_MANAGER, HEAD_OF_IT, PROJECT_MANAGER
from app.demo.script import DemoRun
from app.demo.scripts.change_scripts import ChangeScenario, ScriptedCalendar
from app.demo.scripts.incident_scripts import Member, Participants
from app.demo.scripts.request_scripts import RecordScenario
from app.foundation.cis.payloads import ChangeAttributesCi, RegulariseCi
from app.foundation.decisions.payloads import CastVote
from app.foundation.decisions.records import VoteVerdict
from app.foundation.environments import PRODUCTION
from app.processes.changes.records import Change, ChangeType
from app.processes.deployments.payloads import (
    ConfirmCauseDeployment,
    EndDeployment,
    ReportDeployment,
    Revision,
    RollBackDeployment,
)
from app.processes.deployments.records import DeploymentOutcome
from app.processes.releases.default_stages import DEFAULT_STAGES
from app.processes.releases.payloads import (
    ChangePlanRelease,
    DeployedRevision,
    DeployRelease,
    PassGateRelease,
    PlannedStage,
    PlanRelease,
    RequestGoRelease,
)

#: The deployments begin with the month so many days before the end of the history, one every so many days.
FIRST_DAY, EVERY_DAYS, NUMBER = 89, 2.9, 30
DEPLOYMENT_HOUR = 12
#: Places among them of one that fails before it is in use, and of one that is rolled back.
FAILS, ROLLED_BACK = 7, 18
#: So many items are altered within the windows of changes.
AUTHORISED = 6
#: The release in use was deployed at least so many days before the end; the other was planned so many before.
IN_USE_DAYS, IN_STAGE_DAYS = 12, 30
#: So long each stage of them takes; and how many gates the second one has passed.
STAGE_IN_USE, STAGE_IN_STAGE, GATES_PASSED = 1.5 * DAY, 7 * DAY, 3
#: The same of the release whose go is put to the vote, and how many days ahead its change is made at the
#: latest; how long before the end the board and the head of department are asked.
STAGE_BEFORE_GO, BEFORE_GO_DAYS = 0.9 * DAY, 6
GO_ASKED, PLAN_CHANGE_ASKED = 1.5 * DAY, 1.1 * DAY
TEAM = "applications"


class Course(Enum):
    """How a deployment ends."""

    succeeds = auto()
    fails = auto()
    is_rolled_back = auto()
    causes_incident = auto()


@dataclass(frozen=True)
class ScriptedChange:
    """A change of the demo whose implementation was begun and ended, and its scenario."""

    scenario: ChangeScenario
    change: Change

    @property
    def begun(self) -> datetime:
        """When its implementation was begun."""
        assert self.change.started_at is not None
        return self.change.started_at

    @property
    def ci(self) -> UUID:
        """The first item that it touches."""
        assert self.change.ci_ids
        return UUID(self.change.ci_ids[0])


class DeploymentCalendar:
    """All deployments, releases and alterations of the demo. The changes that they name are played before."""

    def __init__(self, maker: DemoRun, cast: Participants, end: datetime, changes: ScriptedCalendar) -> None:
        self.maker, self.cast, self.end, self.changes = maker, cast, end, changes

    async def scenarios(self) -> list[DeploymentScenario | ReleaseScenario | AlterationScenario]:
        """Return the scenarios of all."""
        changes = [scripted async for scripted in self._scripted_changes()]
        releases = [*self._releases(changes), await self._release_before_go()]
        return [*self._deployments(changes), *releases, *self._alterations(changes)]

    async def _scripted_changes(self) -> AsyncIterator[ScriptedChange]:
        first = first_of_month(self.end, FIRST_DAY)
        for scenario in self.changes.scenarios:
            if scenario.record is None or scenario.planned.begin < first:
                continue
            change = await scenario.load_change()
            if change.started_at is not None and change.implemented_at is not None and change.ci_ids:
                yield ScriptedChange(scenario, change)

    def _deployments(self, changes: list[ScriptedChange]) -> Iterator[DeploymentScenario]:
        """Return deployments of pipelines outside freezes, and that of the change that went wrong."""
        freezes = list(freezes_until(self.changes.end))
        courses = {FAILS: Course.fails, ROLLED_BACK: Course.is_rolled_back}
        month = first_of_month(self.end, FIRST_DAY)
        days_before = int((self._begun(0) - month) / DAY / EVERY_DAYS)
        begins = [
            (n, begun)
            for n in range(-days_before, NUMBER)
            if not any(begin <= (begun := self._begun(n)) < until for _, begin, until in freezes)
        ]
        # Numbered without those in a freeze, so that there always is the one that fails.
        number_before = sum(n < 0 for n, _ in begins)
        for n, (_, begun) in enumerate(begins, -number_before):
            service = deployment_data.DEPLOYED_SERVICES[n % len(deployment_data.DEPLOYED_SERVICES)]
            yield self._deployment(f"deployment-{n}", service, begun, courses.get(n, Course.succeeds))
        for scripted in changes:
            if scripted.scenario.planned.fate is Fate.failed and scripted.scenario.caused:
                service, begun = scripted.scenario.planned.text.service, scripted.begun + 5 * MINUTE
                wrong = self._deployment("deployment-wrong", service, begun, Course.causes_incident)
                wrong.scripted = scripted
                yield wrong

    def _begun(self, n: int) -> datetime:
        """Return when the deployment of that number begins."""
        day = self.end + (EVERY_DAYS * n - FIRST_DAY) * DAY
        return day.replace(hour=DEPLOYMENT_HOUR, minute=7 * n % 60, second=0, microsecond=0)

    def _deployment(self, name: str, service: str, begun: datetime, course: Course) -> DeploymentScenario:
        story = DeploymentScenario(self.maker, self.cast, self.end, "deployment", name, begun)
        story.service, story.course = service, course
        return story

    def _releases(self, changes: list[ScriptedChange]) -> Iterator[ReleaseScenario]:
        """Return the release that is deployed in its change's window, and the one that is in a stage."""
        fitting = [
            scripted
            for scripted in changes
            if scripted.change.type is ChangeType.normal
            and scripted.scenario.planned.text.service in BUSINESS_SERVICES
            and scripted.scenario.planned.fate is Fate.usual
            and scripted.begun < self.end - IN_USE_DAYS * DAY
        ]
        for scripted in fitting[-1:]:
            planned_at = scripted.scenario.opened + HOUR
            in_use = ReleaseScenario(self.maker, self.cast, self.end, "release", "release-in-use", planned_at)
            in_use.words, in_use.service = (
                deployment_data.RELEASE_IN_USE,
                scripted.scenario.planned.text.service,
            )
            in_use.scripted, in_use.gates, in_use.stage_length = scripted, len(DEFAULT_STAGES), STAGE_IN_USE
            yield in_use
        planned_at = self.end - IN_STAGE_DAYS * DAY
        story = ReleaseScenario(self.maker, self.cast, self.end, "release", "release-in-stage", planned_at)
        story.words, story.service = deployment_data.RELEASE_IN_STAGE, deployment_data.SERVICE_IN_STAGE
        story.gates, story.stage_length = GATES_PASSED, STAGE_IN_STAGE
        story.postponed_at = self.end - PLAN_CHANGE_ASKED
        yield story

    async def _release_before_go(self) -> ReleaseScenario:
        """Return the release whose go is put to the vote: it brings in the last approved change that leaves
        time for its stages.
        """
        for scenario in reversed(self.changes.scenarios):
            planned = scenario.planned
            if (
                scenario.record is not None
                and planned.takes_votes
                and planned.text.service in BUSINESS_SERVICES
                and planned.begin < self.end + BEFORE_GO_DAYS * DAY
                and (change := await scenario.load_change()).approved_at is not None
            ):
                break
        else:
            raise AssertionError("the board approves changes of business services every week")
        planned_at = scenario.opened + HOUR
        story = ReleaseScenario(self.maker, self.cast, self.end, "release", "release-before-go", planned_at)
        story.words, story.service = deployment_data.RELEASE_BEFORE_GO, planned.text.service
        story.gates, story.stage_length = len(DEFAULT_STAGES), STAGE_BEFORE_GO
        story.brings, story.go_asked_at = change, self.end - GO_ASKED
        return story

    def _alterations(self, changes: list[ScriptedChange]) -> Iterator[AlterationScenario]:
        """Return the alterations of items that changes authorise, and the two that are unauthorised: one is
        regularised by the emergency change that follows it, the other stays.
        """
        emergencies = [scripted for scripted in changes if scripted.change.type is ChangeType.emergency][:2]
        theirs = {scripted.ci for scripted in emergencies}
        # Each item is altered once: alterations of one would have to be played one after the other.
        by_item = {
            scripted.ci: scripted
            for scripted in changes
            if scripted.ci not in theirs and scripted.scenario.planned.fate is Fate.usual
        }
        usual = list(by_item.values())
        for scripted in usual[:: max(1, len(usual) // AUTHORISED)][:AUTHORISED]:
            yield self._alteration(scripted, scripted.begun + 5 * MINUTE, Authority.change)
        without = ((Authority.regularised, HOUR), (Authority.none, 5 * DAY))
        for scripted, (authority, before) in zip(emergencies, without, strict=False):
            yield self._alteration(scripted, scripted.scenario.opened - before, authority)

    def _alteration(
        self, scripted: ScriptedChange, altered_at: datetime, authority: Authority
    ) -> AlterationScenario:
        name = f"alteration-{scripted.scenario.name}"
        story = AlterationScenario(self.maker, self.cast, self.end, "ci", name, altered_at)
        story.record, story.scripted, story.authority = scripted.ci, scripted, authority
        return story


class DeploymentScenario(RecordScenario):
    """The scenario of one deployment, as a pipeline reports it, or as the engineer does who makes the change
    `made` by it.
    """

    service: str
    course: Course
    scripted: ScriptedChange | None = None

    async def play(self) -> None:
        """Play the deployment from its begin to its end, and to its rolling back."""
        scripted = self.scripted
        reporter = self.cast.pipeline if scripted is None else scripted.scenario.engineer
        body = ReportDeployment(
            service=self.service,
            environment=PRODUCTION,
            pipeline=f"{self.service}-deploy" if scripted is None else None,
            run=self.name if scripted is None else None,
            changes=() if scripted is None else (str(scripted.change.id),),
            revisions=tuple(Revision(revision=key, committed_at=time) for key, time in _revisions(self)),
        )
        await self.act(reporter, "report", body)
        self.script.now += self.chance.randint(6, 25) * MINUTE
        fails = self.course is Course.fails
        outcome = DeploymentOutcome.failed if fails else DeploymentOutcome.succeeded
        await self.act(reporter, "end", EndDeployment(outcome=outcome))
        if self.course is Course.is_rolled_back:
            self.script.now += self.chance.randint(40, 120) * MINUTE
            engineer = self.pick_member(SERVICES[self.service].team)
            await self._roll_back(engineer, deployment_data.ROLL_BACK_REASON)
        elif self.course is Course.causes_incident and scripted is not None:
            await self._cause_incident(scripted)

    async def _roll_back(self, engineer: Member, reason: str) -> None:
        await self.act(engineer, "roll_back", RollBackDeployment(reason=reason))

    async def _cause_incident(self, scripted: ScriptedChange) -> None:
        """Play that it is taken back with its change, and confirmed as the cause of an incident."""
        self.script.now = scripted.change.backed_out_at or self.now + 12 * HOUR
        await self._roll_back(scripted.scenario.engineer, deployment_data.CAUSING_ROLL_BACK_REASON)
        self.script.now += 2 * HOUR
        body = ConfirmCauseDeployment(incident=str(scripted.scenario.caused[0]))
        await self.act(self.cast.heads[CHANGE_MANAGER], "confirm_cause", body)


def _revisions(story: RecordScenario) -> Iterator[tuple[str, datetime]]:
    """Return the revisions in a deployment at that time: name, and commit one to six days before."""
    for _ in range(story.chance.randint(1, 4)):
        before = timedelta(days=story.chance.uniform(1, 6))
        yield f"{story.chance.getrandbits(40):010x}", (story.now - before).replace(microsecond=0)


class ReleaseScenario(RecordScenario):
    """The scenario of one release, through `gates` of its stages. `scripted` is the change that it brings
    into use; without one it is not deployed. It `brings` a change whose time has not come if its go is put to
    the vote at `go_asked_at`. At `postponed_at` another day is proposed for it.
    """

    words: tuple[str, str, str]
    service: str
    gates: int
    stage_length: timedelta
    scripted: ScriptedChange | None = None
    brings: Change | None = None
    go_asked_at: datetime | None = None
    postponed_at: datetime | None = None

    async def play(self) -> None:
        """Play the release from its plan to its deployment, after which it is supported."""
        heads = self.cast.heads
        persons = self._persons()
        title, description, plan = self.words
        change = self.brings if self.scripted is None else self.scripted.change
        body = PlanRelease(
            title=title,
            description=description,
            service=self.service,
            changes=() if change is None else (str(change.id),),
            plan=plan,
            target_at=None if change is None else change.window_from_at,
            team=TEAM,
            stages=tuple(
                PlannedStage(key=key, author=author.id, reviewer=reviewer.id)
                for key, (author, reviewer) in persons.items()
            ),
        )
        await self.act(heads[PROJECT_MANAGER], "plan", body)
        for n, (key, (_, reviewer)) in enumerate(list(persons.items())[: self.gates], start=1):
            self.script.now += self.stage_length
            number = f"{self.service}-{self.opened:%Y%m}-{n}-{key}"
            passed = PassGateRelease(external_numbers=(number,), comment=deployment_data.GATE_COMMENT)
            await self.act(reviewer, "pass_gate", passed)
        if self.scripted is not None:
            await self._decide_go()
            await self._deploy(self.scripted)
        elif self.go_asked_at is not None:
            self.script.now = self.go_asked_at
            await self._request_go()
        elif self.postponed_at is not None:
            await self._postpone(self.postponed_at)

    def _persons(self) -> dict[str, tuple[Member, Member]]:
        """Return who writes and who reviews each stage: who builds does not test."""
        heads, engineers = self.cast.heads, self.cast.staff[TEAM]
        manager = heads[PROJECT_MANAGER]
        heads_of = {"initiation": heads[HEAD_OF_IT], "publication": heads[CHANGE_MANAGER]}
        return {
            key: (manager, heads_of[key]) if key in heads_of else (engineers[n % len(engineers)], manager)
            for n, key in enumerate(str(stage["key"]) for stage in DEFAULT_STAGES)
        }

    async def _request_go(self) -> None:
        go = RequestGoRelease(question=deployment_data.GO_QUESTION)
        await self.act(self.cast.heads[PROJECT_MANAGER], "request_go", go)

    async def _postpone(self, asked_at: datetime) -> None:
        """Propose another day for the release, which the head of department decides on."""
        self.script.now = asked_at
        body = ChangePlanRelease(
            reason=deployment_data.POSTPONED_BECAUSE,
            analyst=self.cast.staff[TEAM][0].id,
            analyst_assessment=deployment_data.ANALYST_ASSESSMENT,
            assessment=deployment_data.MANAGER_ASSESSMENT,
            target_at=self.end + 60 * DAY,
        )
        await self.act(self.cast.heads[PROJECT_MANAGER], "change_plan", body)

    async def _decide_go(self) -> None:
        """Play the decision of the board that it goes into use."""
        heads = self.cast.heads
        self.script.now += DAY
        await self._request_go()
        voters = [heads[HEAD_OF_IT], heads[CHANGE_MANAGER], heads[CONFIGURATION_MANAGER]]
        async for decision, voter in self.script.voters("release", self.record_id, voters):
            self.script.now += 3 * HOUR
            await self.act(voter, "vote", CastVote(decision=decision, verdict=VoteVerdict.approve))

    async def _deploy(self, scripted: ScriptedChange) -> None:
        begun = scripted.begun + 10 * MINUTE
        self.script.now = begun + 30 * MINUTE
        body = DeployRelease(
            what=deployment_data.DEPLOYED_WHAT,
            started_at=begun,
            revisions=tuple(
                DeployedRevision(revision=key, committed_at=time) for key, time in _revisions(self)
            ),
        )
        await self.act(scripted.scenario.engineer, "deploy", body)


class Authority(Enum):
    """Whether a change authorises an alteration, or is named afterwards."""

    change = auto()
    regularised = auto()
    none = auto()


class AlterationScenario(RecordScenario):
    """The scenario of one alteration of a configuration item, which the change `made` touches."""

    scripted: ScriptedChange
    authority: Authority

    async def play(self) -> None:
        """Play the alteration, and that its change is named afterwards."""
        change = str(self.scripted.change.id)
        body = ChangeAttributesCi(
            attributes={"version": f"{self.opened:%Y.%m.%d}"},
            change=change if self.authority is Authority.change else None,
        )
        await self.act(self.scripted.scenario.engineer, "change_attributes", body)
        if self.authority is Authority.regularised:
            self.script.now = self.scripted.begun + DAY
            await self.act(self.cast.heads[CHANGE_MANAGER], "regularise", RegulariseCi(change=change))
