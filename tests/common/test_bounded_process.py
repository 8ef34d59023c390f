"""A function is called in a process that is ended when it takes too much, and the next call works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.common.files.bounded_process import MEMORY_BYTES, BoundedProcess, LimitExceeded
from tests.cases import each_case


@contextmanager
def process(module: str, function: str, *, seconds: float = 30.0) -> Iterator[BoundedProcess]:
    bounded = BoundedProcess(module, function, seconds=seconds)
    try:
        yield bounded
    finally:
        bounded.close()


def test_all_calls_are_answered_by_one_other_process() -> None:
    with process("os", "getpid") as bounded:
        first = bounded.call_function()
        assert bounded.call_function() == first != os.getpid()


FATAL: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
    ("os", "abort", ()),
    ("os", "_exit", (0,)),
    ("builtins", "bytearray", (MEMORY_BYTES + 1,)),
    ("json", "loads", ("[" * 1_000_000,)),
)


@each_case(("module", "function", "arguments"), FATAL, ids=str)
def test_a_call_that_ends_its_process_is_told_and_another_process_answers(
    module: str, function: str, arguments: tuple[Any, ...]
) -> None:
    with process(module, function) as bounded:
        for _ in range(2):
            with pytest.raises(LimitExceeded):
                bounded.call_function(*arguments)


def test_a_call_beyond_its_time_is_ended_and_the_next_one_works() -> None:
    with process("time", "sleep", seconds=1.0) as bounded:
        with pytest.raises(LimitExceeded):
            bounded.call_function(600)
        assert bounded.call_function(0) is None


def test_what_the_function_prints_is_no_answer() -> None:
    with process("builtins", "print") as bounded:
        assert bounded.call_function("ready") is None


def test_a_process_that_died_between_two_calls_is_replaced() -> None:
    with process("os", "getpid") as bounded:
        first = bounded.call_function()
        os.kill(first, 9)
        assert bounded._child is not None
        bounded._child.wait()
        assert bounded.call_function() != first
