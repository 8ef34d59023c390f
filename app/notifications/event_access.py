"""What readers of a notice may know of its event: its payload and its actor (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.kernel.access.redaction import Viewer
from app.kernel.actions.lifecycle import Lifecycle

PERSONS = ("person", "integration")


def is_withheld_place(lifecycle: Lifecycle[Any], event: Mapping[str, Any], place: str) -> bool:
    """Return whether only staff may read the place. Staff-only events show other readers nothing except what
    names these readers. The payloads of `Lifecycle.for_staff` are for staff, too: the event's row says who
    may read it.
    """
    if event["staff_only"]:
        return place not in ("mine", "own")
    return place == "given" and lifecycle.for_staff(event["type"], event["actor"])


def shown_actor(
    lifecycle: Lifecycle[Any], event: Mapping[str, Any], viewer: Viewer, *, tells_something: bool
) -> UUID | None:
    """Return the actor of the event; None: it was a rule, or the viewer may read nothing else of the event."""
    is_withheld = viewer is not Viewer.staff and lifecycle.for_staff(event["type"], event["actor"])
    return None if is_withheld and not tells_something else actor_of(event)


def actor_of(event: Mapping[str, Any]) -> UUID | None:
    """Return who did it: the person, or else the one it was done for, or the tool; None: a rule did."""
    actors = [name.partition(":") for name in (event["actor"], event["on_behalf_of"] or "")]
    actor_ids = {kind: UUID(name) for kind, _, name in reversed(actors) if kind in PERSONS}
    return next((actor_ids[kind] for kind in PERSONS if kind in actor_ids), None)
