"""Findings of a behaviour chart, in words: its title, its signals, and its description for people who do not
see it (pure).
"""

from __future__ import annotations

from app.kpis.answers.series import KpiStatus
from app.kpis.declaration.kpi import TargetValue
from app.kpis.drawing.shapes import (
    COMPARATORS,
    BehaviourFigure,
    ChartLimits,
    ChartPoint,
    SignalGroup,
)
from app.kpis.questions.chart_words import ChartWords
from app.kpis.statistics.behaviour import LEAST_VALUES, NEAR_WINDOW, Signal

#: Rules in the order of how much they reveal about a change.
TELLING = (Signal.run_of_eight, Signal.beyond_limits, Signal.near_limit)

#: The codes of the sentences of rules, above the mean and below.
RULES = {
    (Signal.beyond_limits, True): "rule_beyond_limits_above",
    (Signal.beyond_limits, False): "rule_beyond_limits_below",
    (Signal.run_of_eight, True): "rule_run_of_eight_above",
    (Signal.run_of_eight, False): "rule_run_of_eight_below",
    (Signal.near_limit, True): "rule_near_limit_above",
    (Signal.near_limit, False): "rule_near_limit_below",
}
#: The same where several values in a row meet what one meets.
SEVERAL = {
    (Signal.beyond_limits, True): "rule_several_beyond_above",
    (Signal.beyond_limits, False): "rule_several_beyond_below",
}


def signal_groups(figure: BehaviourFigure) -> list[SignalGroup]:
    """Return the signals of the chart, each rule's points together, earliest first.

    Values beyond the limits belong together if they follow one another and have the same explanation; those
    of a run, and those nearer to a limit than to the mean, always do. Values nearer to a limit do not repeat
    the signal of a run.
    """
    groups: list[SignalGroup] = []
    for rule in Signal:
        open_group: list[int] = []
        for n, point in enumerate(figure.points):
            if rule not in point.signals:
                continue
            if open_group and not _belongs(figure, rule, open_group[-1], n):
                groups.append(_group(figure, rule, open_group))
                open_group = []
            open_group.append(n)
        if open_group:
            groups.append(_group(figure, rule, open_group))
    runs = [group for group in groups if group.rule is Signal.run_of_eight]
    told_groups = [
        group for group in groups if group.rule is not Signal.near_limit or not _within(group, runs)
    ]
    return sorted(told_groups, key=lambda group: (group.last, group.first))


def _within(group: SignalGroup, runs: list[SignalGroup]) -> bool:
    """Return whether a run on the same side holds all of the group, which then adds nothing."""
    return any(
        run.above is group.above and run.first <= group.first and group.last <= run.last for run in runs
    )


def _belongs(figure: BehaviourFigure, rule: Signal, before: int, place: int) -> bool:
    """Return whether the points at these indices are parts of one signal."""
    if limits_at(figure, before) is not limits_at(figure, place):
        return False
    if _above(figure, before) is not _above(figure, place):
        return False
    if rule is Signal.beyond_limits and _explained(figure, rule, before) != _explained(figure, rule, place):
        return False
    between = [point for point in figure.points[before + 1 : place] if point.value is not None]
    return len(between) < (NEAR_WINDOW - 1 if rule is Signal.near_limit else 1)


def _explained(figure: BehaviourFigure, rule: Signal, place: int) -> str | None:
    """Return the explanation of the rule's signal in that period."""
    begin = figure.points[place].begin
    return next(
        (
            explanation.text
            for explanation in figure.explanations
            if explanation.rule is rule and explanation.begin == begin
        ),
        None,
    )


def _group(figure: BehaviourFigure, rule: Signal, places: list[int]) -> SignalGroup:
    first, last = figure.points[places[0]], figure.points[places[-1]]
    texts = [
        explanation.text
        for explanation in figure.explanations
        if explanation.rule is rule and first.begin <= explanation.begin <= last.begin
    ]
    return SignalGroup(
        rule=rule,
        first=places[0],
        last=places[-1],
        above=_above(figure, places[0]),
        tendency=last.tendency,
        explanation=texts[-1] if texts else None,
    )


def limits_at(figure: BehaviourFigure, place: int) -> ChartLimits | None:
    """Return the limits that the point at that index is judged by."""
    own = (limits for limits in figure.limits if limits.first <= place <= limits.last and not limits.carried)
    return next(own, None)


def _above(figure: BehaviourFigure, place: int) -> bool:
    limits, value = limits_at(figure, place), figure.points[place].value
    return limits is not None and value is not None and value > limits.centre


