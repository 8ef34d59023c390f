"""The drawings of a measured effect: the difference on an axis of its own, and every case."""

from __future__ import annotations

import random
from dataclasses import replace
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from app.i18n import LANGUAGES
from app.kpis.declaration.kpi import Unit
from app.kpis.declaration.marks import Tendency
from app.kpis.drawing.effects.cases import draw_cases
from app.kpis.drawing.effects.effect_shapes import (
    MOST_DOTS,
    CasesFigure,
    EffectFigure,
    IntervalRow,
    StripCase,
    StripGroup,
)
from app.kpis.drawing.effects.intervals import draw_intervals
from app.kpis.questions.chart_words import ChartWords
from app.svg.lines import wrapped
from app.svg.scale import linear, logarithmic, spread_out
from tests.extent import examples
from tests.kpis.drawing.drawings import described, of_class, parse, texts, title

ZONE = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR = 60.0, 3600.0
SHORTER = EffectFigure(
    title="Resolution time: 31 min shorter & <sure>",
    sides=(
        IntervalRow("before", 2.3 * HOUR, 2.0 * HOUR, 2.7 * HOUR, 212),
        IntervalRow("after", 1.8 * HOUR, 1.5 * HOUR, 2.0 * HOUR, 187),
    ),
    differences=(IntervalRow("difference", -31 * MINUTE, -45 * MINUTE, -18 * MINUTE),),
    promised=-40 * MINUTE,
    tendency=Tendency.better,
)


def words(unit: Unit = Unit.seconds, language: str = "en") -> ChartWords:
    return ChartWords(language, unit, ZONE, "CNY")


def x_of(root: ElementTree.Element, class_: str) -> float:
    (shape,) = of_class(root, class_)
    return float(shape.attrib["d"].removeprefix("M").split()[0])


def test_the_difference_has_an_axis_of_its_own_with_no_effect_and_the_promise() -> None:
    root = parse(draw_intervals(SHORTER, words()))
    assert title(root) == SHORTER.title
    assert {
        "before, 212 cases",
        "2 h 18 min (2 h to 2 h 42 min)",
        "−31 min (−45 min to −18 min)",
        "no effect",
        "promised −40 min",
    } <= set(texts(root))
    assert described(root).endswith("difference: −31 min (−45 min to −18 min)")
    assert x_of(root, "promised") < x_of(root, "no-effect")
    assert [shape.attrib["fill"] for shape in of_class(root, "better")] == ["#1f5fa8"]
    assert len(of_class(root, "interval")) == 3
    assert (
        of_class(parse(draw_intervals(replace(SHORTER, tendency=Tendency.neither), words())), "better") == []
    )


def test_a_pilot_has_three_rows_of_which_only_the_last_is_judged() -> None:
    rows = (
        IntervalRow("pilot", 0.05, 0.02, 0.08),
        IntervalRow("others", 0.01, -0.02, 0.04),
        IntervalRow("difference of both", 0.04, 0.003, 0.077),
    )
    pilot = replace(SHORTER, sides=(), differences=rows, promised=None)
    root = parse(draw_intervals(pilot, words(Unit.ratio)))
    assert "+4 points (+0.3 points to +7.7 points)" in texts(root)
    assert (len(of_class(root, "estimate")), len(of_class(root, "better"))) == (2, 1)
    assert of_class(root, "promised") == []


def test_a_ratio_has_no_effect_at_one_and_an_open_end_is_an_arrow() -> None:
    rows = (IntervalRow("rate", 1.26, 1.05, None),)
    changed_figure = replace(SHORTER, differences=rows, promised=None, ratio=True, tendency=Tendency.worse)
    root = parse(draw_intervals(changed_figure, words(Unit.number)))
    assert {"×1.26 (×1.05 to …)", "×1.00"} <= set(texts(root))
    (open_end,) = [shape for shape in of_class(root, "interval") if "L" in shape.attrib["d"]]
    assert "L440.0" in open_end.attrib["d"]
    assert [shape.tag.rpartition("}")[2] for shape in of_class(root, "worse")] == ["path"]


def test_what_could_not_be_computed_says_so() -> None:
    nothing = IntervalRow("after", None, cases=0)
    changed_figure = replace(
        SHORTER, sides=(SHORTER.sides[0], nothing), differences=(IntervalRow("difference", None),)
    )
    assert texts(parse(draw_intervals(changed_figure, words()))).count("no cases") == 2
    assert "no cases" in texts(
        parse(draw_intervals(replace(changed_figure, sides=(nothing, nothing)), words()))
    )


def cases(number: int, seed: int = 23) -> tuple[StripCase, ...]:
    chance = random.Random(seed)
    return tuple(StripCase(f"INC-2026-{n:06}", chance.lognormvariate(8, 1.5)) for n in range(1, number + 1))


