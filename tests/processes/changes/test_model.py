"""Random histories of four changes over HTTP, whose items need one another: they do, and hold, what the model
says, and nothing else.

The model is a table of its own, written from the process document: it looks at no lifecycle and no booking.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.common.people import Grade, Role
from app.common.records import all_codecs, all_values, from_row, rows_with_parts
from app.kernel.histories.history import fold
from app.log import read
from app.platform.db import connect
from app.processes.changes.planning.bookings import rebuild_bookings
from app.processes.changes.records import Change
from tests.client import Client, Json
from tests.conftest import DatabaseUrls
from tests.extent import examples, in_test_all
from tests.processes.changes.samples import ASSESSMENT, DONE, REVIEWED, Board, window
from tests.ticket_actions import own_actions

BEFORE = {"draft", "submitted", "assessed", "awaiting_approval", "approved", "scheduled", "deferred"}
PEOPLE = ("agent", "manager", "engineer", "member")
#: By action: who, from where, to where. The agent has drafted them all, the engineer is of their team.
TABLE: dict[str, tuple[set[str], set[str], str]] = {
    "submit": (set(PEOPLE), {"draft"}, "submitted"),
    "assess": ({"manager"}, {"submitted"}, "assessed"),
    "request_emergency_approval": (set(PEOPLE), {"submitted"}, "submitted"),
    "request_approval": ({"manager"}, {"assessed"}, "awaiting_approval"),
    "resubmit": ({"agent", "manager"}, {"deferred"}, "submitted"),
    "schedule": ({"manager"}, {"draft", "approved"}, "scheduled"),
    "reschedule": ({"manager"}, {"scheduled"}, "scheduled"),
    "start": ({"engineer"}, {"scheduled", "approved"}, "implementing"),
    "complete": ({"engineer"}, {"implementing"}, "implemented"),
    "back_out": ({"engineer", "manager"}, {"implementing", "implemented"}, "backed_out"),
    "review": ({"manager"}, {"implemented", "backed_out"}, "closed"),
    "cancel": ({"agent", "manager"}, BEFORE, "cancelled"),
}
VOTES = {"approve": "approved", "reject": "rejected", "defer": "deferred"}
#: What comes next where nothing goes wrong, by whom.
FORWARD = {
    "draft": ("submit", "agent"),
    "submitted": ("assess", "manager"),
    "assessed": ("request_approval", "manager"),
    "awaiting_approval": ("approve", "member"),
    "deferred": ("resubmit", "agent"),
    "approved": ("schedule", "manager"),
    "scheduled": ("start", "engineer"),
    "implementing": ("complete", "engineer"),
    "implemented": ("review", "manager"),
    "backed_out": ("review", "manager"),
}
#: The hours of the windows that are taken. Whatever is started holds its items from now on, long before.
WINDOWS = ((0, 2), (1, 3), (4, 6))
#: What each change touches and needs, and whether it is an emergency: the first two share what they need.
SCOPES: tuple[tuple[str, set[str], bool], ...] = (
    ("app", {"db"}, False),
    ("web", {"db"}, False),
    ("db", set(), False),
    ("app", {"db"}, True),
)
BOOKED = """
select change_id, ci_id, lower_inf(role) as touched from schedule.booking where change_id = any(%s)"""
#: The hour of the wanted end of each of them, until which an emergency holds its items.
NOW, WANTED_UNTIL = -1_000.0, 2.0
STEP = st.tuples(
    st.integers(0, len(SCOPES) - 1),
    st.sampled_from(["forward"] * 20 + [*TABLE, *VOTES]),
    st.sampled_from(PEOPLE),
    st.integers(0, len(WINDOWS) - 1),
    st.sampled_from([False, False, False, True]),
)
Step = tuple[int, str, str, int, bool]


@dataclass
class Modelled:
    """A change as the model has it: `holds` is when it holds its items, in hours of the night."""

    path: str
    touched: str
    needed: set[str]
    emergency: bool
    state: str
    put_to_vote: bool = False
    holds: tuple[float, float] | None = None
    over: set[str] = field(default_factory=set)
    implementers: set[str] = field(default_factory=set)

    def collides(self, other: Modelled) -> bool:
        """Whether one of them touches what the other one touches or needs."""
        return self.touched in {other.touched, *other.needed} or other.touched in self.needed

    def in_the_way(self, changes: list[Modelled], span: tuple[float, float]) -> set[str]:
        """The addresses of the others that hold something of its in that time."""
        return {
            other.path
            for other in changes
            if other is not self
            and other.holds is not None
            and self.collides(other)
            and span[0] < other.holds[1]
            and other.holds[0] < span[1]
        }

    def refusal(self, action: str) -> str | None:
        """The code of the refusal of what its type forbids."""
        if self.emergency:
            return {"assess": "emergency_is_not_assessed", "schedule": "emergency_has_no_window"}.get(action)
        if self.state == "draft":
            return "not_approved_yet" if action == "schedule" else None
        refused = {"request_emergency_approval": "is_no_emergency"}
        return (refused | ({} if self.state == "scheduled" else {"start": "schedule_first"})).get(action)

    def offered(self, actor: str) -> dict[str, bool]:
        """The actions that they are offered, and whether nothing of the change itself is in the way."""
        apart = {"review"} if actor in self.implementers else set()
        return {
            name: name not in apart and self.refusal(name) is None
            for name, (people, states, _) in TABLE.items()
            if actor in people and self.state in states
        }

    def take(
        self, action: str, actor: str, changes: list[Modelled], hours: tuple[int, int], over: bool
    ) -> bool:
        """Carry the action out, unless another change is in the way; return whether it was."""
        if action in ("schedule", "reschedule", "start"):
            span: tuple[float, float] = hours
            if action == "start":
                span = (NOW, WANTED_UNTIL) if self.emergency else (NOW, NOW + 2)
            conflicts = self.in_the_way(changes, span)
            if action == "start":
                conflicts |= {
                    change.path
                    for change in changes
                    if change.state == "implementing" and self.collides(change)
                }
            accepted = self.over if action == "start" else set()
            if conflicts - accepted and not over and not (self.emergency and action == "start"):
                return False
            self.holds, self.over = span, accepted | conflicts
        if action in ("start", "complete", "back_out"):
            self.implementers.add(actor)
        if action in ("complete", "back_out", "cancel"):
            self.holds = None
        self.put_to_vote = action.startswith("request_") or (self.put_to_vote and action != "cancel")
        self.state = TABLE[action][2]
        return True


class World:
    """The people, the items of one history, and the changes in it."""

    def __init__(self, board: Board, cis: dict[str, str], changes: list[Modelled]) -> None:
        self.board, self.cis, self.changes = board, cis, changes

    def client(self, actor: str) -> Client:
        caller: Client = getattr(self.board, actor)
        return caller

    async def says(self, change: Modelled, action: str, hours: tuple[int, int], over: bool) -> Json:
        """A body that the action takes."""
        reason: Json = {"override_reason": "Side by side."} if over else {}
        question = self.board.question()
        body: dict[str, Json] = {
            "assess": ASSESSMENT,
            "request_emergency_approval": question | {"cannot_wait": "Nobody can work."},
            "request_approval": question,
            "resubmit": {"answer": "It is attached."},
            "schedule": window(*hours, **reason),
            "reschedule": window(*hours, reason="A day later.", **reason),
            "start": {"out_of_window_reason": "It is quiet.", **reason},
            "complete": DONE,
            "review": REVIEWED | {"first_pass": False, "first_pass_reason": "It took long."},
            "cancel": {"reason": "It is not needed."},
        }
        if action == "back_out":
            since = (await self.client("manager").read(change.path))["state_since"]
            return {"reason": "It did not work.", "service_restored_at": since}
        undone = {"outcome": "backed_out"} if (action, change.state) == ("review", "backed_out") else {}
        return body.get(action, {}) | undone

    async def lives(self, steps: list[Step]) -> None:
        """What happens to the changes; after each step all is held against the model."""
        for n, step, anybody, hours, over in steps:
            change = self.changes[n]
            action, actor = self.forward(change) if step == "forward" else (step, anybody)
            if action in VOTES:
                await self.vote(change, action)
            elif action:
                await self.act(change, action, actor, WINDOWS[hours], over)
            await self.is_as_the_model_says(change, [actor or anybody, anybody])

    def forward(self, change: Modelled) -> tuple[str, str]:
        """What comes next, and who does it; nothing of what is over."""
        if change.emergency and change.state == "submitted":
            return ("approve", "member") if change.put_to_vote else ("request_emergency_approval", "agent")
        if change.emergency and change.state == "approved":
            return "start", "engineer"
        return FORWARD.get(change.state, ("", ""))

    async def vote(self, change: Modelled, verdict: str) -> None:
        """Those who are asked say so, where a question is open."""
        if not change.put_to_vote:
            return
        await self.board.vote(change.path, verdict)
        change.put_to_vote = False
        if not (change.emergency and verdict == "defer"):  # it is asked again
            change.state = VOTES[verdict]

    async def act(
        self, change: Modelled, action: str, actor: str, hours: tuple[int, int], over: bool
    ) -> None:
        """They do it, or are refused as the model says."""
        body = await self.says(change, action, hours, over)
        answer = await self.client(actor).post(f"{change.path}/{action}", json=body)
        outcome = (answer.status_code, answer.json().get("code"))
        people, states, _ = TABLE[action]
        if change.state not in states:
            assert outcome == (409, "not_in_this_state")
        elif actor not in people:
            assert outcome == (403, "forbidden")
        elif action == "review" and actor in change.implementers:
            assert outcome == (403, "separation_of_duties")
        elif code := change.refusal(action):
            assert outcome == (409, code)
        elif action == "request_emergency_approval" and change.put_to_vote:
            assert outcome == (409, "approval_is_open")
        elif not change.take(action, actor, self.changes, hours, over):
            assert outcome == (409, "window_taken"), answer.text
            conflicts = {f"/v1/changes/{conflict['id']}" for conflict in answer.json()["conflicts"]}
            assert conflicts <= {other.path for other in self.changes if change.collides(other)} - {
                change.path
            }
        else:
            assert outcome == (200, None), answer.text

    async def is_as_the_model_says(self, change: Modelled, shown_to: list[str]) -> None:
        """The change is, and all of them hold, what the model says; the log says so, too."""
        for fromkey in dict.fromkeys(shown_to):
            answer = await self.client(fromkey).read(change.path)
            assert answer["state"] == change.state
            offered = {action["action"]: action["open"] for action in answer["actions"]}
            own = set(own_actions(offered)) - {"edit", "vote", "decide", "confirm_cause"}
            assert {name: offered[name] for name in own} == change.offered(fromkey), fromkey
        db = self.board.api.ledger.db
        booked = await db.rows(
            BOOKED,
            ([UUID(other.path.rpartition("/")[2]) for other in self.changes],),
        )
        assert {(row["change_id"], row["ci_id"], row["touched"]) for row in booked} == {
            (UUID(other.path.rpartition("/")[2]), UUID(self.cis[key]), key == other.touched)
            for other in self.changes
            if other.holds is not None
            for key in {other.touched, *other.needed}
        }
        query = f"select * from {rows_with_parts(Change)} r where id = %s"
        row = await db.row(query, (change.path.rpartition("/")[2],))
        assert row is not None
        stands = from_row(Change, row)
        folded = fold(Change, stands.row_key, await read.stream_events(db, stands.row_key))
        assert folded is not None
        was, now = all_values(folded), all_values(stands)
        for name in ("id", "version", "changed_at", *all_codecs(Change)):
            assert was[name] == now[name], name


async def a_world(board: Board, ready: list[bool]) -> World:
    """New items, of which two need the third, and changes on them: drafts, or what the board has approved."""
    if not board.further:  # whoever asks for an emergency, the member too, does not decide on it
        board.further.append(await board.api.client("Ines", Role.cab_member, grade=Grade.senior))
    names = {name: f"{name}-{uuid4()}" for name in ("app", "web", "db")}
    cis = {name: str((await board.ci(key))["id"]) for name, key in names.items()}
    for ci in ("app", "web"):
        await board.relate(cis[ci], "uses", cis["db"])
    changes = []
    for (touched, needed, emergency), is_ready in zip(SCOPES, ready, strict=True):
        body: dict[str, Any] = {"cis": [cis[touched]], "type": "emergency" if emergency else "normal"}
        if is_ready and not emergency:
            path, state = await board.approved(**body), "approved"
        else:
            path, state = f"/v1/changes/{(await board.drafted(**body))['id']}", "draft"
        changes.append(Modelled(path, touched, needed, emergency, state))
    return World(board, cis, changes)


@in_test_all
@settings(
    max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    ready=st.lists(st.booleans(), min_size=len(SCOPES), max_size=len(SCOPES)),
    steps=st.lists(STEP, min_size=8, max_size=30),
)
async def test_changes_do_and_hold_what_the_model_says_and_nothing_else(
    board: Board, place: DatabaseUrls, ready: list[bool], steps: list[Step]
) -> None:
    world = await a_world(board, ready)
    await world.lives(steps)
    connection = await connect(place.owner_url)
    try:
        assert await rebuild_bookings(connection) == []
    finally:
        await connection.close()
