"""The conformance checks of scim2-tester, all of them, against the application."""

from __future__ import annotations

import pytest
from pydantic._internal import _fields

from tests.extent import in_test_all
from tests.scim.test_provisioning import Provider, admin, desk, provider

__all__ = ["admin", "desk", "provider"]


@in_test_all
async def test_all_checks_of_scim2_tester_pass(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    # The models describe their fields by reading their own source, which nothing here uses: with all modules
    # of the tests loaded that takes seven seconds.
    monkeypatch.setattr(_fields, "extract_docstrings_from_cls", lambda *_, **__: {})
    # Loading scim2-tester takes a second, which every worker would spend when it collects the tests.
    from tests.scim.conformance_client import check_results  # noqa: PLC0415  # slow to load

    results = await check_results(provider)
    failed = [
        f"{r.title} {r.resource_type} {r.status.name}: {r.reason}"
        for r in results
        if r.status.name != "SUCCESS"
    ]
    assert len(results) >= 83
    assert failed == [], "\n".join(failed)
