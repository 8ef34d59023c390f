"""A value beside its target is written with so many digits that the two say whether it was met."""

from __future__ import annotations

import re
from random import Random
from zoneinfo import ZoneInfo

import pytest

from app.i18n import LANGUAGES
from app.kpis.declaration.kpi import Comparator, TargetValue, Unit
from app.kpis.questions.chart_words import DURATIONS, ChartWords
from tests.extent import examples

SECONDS = dict(DURATIONS) | {"天": 86_400, "小时": 3_600, "分": 60, "秒": 1}
AMOUNT = re.compile(r"([\d,.]+) ?([^\d\s,.−]*)")


def _read(text: str, unit: Unit) -> float:
    """The number that somebody reads."""
    sign = -1 if text.startswith("−") else 1
    parts = [(float(number.replace(",", "")), name) for number, name in AMOUNT.findall(text)]
    if unit is Unit.seconds:
        return sign * sum(number * SECONDS[name] for number, name in parts)
    return sign * parts[0][0]


@pytest.mark.parametrize("unit", list(Unit))
def test_what_is_written_never_contradicts_the_verdict(unit: Unit) -> None:
    random = Random(17)
    usual = {Unit.ratio: 1.0, Unit.score: 5.0, Unit.number: 3.0}.get(unit, 200_000.0)
    for _ in range(examples(3_000)):
        size = random.choice((usual, usual / 100, usual / 10_000))
        aim = round(random.uniform(0, size), random.randint(0, 4))
        distance = random.choice((0, 1e-6, 1e-3, 0.04, 0.5, 1, 29, 31)) * (
            usual / 200_000 if usual < 10 else 1
        )
        value = round(aim + random.choice((-1, 1)) * distance, 6)
        target = TargetValue(random.choice(list(Comparator)), aim)
        for language in LANGUAGES:
            words = ChartWords(language, unit, ZoneInfo("UTC")).against(value, target)
            read = TargetValue(target.comparator, _read(words.value(aim), unit))
            texts = words.value(value), words.value(aim)
            assert read.met_by(_read(texts[0], unit)) == target.met_by(value), (value, target, texts)


def test_no_more_digits_are_written_than_are_needed() -> None:
    shares = ChartWords("en", Unit.ratio, ZoneInfo("UTC"))
    at_least = TargetValue(Comparator.ge, 0.95)
    for value, written in ((0.94, "94 %"), (0.9496, "94.96 %"), (0.949999, "94.9999 %"), (0.95, "95 %")):
        assert shares.against(value, at_least).value(value) == written
    times = ChartWords("en", Unit.seconds, ZoneInfo("UTC"))
    at_most = TargetValue(Comparator.le, 7_200)
    for value, written in ((7_199, "2 h"), (7_201, "2 h 1 s"), (7_200.4, "2 h 0.4 s"), (90_030, "1 d 1 h")):
        assert times.against(value, at_most).value(value) == written
