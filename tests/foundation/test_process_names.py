"""Processes of ours are known however people write them."""

from __future__ import annotations

import pytest

from app.foundation.process_names import process_named


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Incident",
            "INCIDENTS",
            "ＩＮＣＩＤＥＮＴ",
            "incident.",
            "incident-handling",
            "Incident handling",
            "incident mgmt",
        ),
        *("incident_management", "事件", "事件 管理", "事件处理", "事故管理", "故障管理流程"),
    ],
)
def test_a_process_has_many_spellings(name: str) -> None:
    assert process_named(name) == "incident"


@pytest.mark.parametrize("name", ["order intake", "incidental costs", "订单处理"])
def test_another_process_keeps_its_name(name: str) -> None:
    assert process_named(name) == name
