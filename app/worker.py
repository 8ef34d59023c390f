"""What follows from the log: every consumer and every rule. None of them is ever called by a process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from app.deliveries import mail, notices
from app.exchange import asked
from app.kernel import timers, uploads
from app.kernel.ledger import Ledger
from app.kernel.rules import Clock, Rule
from app.kernel.timers import TimedRule
from app.kpis.facts import FACTS
from app.kpis.reconciliations import nightly
from app.log import follow
from app.log.follow import Consumer
from app.rules import (
    close_after_agreed_days,
    pass_on_comments,
    pass_on_followers,
    remind_on_call,
    resume_at_wake_up_time,
    tell_duplicates,
)
from app.search import index

#: What follows from an event.
RULES: tuple[Rule, ...] = (tell_duplicates.RULE, pass_on_followers.RULE, pass_on_comments.RULE)
#: What follows when nothing happens.
TIMED_RULES: tuple[TimedRule[Any], ...] = (
    close_after_agreed_days.RULE,
    remind_on_call.RULE,
    resume_at_wake_up_time.RULE,
)


def projections(ledger: Ledger) -> Sequence[Consumer]:
    """What only reads the log, and keeps tables of its own."""
    return FACTS, index.consumer(ledger)


def rules(ledger: Ledger, clock: Clock) -> Sequence[Consumer]:
    """What acts because of the log, or sets the timers of what will."""
    return (
        notices.consumer(ledger, clock),
        mail.consumer(),
        *(rule.consumer(ledger, clock) for rule in RULES),
        *(rule.consumer(ledger) for rule in TIMED_RULES),
    )


async def run(url: str, ledger: Ledger, clock: Clock, *, failed: Callable[[str, Exception], None]) -> None:
    """Does all of it for ever, beside any number of other workers. `failed` is told of each failure."""
    async with asyncio.TaskGroup() as tasks:
        consumers = (*projections(ledger), *rules(ledger, clock))
        tasks.create_task(follow.run(url, consumers, failed=failed))
        tasks.create_task(timers.run(url, ledger, TIMED_RULES, clock, failed=failed))
        tasks.create_task(uploads.run(ledger, clock, failed=failed))
        tasks.create_task(notices.run(url, ledger, clock, failed=failed))
        tasks.create_task(asked.run(url, ledger, clock, failed=failed))
        tasks.create_task(mail.run(url, ledger, clock, failed=failed))
        tasks.create_task(nightly.run(url, ledger, clock, failed=failed))
