"""Evaluation of users' own mappings in a process of its own: the library counts the steps of an expression,
and neither its time nor its memory.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from app.common.files.bounded_process import BoundedProcess, LimitExceeded
from app.exchange.mapping import MappingRefused
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.evaluate import Mapping
from app.webhooks.mapping.parse import parse_mapping
from app.webhooks.mapping.updates import Evaluation, MappingFailed

EVALUATION_SECONDS = 2.0
MOST_PARSED = 50


class BoundedEvaluator:
    """Evaluates mappings in a child process. It may be shared by threads."""

    def __init__(self, *, seconds: float = EVALUATION_SECONDS) -> None:
        self._seconds = seconds
        self._process = BoundedProcess(__name__, "answer", seconds=seconds)

    def evaluate(self, text: str, name: str, delivery: Delivery) -> Evaluation:
        """Return the news that the mapping in `text` finds in the delivery. Raises MappingFailed, with the
        code `too_much` if it takes too long or too much memory, and MappingRefused. It blocks for at most the
        limit.
        """
        evaluation = self._call(text, name, delivery, False)
        assert isinstance(evaluation, Evaluation)
        return evaluation

    def delivery_id(self, text: str, name: str, delivery: Delivery) -> str | None:
        """Return the delivery's id, or None. Raises as `evaluate` does."""
        delivery_id = self._call(text, name, delivery, True)
        assert delivery_id is None or isinstance(delivery_id, str)
        return delivery_id

    def close(self) -> None:
        """End the child process."""
        self._process.close()

    def _call(self, *arguments: Any) -> Any:
        try:
            outcome, content = self._process.call_function(*arguments)
        except LimitExceeded as error:
            reason = f"it takes more than {self._seconds:g} s, or too much memory."
            raise MappingFailed("too_much", "", reason) from error
        if outcome == "failed":
            raise MappingFailed(*content)
        if outcome == "refused":
            raise MappingRefused(*content)
        return content


def answer(text: str, name: str, delivery: Delivery, only_id: bool) -> tuple[str, Any]:
    """Return the outcome of an evaluation, with what it gives or the arguments of the exception. This is what
    the child process does.
    """
    try:
        mapping = _parsed(text, name)
        return "evaluated", mapping.delivery_id(delivery) if only_id else mapping.evaluate(delivery)
    except MappingFailed as failed:
        return "failed", (failed.code, failed.key, failed.words)
    except MappingRefused as refused:
        return "refused", (name, refused.problems)
    except MemoryError:
        return "failed", ("too_much", "", "it takes too much memory.")


@lru_cache(MOST_PARSED)
def _parsed(text: str, name: str) -> Mapping:
    return parse_mapping(text, name)
