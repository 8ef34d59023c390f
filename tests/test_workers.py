"""Workers are forked from the process that hands out the tests, which has imported them for all."""

from __future__ import annotations

import os

import pytest

from tests.workers import CAN_FORK

IMPORTED_BY = os.getpid()


@pytest.mark.skipif(not CAN_FORK, reason="workers are started and not forked on this system")
def test_what_the_workers_run_was_imported_once_for_all_of_them(worker_id: str) -> None:
    handed_out_by = os.getpid() if worker_id == "master" else os.getppid()
    assert handed_out_by == IMPORTED_BY
