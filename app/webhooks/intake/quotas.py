"""Bounds of what a process takes of deliveries."""

from __future__ import annotations

from app.api.requests.limits import Quota
from app.api.requests.unverified_bodies import UnverifiedBodies

#: So many times as often as for one source, an address is refused for all sources together.
SOURCES_OF_AN_ADDRESS = 10


class WebhookQuotas:
    """How many deliveries one source may send to this process, how many unverified ones are answered to an
    address, for one source and for all, and how many bytes of those whose sender is not known yet the process
    holds.
    """

    def __init__(self, deliveries_per_minute: int, refused_per_minute: int) -> None:
        self.source_quota = Quota("source", deliveries_per_minute, 60)
        self._refused = Quota("address", refused_per_minute, 60)
        self._refused_of_all = Quota("address", refused_per_minute * SOURCES_OF_AN_ADDRESS, 60)
        self.bodies = UnverifiedBodies()

    def count_refused(self, key: str, address: str) -> int:
        """Count an unverified delivery to the source of that key. Return 0, or after how many seconds the
        address may be refused again.
        """
        place = f"{key} {address}"
        if not self._refused_of_all.consume(address):
            return self._refused_of_all.remaining(address).seconds
        return 0 if self._refused.consume(place) else self._refused.remaining(place).seconds