def title(figure: BehaviourFigure, groups: list[SignalGroup], words: ChartWords) -> str:
    """Return what the chart finds, in a sentence."""
    name = figure.kpi.texts(words.language).name
    over = [n for n, point in enumerate(figure.points) if point.value is not None and not point.running]
    if not over:
        return words.translate("title_no_values", kpi=name)
    limits = limits_at(figure, over[-1])
    if limits is None:
        return words.translate("title_too_few", kpi=name, number=LEAST_VALUES - figure.values)
    newest = [group for group in groups if group.last == over[-1]]
    open_ones = [group for group in newest if group.explanation is None]
    if newest:
        group = _most_telling(open_ones or newest)
        code = "title_signal" if open_ones else "title_explained"
        return words.translate(
            code,
            kpi=name,
            tendency=words.translate(f"tendency_{group.tendency}"),
            rule=rule_text(figure, group, words),
            when=signal_period(figure, group, words),
        )
    earlier = [group for group in groups if group.first >= limits.first]
    bounds = {"kpi": name, "low": words.value(limits.low), "high": words.value(limits.high)}
    if earlier:
        period = words.period(figure.points[earlier[-1].last].begin, figure.grain)
        return words.translate("title_usual_since", **bounds, period=period)
    return words.translate("title_usual", **bounds)


def _most_telling(groups: list[SignalGroup]) -> SignalGroup:
    """Return the most informative signal: a run, or else a value beyond the limits."""
    return min(groups, key=lambda group: (TELLING.index(group.rule), group.first))


def rule_text(figure: BehaviourFigure, group: SignalGroup, words: ChartWords) -> str:
    """Return the rule of a signal in words."""
    run = [point for point in figure.points[group.first : group.last + 1] if point.value is not None]
    codes = SEVERAL if group.rule is Signal.beyond_limits and len(run) > 1 else RULES
    return words.translate(codes[group.rule, group.above], number=len(run))


def signal_period(figure: BehaviourFigure, group: SignalGroup, words: ChartWords) -> str:
    """Return the time of a signal: in a period, or since one."""
    first = words.period(figure.points[group.first].begin, figure.grain)
    if group.first == group.last:
        return words.translate("when_in", period=first)
    return words.translate("when_since", period=first)


def span(figure: BehaviourFigure, group: SignalGroup, words: ChartWords) -> str:
    """Return the periods of a signal, and the value of a single one."""
    first, last = figure.points[group.first], figure.points[group.last]
    first_period = words.period(first.begin, figure.grain)
    if group.first != group.last:
        return words.translate("span", first=first_period, last=words.period(last.begin, figure.grain))
    assert first.value is not None, "what is a signal has a value"
    return words.translate("span_of_one", period=first_period, value=words.value(first.value))


def target_text(target: TargetValue, words: ChartWords) -> str:
    """Return a target in words: `below 2 h`."""
    return words.translate(f"target_{COMPARATORS[target.comparator]}", value=words.value(target.value))


def newest_text(figure: BehaviourFigure, words: ChartWords) -> str:
    """Return the newest finished period in words: its value, and how it stands to its target."""
    over = [point for point in figure.points if point.value is not None and not point.running]
    if not over:
        return ""
    newest = over[-1]
    assert newest.value is not None, "only those with a value"
    if newest.target is not None:
        words = words.against(newest.value, newest.target)
    blanks = {"period": words.period(newest.begin, figure.grain), "value": words.value(newest.value)}
    if newest.target is None:
        return words.translate("newest", **blanks)
    status = KpiStatus.met if newest.target.met_by(newest.value) else KpiStatus.missed
    return words.translate(
        "newest_with_target",
        **blanks,
        target=target_text(newest.target, words),
        status=status.label(words.language).lower(),
    )


def description(figure: BehaviourFigure, groups: list[SignalGroup], words: ChartWords) -> str:
    """Return every point of the chart in words, for those who do not see it."""
    rules: dict[int, list[str]] = {}
    for group in groups:
        for n in range(group.first, group.last + 1):
            if group.rule in figure.points[n].signals:
                rules.setdefault(n, []).append(rule_text(figure, group, words))
    parts = [_spoken(figure, point, rules.get(n, []), words) for n, point in enumerate(figure.points)]
    return words.translate("joined").join(part for part in parts if part)


def _spoken(figure: BehaviourFigure, point: ChartPoint, rules: list[str], words: ChartWords) -> str:
    if point.value is None:
        return ""
    point_text = words.translate(
        "span_of_one", period=words.period(point.begin, figure.grain), value=words.value(point.value)
    )
    more = [words.translate("so_far")] if point.running else rules
    return (
        words.translate("with_rules", point=point_text, rules=words.translate("listed").join(more))
        if more
        else point_text
    )
