"""The broker of a target: the client of each is an extra, and is loaded when it is wanted."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from app.platform.settings import SettingsError
from app.relay.brokers import Broker
from app.relay.targets import RelayTarget


def broker_of(target: RelayTarget) -> Broker:
    """Return the target's broker, which is connected by entering it. Raises SettingsError if its client is
    not installed.
    """
    if target.kind == "nats":
        with _extra("nats"):
            from app.relay.nats_stream import NatsStream  # noqa: PLC0415  # an extra

        return NatsStream(target)
    with _extra("kafka"):
        from app.relay.kafka_topic import KafkaTopic  # noqa: PLC0415  # an extra

    return KafkaTopic(target)


@contextlib.contextmanager
def _extra(name: str) -> Iterator[None]:
    """Say which extra is missing, if one is."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"The relay needs {error.name} for LEDGERDESK_RELAY_URL. Install it: "
            f"pip install 'ledgerdesk[{name}]'."
        ) from error
