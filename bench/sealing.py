"""Benchmark of sealing a log and of verifying it, on one core beside PostgreSQL, and of checking a proof
offline in an interpreter that has none of our packages.
"""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from app.platform.db import Connection, connect, fetch_value
from app.platform.embedded import embedded_server
from app.platform.installation import DATABASE, SUPERUSER
from app.sealing import check_proof
from app.sealing.prove import prove_event
from app.sealing.seal import seal
from app.sealing.signed_heads import SignedHead
from app.sealing.verify import verify
from bench import floor
from bench.figures import Figure, Run, Threshold, number
from bench.site import Site, made_token, site

NAMES = SEAL, VERIFY, CHECK, PROOF_BYTES = ("seal", "verify", "check_proof", "proof_bytes")
MANY, QUICK_MANY = 1_000_000, 50_000
CHECKS = 9
NEEDED = Threshold(200_000, 500_000)
#: Events as they are on average: 250 bytes of data, an actor with a key, no reference.
FILL = b"""
insert into log.event select n, now(), now() - interval '1 hour', gen_random_uuid(), null, 1, 1, false,
  'incident/' || gen_random_uuid(), 'incident.reported', 'person:' || gen_random_uuid(),
  'key:' || gen_random_uuid(), null, gen_random_uuid()::text, 'api', null,
  convert_to('{"given":{"title":"' || repeat('x', 100)
    || '"},"set":{"x":{"y":"' || repeat('z', 100) || '"}}}', 'UTF8')
from generate_series(%s::bigint, %s::bigint) as n"""
UNCHECKED = b"alter table log.event drop constraint data_says_and_sets"
EVENTS_AT_ONCE = 100_000
LIMITS = "-c jit=off -c timezone=UTC"


async def measure(run: Run) -> list[Figure]:
    """Measures the selected figures on a site of its own."""
    run.announce("Making a log to be sealed")
    with site() as installation, embedded_server(installation.data) as server:
        made_token(installation)
        owner = await connect(server.url(DATABASE, SUPERUSER), LIMITS)
        service = await connect(installation.url, LIMITS)
        try:
            count = QUICK_MANY if run.quick else MANY
            await owner.execute(UNCHECKED)  # it is what inserting costs most
            begun = await fetch_value(owner, "select position from log.head")
            for first in range(begun + 1, count, EVENTS_AT_ONCE):
                await owner.execute(FILL, (first, min(first + EVENTS_AT_ONCE - 1, count)))
            await owner.execute(b"update log.head set position = (select max(position) from log.event)")
            await owner.execute(b"vacuum analyze log.event")
            return await _figures(run, installation, service, count)
        finally:
            await service.close()
            await owner.close()


async def _figures(run: Run, installation: Site, service: Connection, count: int) -> list[Figure]:
    before_it = await floor.per_second(installation, run.seconds)
    run.announce("Sealing and verifying")
    began = time.perf_counter()
    signed = await seal(service, installation.folder, lambda: datetime.now(UTC))
    sealing = count / (time.perf_counter() - began)
    assert signed is not None
    began = time.perf_counter()
    outcome = await verify(service, [signed])
    verifying = count / (time.perf_counter() - began)
    floors = before_it, await floor.per_second(installation, run.seconds)
    assert (outcome.finding_count, outcome.proved_up_to) == (0, count)
    proof = (await prove_event(service, count // 3, signed)).document()
    checking = _check_seconds(installation.folder, proof, signed) * 1000
    what = f"of {count:,} events"
    return [
        floor.rated(SEAL, f"seal the log, {what} / b4", sealing, floors, NEEDED),
        floor.rated(VERIFY, f"verify it with a head, {what} / b4", verifying, floors, NEEDED),
        Figure(
            CHECK,
            "check a proof offline, without Python's start",
            f"{number(checking)} ms",
            checking,
            Threshold(50, 20, " ms", at_most=True),
        ),
        Figure(
            PROOF_BYTES,
            f"bytes of a proof, {what}",
            number(len(proof)),
            len(proof),
            Threshold(2_000, 1_800, at_most=True),
        ),
    ]


def _check_seconds(folder: Path, proof: bytes, signed: SignedHead) -> float:
    """Returns how much longer than Python's start it takes, in the median."""
    (folder / "proof.json").write_bytes(proof)
    (folder / "head.json").write_bytes(signed.file_bytes())
    alone = [sys.executable, "-I", "-S"]
    command = [*alone, check_proof.__file__, str(folder / "proof.json"), "--head", str(folder / "head.json")]
    starts: list[float] = []
    checks: list[float] = []
    for _ in range(CHECKS):
        for seconds, arguments in ((starts, [*alone, "-c", "pass"]), (checks, command)):
            began = time.perf_counter()
            # Without a PATH there is no openssl: the hashes are measured, and no other program's start.
            ended = subprocess.run(arguments, capture_output=True, check=False, env={"PATH": ""})  # noqa: S603
            seconds.append(time.perf_counter() - began)
            assert ended.returncode == 0, ended.stdout
    return median(checks) - median(starts)