def test_every_case_is_a_dot_and_the_three_heaviest_have_names() -> None:
    before, after = cases(200), cases(MOST_DOTS, seed=24)
    figure = CasesFigure(title="31 min", groups=(StripGroup("before", before), StripGroup("after", after)))
    root = parse(draw_cases(figure, words()))
    assert len(of_class(root, "case")) == 200 + MOST_DOTS
    heaviest = sorted((*before, *after), key=lambda unit: unit.value)[-3:]
    named = [text for text in texts(root) if text.startswith("INC-")]
    assert sorted(text.partition(",")[0] for text in named) == sorted(unit.name for unit in heaviest)
    assert len(of_class(root, "heaviest")) == 3
    assert described(root).startswith("before, 200 cases: median ")
    assert of_class(root, "tenth") == []


def test_many_cases_are_bands_of_tenths() -> None:
    groups = (StripGroup("before", cases(MOST_DOTS + 1)), StripGroup("after", ()))
    root = parse(draw_cases(CasesFigure(title="31 min", groups=groups), words()))
    bands = of_class(root, "tenth")
    assert (len(bands), of_class(root, "case")) == (10, [])
    ends = [float(shape.attrib["x"]) + float(shape.attrib["width"]) for shape in bands]
    begins = [float(shape.attrib["x"]) for shape in bands]
    assert begins[1:] == pytest.approx(ends[:-1], abs=0.2)
    assert "Tenths of the cases; the three heaviest with names" in texts(root)
    assert "after, 0 cases" in texts(root)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("unit", Unit)
def test_any_effect_lies_within_its_drawing(unit: Unit, language: str) -> None:
    chance = random.Random(23)
    for _ in range(examples(15)):
        size = 10.0 ** chance.uniform(-4, 7)
        rows = [
            IntervalRow(
                "团队 <&> " * 9,
                value := size * chance.gauss(0, 1),
                chance.choice([None, value - size]),
                chance.choice([None, value + size]),
                chance.randrange(10**6),
            )
            for _ in range(5)
        ]
        positive = [
            replace(row, value=abs(row.value or 0), low=None, high=2 * abs(row.value or 0)) for row in rows
        ]
        ratio = chance.random() < 0.5
        figure = EffectFigure(
            title="<更短> " * 60,
            sides=tuple(rows[:2]),
            differences=tuple((positive if ratio else rows)[2:]),
            ratio=ratio,
            promised=chance.choice([None, size]),
            tendency=chance.choice(list(Tendency)),
            warnings=("<同一范围> " * 30,),
        )
        parse(draw_intervals(figure, words(unit, language)))
        many = [
            StripCase("INC-2026-000001" * 4, chance.choice([0.0, size * chance.random()]))
            for _ in range(chance.choice([1, 2, 50, 401]))
        ]
        strips = CasesFigure(title="更短", groups=(StripGroup("之前" * 30, tuple(many)),))
        parse(draw_cases(strips, words(unit, language)))


def test_labels_keep_their_distance_and_stay_within() -> None:
    assert spread_out([], 14, 0, 100) == []
    assert spread_out([50, 51, 10], 14, 0, 100) == [50, 64, 10]
    assert spread_out([98, 99, 97], 14, 0, 100) == [86, 100, 72]
    assert spread_out([-5, 0], 14, 0, 100) == [0, 14]


def test_axes_have_round_ticks() -> None:
    assert linear([0.0, 9 * HOUR], 0, 1, durations=True).ticks == tuple(n * 2 * HOUR for n in range(5))
    assert linear([0.999, 0.9996], 0, 1).ticks[0] == pytest.approx(0.999)
    assert linear([-31.0, 5.0], 0, 1, signed=True).ticks == (-30, -20, -10, 0)
    assert linear([5.0, 5.0], 0, 1).low < 5 < linear([5.0, 5.0], 0, 1).high
    spread = logarithmic([30.0, 90_000.0], 0, 1, durations=True, least=1)
    assert spread.ticks == (60, 600, 3600, 14_400, 86_400)
    assert spread.pixel_of(1800) - spread.pixel_of(180) == pytest.approx(
        spread.pixel_of(18_000) - spread.pixel_of(1800)
    )


def test_a_line_ends_where_the_language_lets_it() -> None:
    assert wrapped("one two three", 40, 10, 5) == ["one", "two", "three"]
    assert wrapped("解决时长：缩短三十一分", 40, 10, 9) == ["解决时", "长：缩短", "三十一分"]
    assert wrapped("a" * 30, 62, 10, 2)[1].endswith("…")
    assert wrapped("", 62, 10, 2) == []
