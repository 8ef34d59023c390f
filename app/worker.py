"""What follows from the log: every consumer. None of them is ever called by a process."""

from app.kpis.facts import FACTS
from app.log.follow import Consumer

CONSUMERS: tuple[Consumer, ...] = (FACTS,)
