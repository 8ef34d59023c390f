"""Random histories of an improvement over HTTP, up to its rollout: it does what the model says, and nothing
else.

The model is a table of its own, written from the process document: it looks at no lifecycle.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Role
from app.common.records import codecs
from app.kernel.access.reads import load
from app.kernel.histories.history import fold
from app.kpis.facts.consumer import FACTS
from app.log import read
from app.log.follow import catch_up
from app.platform.db import Connection
from app.processes.improvements.lifecycle import LIFECYCLE
from app.processes.improvements.records import Improvement
from tests.client import Api, Client, Json
from tests.extent import examples, in_test_all
from tests.processes.improvements.pilots import AHEAD, KPI, WORD, Project, ago, project_of

PEOPLE = ("quality", "owner", "manager", "sponsor", "first", "executor")
#: Another owner of processes implements, so that the owner may agree.
DOER = "doer"
IMPROVERS, ASKERS = {"quality", "owner", DOER}, {"first", "quality"}
REVERSAL: Json = {
    "reason": "No faster.",
    "old_process_stands": True,
    "told": "All, by mail.",
    "teams": ["network"],
}
#: By action: who, from where, to where; None: it stays.
TABLE: dict[str, tuple[set[str], set[str], str | None]] = {
    "propose": (IMPROVERS, {"selected", "proposed", "deferred"}, "proposed"),
    "submit": ({"quality"}, {"proposed", "deferred"}, "in_review"),
    "take_up": ({"quality"}, {"deferred"}, "in_review"),
    "classify": (ASKERS, {"approved"}, None),
    "implement": (IMPROVERS, {"approved"}, "implementing"),
    "finish": (IMPROVERS, {"implementing"}, "evaluating"),
    "measure_effects": (IMPROVERS, {"evaluating", "piloting", "standardised"}, None),
    "evaluate": (IMPROVERS, {"evaluating"}, None),
    "agree_to_evaluation": ({"owner", DOER}, {"evaluating"}, None),
    "standardise": ({"quality"}, {"evaluating", "handed_over"}, "standardised"),
    "revert": ({"quality"}, {"evaluating"}, "reverted"),
    "charter": (ASKERS, {"approved"}, None),
    "plan": ({"manager"}, {"chartered"}, "planned"),
    "return_plan": (ASKERS, {"planned", "plan_approved"}, None),
    "approve_plan": (ASKERS | {"manager"}, {"planned"}, None),
    "kick_off": ({"sponsor"}, {"plan_approved"}, None),
    "start_pilot": ({"manager"}, {"plan_approved"}, "piloting"),
    "report_pilot": ({"manager"}, {"piloting"}, "pilot_reported"),
    "ask_judgement": ({"quality", "manager"}, {"pilot_reported"}, None),
}
#: What puts a question to the committee, or waits for its decision.
ASKING = ("classify", "charter", "return_plan", "approve_plan", "ask_judgement")
VERDICTS = ("approve", "reject", "defer")
OF_PROPOSAL = {"approve": "approved", "reject": "rejected", "defer": "deferred"}
OF_PILOT = {"passed": "rolling_out", "extended": "piloting", "stopped": "reverted"}
KINDS: dict[str, Json] = {
    "minor": {"kind": "activity"},
    "piloted": {"kind": "activity", "to_pilot": True},
    "major": {"kind": "reengineering", "criteria": ["complex"], "size_reason": "It changes who decides."},
}
#: What comes next where nothing goes wrong, by whom.
FORWARD = {
    "selected": ("propose", "owner"),
    "proposed": ("submit", "quality"),
    "in_review": ("approve", ""),
    "deferred": ("take_up", "quality"),
    "implementing": ("finish", DOER),
    "chartered": ("plan", "manager"),
}
STEP = st.tuples(
    st.sampled_from(["forward"] * 24 + [*TABLE, *VERDICTS]),
    st.sampled_from(PEOPLE),
    st.sampled_from([*KINDS]),
    st.sampled_from([*OF_PILOT]),
    st.sampled_from([True, True, True, False]),
)
Step = tuple[str, str, str, str, bool]


@dataclass
class Modelled:
    """The improvement as the model has it."""

    path: str
    state: str = "selected"
    size: str | None = None
    has_pilot: bool = False
    kicked_off: bool = False
    is_chartered: bool = False
    measured: bool = False
    judged: bool | None = None
    agreed: bool = False
    implementers: set[str] = field(default_factory=set)
    proposers: set[str] = field(default_factory=set)
    questions: int = 0
    question: str | None = None
    """What the committee is asked: the action that asked, or the judgement of the pilot."""
    asked_kind: str | None = None

    def refusal(self, action: str) -> str | None:
        """The code of the refusal of what the improvement itself forbids."""
        unjudged = "not_evaluated" if self.judged is None else "judged_reached"
        rules = (
            ({"implement", "charter"}, self.size is None, "not_classified"),
            ({"implement"}, self.size != "minor", "needs_project"),
            ({"charter"}, self.size == "minor", "needs_no_project"),
            ({"approve_plan"}, not self.has_pilot, "pilot_is_missing"),
            ({"start_pilot"}, not self.kicked_off, "not_kicked_off"),
            ({"kick_off"}, self.kicked_off, "kicked_off_already"),
            ({"standardise"}, self.judged is not True, "not_judged_reached"),
            ({"revert"}, self.judged is not False, unjudged),
            ({"agree_to_evaluation"}, self.judged is None, "not_evaluated"),
            ({"agree_to_evaluation"}, self.agreed, "agreed_already"),
            (
                {"standardise", "revert"},
                self.state == "evaluating" and not self.agreed,
                "owner_has_not_agreed",
            ),
            ({*ASKING, "start_pilot"}, self.question is not None, "improvement_decision_open"),
        )
        return next((code for names, forbids, code in rules if action in names and forbids), None)

    def may(self, action: str, actor: str) -> bool:
        """Whether the table lets them: whoever manages the project may measure, too."""
        people = TABLE[action][0]
        if action == "measure_effects" and self.is_chartered:
            people = people | {"manager"}
        if (
            action in ("plan", "approve_plan", "kick_off", "start_pilot", "report_pilot", "ask_judgement")
            and not self.is_chartered
        ):
            people = people - {"manager", "sponsor"}
        return actor in people

    def offered(self, actor: str) -> dict[str, bool]:
        """The actions that they are offered, and whether nothing of the improvement itself is in the way."""
        return {
            name: self.refusal(name) is None
            for name, (_, states, _) in TABLE.items()
            if self.state in states and self.may(name, actor)
        }

    def take(self, action: str, actor: str, kind: str, judgement: str, yes: bool) -> None:
        """Carry the action out."""
        if action in ASKING:
            self.question, self.asked_kind = action if action != "ask_judgement" else judgement, kind
        elif action == "plan":
            self.has_pilot = yes
        elif action == "kick_off":
            self.kicked_off = True
        elif action == "measure_effects":
            self.measured = True
        elif action == "evaluate":
            self.judged, self.agreed = yes, actor == "owner"
        elif action == "agree_to_evaluation":
            self.agreed = True
        elif action in ("start_pilot", "finish"):
            self.measured = False
        elif action == "revert":
            self.question = None
        if action in ("implement", "finish"):
            self.implementers.add(actor)
        if action == "propose":
            self.proposers.add(actor)
        self.state = TABLE[action][2] or self.state

    def barred_from(self, action: str) -> set[str]:
        """The actors who do not judge what they have done or promised."""
        parties = {"evaluate": self.implementers, "agree_to_evaluation": self.implementers | self.proposers}
        return parties.get(action, set())

    def decide(self, verdict: str) -> None:
        """The committee is of one mind."""
        if self.state == "in_review":
            self.state = OF_PROPOSAL[verdict]
        elif self.question == "classify":
            self.size = self.asked_kind if verdict == "approve" else self.size
        elif self.question == "charter" and verdict == "approve":
            self.state, self.is_chartered = "chartered", True
        elif (self.question, verdict) in (("return_plan", "approve"), ("approve_plan", "reject")):
            self.state, self.kicked_off = "chartered", False
        elif self.question == "approve_plan" and verdict == "approve":
            self.state = "plan_approved"
        elif self.question in OF_PILOT and verdict == "approve":
            self.state, self.measured = OF_PILOT[self.question], False
        self.question = None


@dataclass
class World:
    """The people, the facts of KPIs beside them, and what a pilot must have ready."""

    project: Project
    follower: Connection
    ready: Json
    doer: Client

    def client(self, actor: str) -> Client:
        caller: Client = self.doer if actor == DOER else getattr(self.project, actor)
        return caller

    async def says(self, improvement: Modelled, action: str, kind: str, judgement: str, yes: bool) -> Json:
        """A body that the action takes."""
        project = self.project
        position = (await project.quality.read(improvement.path))["measured_position"] or 0
        target = {
            "name": "restore",
            "kpi": KPI,
            "before": {"from": "2026-01-01", "to": "2026-04-01"},
            "promised": {"change": "-0.3"},
            "judged_by": "By the median.",
            "baseline_reason": "The relay is new.",
        }
        texts = ("scope_and_goal", "benefit_inside", "benefit_outside", "method", "steps", "resources")
        weighed = ("goals", "practice", "present_state", "cost", "resources", "time")
        pilot = {
            "pilot_scope": {"team": ["network"]},
            "pilot_begins_at": ago(days=0),
            "pilot_ends_at": ago(days=-100),
            "pilot_agreement": "Both desks agree.",
            "data_gathering": "From the log.",
            "expected": [{"target": "restore", "promised": {"change": "-0.3"}}],
        }
        extended = {"scope": {"team": ["network"]}, "begins_at": ago(days=0), "ends_at": ago(days=-60)}
        body: dict[str, Json] = {
            "propose": {"targets": [target]}
            | {name: f"Of {name}." for name in (*texts, "judgement", "outside_plan_reason")},
            "submit": project.question() | {f"weighed_{name}": f"Of {name}." for name in weighed},
            "take_up": {"what_changed": "There is time now."},
            "classify": {"impact": "2", "urgency": "2", **KINDS[kind]},
            "implement": {"plan": "By Friday."},
            "finish": {"what": "It asks."},
            "evaluate": {
                "position": position,
                "reason": "It is what the desk says.",
                "agreed_by": project.owner.id,
            }
            | dict.fromkeys(("goal_reached", "scope_reached", "benefit_reached", "reached"), yes),
            "standardise": {"external_numbers": ["SOP-12"], "teams": ["network"]},
            "revert": REVERSAL,
            "charter": {
                "sponsor": project.sponsor.id,
                "project_manager": project.manager.id,
                "members": [project.executor.id],
                "resources": "Two engineers.",
                "budget": "12000.00",
                "currency": "CNY",
            },
            "plan": {"work": "Try it.", "milestones": [{"title": "Tried", "due_at": AHEAD}]}
            | (pilot if yes else {}),
            "return_plan": {"lacking": "The pilot."},
            "start_pilot": self.ready,
            "report_pilot": dict(WORD),
            "ask_judgement": project.judgement(position, judgement, reason="The desks want it.")
            | (extended if judgement == "extended" else {})
            | ({"told": "All, by mail."} if judgement == "stopped" else {}),
        }
        improvement.questions += 1
        news = {"question": f"What has changed, part {improvement.questions}?"}
        return body.get(action, {}) | (news if action in ("classify", "charter", "ask_judgement") else {})

    async def lives(self, improvement: Modelled, steps: list[Step]) -> None:
        """What happens to the improvement; after each step it is held against the model."""
        for step, anybody, kind, judgement, yes in steps:
            action, actor = self.forward(improvement) if step == "forward" else (step, anybody)
            if action in VERDICTS:
                await self.vote(improvement, action)
            elif action:
                await self.act(improvement, action, actor, (kind, judgement, yes))
            await self.is_as_the_model_says(improvement, [actor or anybody, anybody])

    def forward(self, improvement: Modelled) -> tuple[str, str]:
        """What comes next, and who does it; nothing of what is over."""
        if improvement.question is not None:
            return "approve", ""
        by_size = {None: ("classify", "first"), "minor": ("implement", DOER)}
        by_judgement = {None: ("evaluate", "quality"), True: ("standardise", "quality")}
        if improvement.judged is not None and not improvement.agreed:
            by_judgement = dict.fromkeys((True, False), ("agree_to_evaluation", "owner"))
        choices = {
            "approved": by_size.get(improvement.size, ("charter", "first")),
            "evaluating": by_judgement.get(improvement.judged, ("revert", "quality"))
            if improvement.measured
            else ("measure_effects", "owner"),
            "piloting": ("report_pilot" if improvement.measured else "measure_effects", "manager"),
            "plan_approved": ("start_pilot", "manager")
            if improvement.kicked_off
            else ("kick_off", "sponsor"),
            "pilot_reported": ("ask_judgement", "manager"),
            "planned": ("approve_plan" if improvement.has_pilot else "return_plan", "first"),
        }
        return choices.get(improvement.state) or FORWARD.get(improvement.state, ("", ""))

    async def vote(self, improvement: Modelled, verdict: str) -> None:
        """The committee says so, where a question is open."""
        if improvement.state == "in_review" or improvement.question is not None:
            await self.project.decide(improvement.path, verdict)
            improvement.decide(verdict)

    async def act(self, improvement: Modelled, action: str, actor: str, how: tuple[str, str, bool]) -> None:
        """They do it, or are refused as the model says."""
        if action in ("measure_effects", "propose"):
            await catch_up(self.follower, FACTS)
        body = await self.says(improvement, action, *how)
        # Consents name the version that was read, since the evaluation may have been written twice.
        headers = {}
        if action == "agree_to_evaluation":
            headers["if-match"] = str((await self.client("quality").read(improvement.path))["version"])
        answer = await self.client(actor).post(f"{improvement.path}/{action}", json=body, headers=headers)
        problem = answer.json()
        outcome = (answer.status_code, problem.get("code"))
        if improvement.state not in TABLE[action][1]:
            assert outcome == (409, "not_in_this_state")
        elif not improvement.may(action, actor):
            assert outcome == (403, "forbidden"), answer.text
        elif code := improvement.refusal(action):
            assert outcome == (409, code)
        elif action == "implement" and improvement.question is not None:
            assert outcome == (409, "being_decided")
        elif action in ("evaluate", "report_pilot") and not improvement.measured:
            assert "effect_is_missing" in answer.text
        elif action == "evaluate" and "owner" in improvement.implementers | improvement.proposers:
            assert "has_implemented_it" in answer.text or outcome == (403, "separation_of_duties")
        elif actor in improvement.barred_from(action):
            assert outcome == (403, "separation_of_duties")
        elif action == "measure_effects" and improvement.state == "standardised":
            assert outcome == (409, "benefit_not_due")
        else:
            assert outcome == (200, None), answer.text
            improvement.take(action, actor, *how)

    async def is_as_the_model_says(self, improvement: Modelled, shown_to: list[str]) -> None:
        """The improvement is what the model says; the log says so, too."""
        for fromkey in dict.fromkeys(shown_to):
            answer = await self.client(fromkey).read(improvement.path)
            assert answer["state"] == improvement.state
            offered = {each["action"]: each["open"] for each in answer["actions"]}
            assert {name: offered[name] for name in offered if name in TABLE} == improvement.offered(
                fromkey
            ), fromkey
        db = self.project.api.ledger.db
        loaded = await load(db, LIFECYCLE, improvement.path.rpartition("/")[2])
        assert loaded is not None
        stands = loaded.record
        folded = fold(Improvement, stands.row_key, await read.stream_events(db, stands.row_key))
        assert folded is not None
        for name in ("id", "version", "changed_at", *codecs(Improvement)):
            assert getattr(folded, name) == getattr(stands, name), name
        for part_class in Improvement.PARTS:
            part, folded_part = stands.record_part(part_class), folded.record_part(part_class)
            for name in ("id", "version", "changed_at", *codecs(part_class)):
                assert getattr(folded_part, name) == getattr(part, name), name


@pytest.fixture
async def world(api: Api, follower: Connection) -> World:
    project = await project_of(api)
    doer = await api.client("Implementer", Role.process_owner)
    return World(project, follower, await project.readiness(), doer)


@in_test_all
@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(STEP, min_size=12, max_size=45))
async def test_an_improvement_does_what_the_model_says_and_nothing_else(
    world: World, steps: list[Step]
) -> None:
    await world.lives(Modelled(await world.project.selected()), steps)
