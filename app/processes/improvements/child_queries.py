"""Read side of what improvements have: target KPIs, measurements, the team, the pilot and the rollout."""

from __future__ import annotations

from typing import Any

from app.api.listings.child_listings import ChildListing
from app.api.records.shapes import OutputModel, Renderer
from app.kpis.baselines.queries import BASELINES
from app.processes.improvements.effects.records import ImprovementMeasurement
from app.processes.improvements.pilot.records import PilotFeedback, PilotIssue, PilotReadiness
from app.processes.improvements.project.records import ImprovementMember
from app.processes.improvements.proposal.records import ImprovementTarget
from app.processes.improvements.rollout.records import RolloutAnnouncement, RolloutSitting, RolloutStep


class ImprovementTargetOut(OutputModel, of=ImprovementTarget):
    """A target KPI of an improvement, with a baseline of the same name."""


class ImprovementMeasurementOut(OutputModel, of=ImprovementMeasurement):
    """The measured effect of an improvement on a target KPI."""


class ImprovementMemberOut(OutputModel, of=ImprovementMember):
    """A person in the team of an improvement project."""


class PilotReadinessOut(OutputModel, of=PilotReadiness):
    """The preparation of a round of the pilot when it was started."""


class PilotIssueOut(OutputModel, of=PilotIssue):
    """An issue of a pilot, and its solution."""


class PilotFeedbackOut(OutputModel, of=PilotFeedback):
    """Feedback on a pilot."""


class RolloutStepOut(OutputModel, of=RolloutStep):
    """A step of the rollout, with its owner and its evidence."""


class RolloutSittingOut(OutputModel, of=RolloutSitting):
    """A member of the teams in scope who is yet to pass the examination."""


class RolloutAnnouncementOut(OutputModel, of=RolloutAnnouncement):
    """An announcement of an improvement to people."""


def _for_staff(renderer: Renderer, record: Any, parameters: dict[str, Any]) -> str:
    """Return that staff sees all rows, and nobody else any."""
    return "true" if renderer.caller.is_staff_for(record) else "false"


#: The listings of child records that only improvements have, besides the baselines of their targets.
CHILD_LISTINGS = (
    ChildListing(
        "targets",
        ImprovementTarget,
        "added_at",
        ImprovementTargetOut,
        "the target KPIs of an improvement, the oldest first",
    ),
    BASELINES,
    ChildListing(
        "measurements",
        ImprovementMeasurement,
        "measured_at",
        ImprovementMeasurementOut,
        "the measurements of an improvement, the oldest first",
    ),
    ChildListing(
        "members", ImprovementMember, "added_at", ImprovementMemberOut, "the team of an improvement project"
    ),
    ChildListing(
        "pilot_readiness",
        PilotReadiness,
        "started_at",
        PilotReadinessOut,
        "the preparation of the rounds of a pilot, the oldest first",
    ),
    ChildListing(
        "pilot_issues", PilotIssue, "logged_at", PilotIssueOut, "the issues of a pilot, the oldest first"
    ),
    ChildListing(
        "pilot_feedback",
        PilotFeedback,
        "logged_at",
        PilotFeedbackOut,
        "the feedback on a pilot, the oldest first",
    ),
    ChildListing("rollout_steps", RolloutStep, "planned_at", RolloutStepOut, "the steps of a rollout"),
    ChildListing(
        "rollout_sittings",
        RolloutSitting,
        "listed_at",
        RolloutSittingOut,
        "the people who are yet to sit the examination of a rollout, the oldest first",
        only=_for_staff,
    ),
    ChildListing(
        "announcements",
        RolloutAnnouncement,
        "noted_at",
        RolloutAnnouncementOut,
        "the announcements of an improvement, the oldest first",
    ),
)
