"""The demo's requests for ratings and complaints: their texts, and how often they occur (pure)."""

from __future__ import annotations

import random

from app.common.people import rule_caller
from app.demo.arrivals import SEED, Arrival
from app.ticketing.records import ComplaintSubject

ASKER = rule_caller("ask_for_ratings")
#: Share of rated cases, and of other cases, whose requester was asked.
ASKED_OF_RATED, ASKED_OF_OTHERS = 0.8, 0.25
#: How often somebody complains about a closed incident, in usual months and in the bad one.
COMPLAINTS, COMPLAINTS_WHEN_BAD = 0.025, 0.07
#: Share of complaints that are answered in time, and late; the rest are still unanswered.
IN_TIME, LATE = 0.82, 0.13
#: By language, what is complained about.
COMPLAINT_TEXTS: dict[str, tuple[tuple[ComplaintSubject, str], ...]] = {
    "en": (
        (ComplaintSubject.speed, "It took three days until anybody called back."),
        (ComplaintSubject.result, "It works again, but my templates are gone."),
        (ComplaintSubject.communication, "I was told that it is solved while it was not."),
        (ComplaintSubject.conduct, "I was told that it is my own fault."),
    ),
    "zh": (
        (ComplaintSubject.speed, "等了三天才有人回电。"),
        (ComplaintSubject.result, "虽然恢复了，但我的模板都不见了。"),
        (ComplaintSubject.communication, "通知说已解决，其实并没有。"),
        (ComplaintSubject.conduct, "接线人说是我自己的问题，态度不好。"),
    ),
}
#: By language, what was found and what is done about it.
ANSWERS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("The call was in a queue that nobody reads on Fridays.", "The queue is read every day now."),
        ("It was closed before it was tried.", "Closing needs a trial by the requester now."),
        ("Nobody told the next shift about the call.", "Open calls are handed over in writing now."),
        ("The profile was reset without a copy.", "A copy is made first; the lost files were restored."),
        ("The tone of the call was not in order.", "The colleague has apologised, and was trained."),
    ),
    "zh": (
        ("来电进入了周五无人值守的队列。", "现在该队列每天都有人处理。"),
        ("关闭之前没有验证。", "现在关闭前须由申请人验证。"),
        ("换班时没有交接这一来电。", "现在未办结的来电均书面交接。"),
        ("重置配置前没有备份。", "现在先备份再操作，丢失的文件已恢复。"),
        ("通话时语气确有不当。", "当事人已致歉，并参加了沟通培训。"),
    ),
}


#: The place of the customer who has been angry since the last finished month, when its lines were moved.
ANGRY_PLACE, ANGRY_MONTHS = "suzhou", 1
#: How likely the scores from 1 to 5 are, of those who are angry, in the bad month, and usually.
ANGRY, DISAPPOINTED, CONTENT = (12, 6, 2, 0.5, 0.2), (2, 4, 4, 4, 4), (0.1, 0.3, 1.2, 5, 9)


def mood_of(place: str, opening: Arrival) -> tuple[float, ...]:
    """Return how likely each score is, from somebody at that place, for a case that has arrived then."""
    if place == ANGRY_PLACE and opening.months_ago <= ANGRY_MONTHS:
        return ANGRY
    return DISAPPOINTED if opening.bad else CONTENT


def rates(mood: tuple[float, ...], chance: random.Random) -> bool:
    """Return whether somebody of that mood rates a case; the angry seldom keep silent."""
    return chance.random() < (0.55 if mood is ANGRY else 0.3)


def is_rating_requested(name: str, *, answered: bool) -> bool:
    """Return whether the requester of the case of that name is asked to rate it. `answered`: they will."""
    chance = random.Random(f"{SEED}-asked-{name}")  # noqa: S311  # a history, not a secret
    return chance.random() < (ASKED_OF_RATED if answered else ASKED_OF_OTHERS)
