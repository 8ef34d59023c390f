"""`ledgerdesk doctor` says of a replica whether it is one of this log, and keeps up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.cli.doctor.findings import CheckStatus
from app.common.people import Role
from app.kernel.replicas import ReadReason
from tests.client import make_master_key
from tests.extent import in_test_all
from tests.operations.test_doctor import bad, of_database
from tests.replicas.conftest import ReadingApi, Serve
from tests.replicas.streaming import ReplicatedServer, StreamingReplica


@in_test_all
async def test_a_replica_that_is_behind_and_one_of_another_log_are_found(
    reading: ReadingApi,
    serve: Serve,
    replicated: ReplicatedServer,
    streaming: StreamingReplica,
    tmp_path: Path,
) -> None:
    make_master_key(tmp_path)

    async def found(read_url: str, seconds: int = 5) -> dict[str, CheckStatus]:
        settings: dict[str, Any] = {"read_url": read_url, "read_staleness_seconds": seconds}
        outcomes = bad(await of_database(replicated.url(), tmp_path, **settings))
        return {code: status for code, status in outcomes.items() if code.startswith("replica")}

    await reading.client("Ann", Role.agent)
    await streaming.shows(f"select position >= {await reading.head()} from log.head")
    assert await found(streaming.url()) == {}
    async with streaming.lagging():
        await reading.client("Ben", Role.agent)
        await reading.chooses(ReadReason.reached)
        assert await found(streaming.url()) == {}, "it is not too far behind yet"
        await reading.is_older_than(2)
        assert await found(streaming.url(), 2) == {"replica_behind": CheckStatus.warning}
    replicated.make_database("examined")
    async with serve(streaming.url("examined"), database="examined") as other:
        await other.client("Olga", Role.agent)
        await other.chooses(ReadReason.reached)
    assert await found(streaming.url("examined")) == {"replica_foreign": CheckStatus.failed}
