"""Opens the scorecards of a quarter when it is over: one for each active team of the organisation's own that
has a lead, and for each active person of such teams. A quarter without an edition of weights in force gets no
cards.

Among several workers, the holder of an advisory lock does it; the database ensures that each quarter and team
or person has one card.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from app.common.people import rule_caller
from app.foundation.quarters import end_of_quarter, quarter_before
from app.governance.scorecards.lifecycle import LIFECYCLE
from app.governance.scorecards.lookups import edition_in_force, subjects_without_card
from app.governance.scorecards.payloads import OpenScorecard
from app.kernel.actions.context import CommandMetadata
from app.kernel.actions.refusals import Refusal
from app.kernel.commands.command import Command, IdempotencyKey
from app.kernel.commands.perform import perform
from app.kernel.consumers import polling
from app.kernel.consumers.rules import ROUTE, RULE_SOURCE
from app.kernel.ledger import Ledger
from app.log.writer import ConstraintViolation, DuplicateCommand
from app.platform.db import Connection

#: The actor's name in the log.
NAME = "open_scorecards"
POLL_SECONDS = 60.0
#: The lock of the one worker that does it.
LOCK = "governance.scorecards"
#: How many are opened in a round.
CARDS_A_ROUND = 500
logger = structlog.get_logger()


async def open_scorecards(connection: Connection, ledger: Ledger, now: datetime) -> bool:
    """Open scorecards of the quarter that was over last, at most CARDS_A_ROUND, unless another worker is at
    it. Return whether all of them are open. Raises DatabaseGone; what is missing then is opened by the next
    round.
    """
    async with polling.locked(connection, LOCK) as free:
        if not free:
            return False
        zone = ZoneInfo(ledger.settings.time_zone)
        quarter = quarter_before(now, zone)
        if await edition_in_force(ledger.db.rows, quarter) is None:
            return True
        end = end_of_quarter(quarter, zone)
        subjects = await subjects_without_card(ledger.db.rows, quarter, end, CARDS_A_ROUND)
        for row in subjects:
            body = OpenScorecard.model_validate({"quarter": quarter, row["subject"]: str(row["id"])})
            await _open(ledger, body, now)
        return len(subjects) < CARDS_A_ROUND


async def _open(ledger: Ledger, body: OpenScorecard, now: datetime) -> None:
    """Open the scorecard, unless another worker has, or somebody by hand."""
    caller = rule_caller(NAME)
    reference = f"{caller.actor}:{body.quarter}:{body.person or body.team}"
    # The raters' time begins when it is opened, however late that is.
    metadata = CommandMetadata(caller, now, reference, source=RULE_SOURCE, source_ref=reference)
    key = IdempotencyKey(ROUTE, reference, "")
    try:
        await perform(ledger, Command(LIFECYCLE, LIFECYCLE["open"], None, body, metadata, key=key))
    except DuplicateCommand:
        return
    except Refusal as refused:
        logger.warning("a scorecard cannot be opened", scorecard=reference, code=refused.code)
    except ConstraintViolation as violation:
        if violation.constraint != "scorecard_subject_key":
            raise


def _quarter(ledger: Ledger, now: datetime) -> str:
    return quarter_before(now, ZoneInfo(ledger.settings.time_zone))


run = polling.job_by_period(NAME, open_scorecards, _quarter, every=POLL_SECONDS)
