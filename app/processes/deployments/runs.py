"""Runs of pipelines: several reports of one run are one deployment (pure)."""

from __future__ import annotations

from app.kernel.actions.payloads import Payload
from app.processes.deployments.payloads import EndDeployment, ReportDeployment, RollBackDeployment
from app.processes.deployments.records import DeploymentOutcome


def action_of_report(body: ReportDeployment, recorded: str | None) -> tuple[str, Payload] | None:
    """Return the action for the report of a known run, with its payload; None for a repetition. An outcome
    that contradicts the recorded one is refused by the action itself.
    """
    if body.outcome is None or body.outcome == recorded:
        return None
    if recorded is not None and body.outcome is DeploymentOutcome.rolled_back:
        return "roll_back", RollBackDeployment(rolled_back_at=body.ended_at, occurred_at=body.occurred_at)
    payload = EndDeployment(
        outcome=body.outcome,
        ended_at=body.ended_at,
        revisions=body.revisions,
        occurred_at=body.occurred_at,
    )
    return "end", payload
