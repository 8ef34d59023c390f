"""Deployments that tools report: all reports of one run are one deployment, in whatever order they come."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.foundation.environments import environment_key
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.ledger import Ledger
from app.log.events import stream
from app.log.ids import uuid7
from app.log.writer import DuplicateCommand
from app.processes.deployments.lifecycle import LIFECYCLE
from app.processes.deployments.lookups import find_reported_run
from app.processes.deployments.payloads import ReportDeployment
from app.processes.deployments.runs import action_of_report
from app.webhooks.effects.identities import tool_caller
from app.webhooks.effects.outcomes import SourceFailed
from app.webhooks.intake.deliveries import DeliveryEffect
from app.webhooks.mapping.updates import DeploymentUpdate
from app.webhooks.sources.records import WebhookSource

ATTEMPTS = 3


async def take_deployment(
    ledger: Ledger, source: WebhookSource, account: UUID, news: DeploymentUpdate, key: str, now: datetime
) -> DeliveryEffect:
    """Report the deployment, or add its outcome to the one of its run. Raises SourceFailed without a service;
    a Refusal, DatabaseGone.
    """
    service = news.service or source.service
    if service is None:
        raise SourceFailed("no_service")
    reported_at = min(news.occurred_at, now)
    body = ReportDeployment(
        service=service,
        environment=news.environment,
        pipeline=news.pipeline,
        run=news.run,
        outcome=news.outcome,
        started_at=min(news.started_at or reported_at, reported_at),
        ended_at=None if news.outcome is None else reported_at,
    )
    channel = f"webhook:{source.key}"
    metadata = CommandMetadata(
        caller=tool_caller(account), now=now, correlation_id=str(uuid7()), source=channel, source_ref=key
    )
    fingerprint = ledger.vault.fingerprint("deployment", channel, key)
    once = IdempotencyKey(f"{channel}/deployments", fingerprint, fingerprint)
    for _ in range(ATTEMPTS):
        earlier = await find_reported_run(ledger.db, body.pipeline, body.run)
        command = Command(LIFECYCLE, LIFECYCLE["report"], None, body, metadata, None, once)
        if earlier is not None:
            name = str(earlier["id"])
            chosen = action_of_report(body, None if earlier["outcome"] is None else str(earlier["outcome"]))
            is_same = environment_key(str(earlier["environment"])) == body.environment
            if chosen is None or not is_same:
                return DeliveryEffect("known_already", stream(LIFECYCLE.kind, UUID(name)))
            action, payload = chosen
            command = Command(LIFECYCLE, LIFECYCLE[action], name, payload, metadata, None, once)
        try:
            done = await perform(ledger, command)
        except DuplicateCommand:
            continue  # it is found now
        except WrongValue as refused:
            if refused.because != "run_is_reported":
                raise
            continue
        outcome = "opened" if earlier is None else "updated"
        return DeliveryEffect(outcome, done.record.row_key)
    raise SourceFailed("others_keep_changing_it")
