"""The conformance checks of scim2-tester, all of them, against the application."""

from __future__ import annotations

from tests.scim.test_provisioning import Provider, admin, desk, provider

__all__ = ["admin", "desk", "provider"]


async def test_all_checks_of_scim2_tester_pass(provider: Provider) -> None:
    # Loading scim2-tester takes seven seconds, which every worker would spend when it collects the tests.
    from tests.scim.conformance_client import check_results  # noqa: PLC0415  # slow to load

    results = await check_results(provider)
    failed = [
        f"{r.title} {r.resource_type} {r.status.name}: {r.reason}"
        for r in results
        if r.status.name != "SUCCESS"
    ]
    assert len(results) >= 83
    assert failed == [], "\n".join(failed)
