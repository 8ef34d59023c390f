"""Reads of deployments, for checks."""

from __future__ import annotations

from uuid import UUID

from app.kernel.access.reads import Constraint, ReadContext
from app.platform.db import Database

CAUSING = "select split_part(record, '/', 2)::uuid from fold.deployment_cause where incident_id = %s"
REPORTED_RUN = """
select id, service, environment, outcome from fold.deployment where pipeline = %s and run = %s"""
OF_RUN = "select id from fold.deployment where pipeline = %s and run = %s"


async def deployment_that_caused(reads: ReadContext, incident_id: UUID) -> UUID | None:
    """Return the id of the deployment that is confirmed to have caused the incident, or None."""
    guard = Constraint("deployment_cause_incident_key")
    deployment_id: UUID | None = await reads.value(CAUSING, (incident_id,), guard=guard)
    return deployment_id


async def deployment_of_run(reads: ReadContext, pipeline: str, run: str) -> UUID | None:
    """Return the id of the deployment that the pipeline's run was reported as; None if it was not yet."""
    guard = Constraint("deployment_run_key")
    deployment_id: UUID | None = await reads.value(OF_RUN, (pipeline, run), guard=guard)
    return deployment_id


async def find_reported_run(db: Database, pipeline: str | None, run: str | None) -> dict[str, object] | None:
    """Return the deployment that the run of the pipeline was reported as; None if it was not yet, or the
    report names no run.
    """
    return None if run is None else await db.row(REPORTED_RUN, (pipeline, run))
