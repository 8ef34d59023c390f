"""Codes of methods, intervals, tests and verdicts. Pure, and loads no library of statistics."""

from __future__ import annotations

from app.common.records import CodeEnum


class EffectMethod(CodeEnum):
    """The compared quantity, by the kind of the KPI; `…_did` for the difference of differences. Methods of
    new measurements (`…_by_day`) allow for similar cases on the same day; other methods take each case as
    independent.
    """

    share = "share", "Difference of shares", "占比之差"
    duration = "duration", "Shift of durations (Hodges and Lehmann)", "时长位移（Hodges-Lehmann）"
    mean = "mean", "Difference of means", "均值之差"
    rate = "rate", "Ratio of rates", "比率之比"
    share_did = "share_did", "Difference in differences of shares", "占比的双重差分"
    duration_did = "duration_did", "Difference in differences of medians", "中位数的双重差分"
    mean_did = "mean_did", "Difference in differences of means", "均值的双重差分"
    rate_did = "rate_did", "Ratio of ratios of rates", "比率之比的比"
    share_by_day = "share_by_day", "Difference of shares, by day", "占比之差（按日）"
    median_by_day = "median_by_day", "Difference of medians, by day", "中位数之差（按日）"
    p90_by_day = "p90_by_day", "Difference of 90th percentiles, by day", "第 90 百分位数之差（按日）"
    mean_by_day = "mean_by_day", "Difference of means, by day", "均值之差（按日）"
    rate_by_day = "rate_by_day", "Ratio of rates, by day", "比率之比（按日）"
    share_by_day_did = (
        "share_by_day_did",
        "Difference in differences of shares, by day",
        "占比的双重差分（按日）",
    )
    median_by_day_did = (
        "median_by_day_did",
        "Difference in differences of medians, by day",
        "中位数的双重差分（按日）",
    )
    p90_by_day_did = (
        "p90_by_day_did",
        "Difference in differences of 90th percentiles, by day",
        "第 90 百分位数的双重差分（按日）",
    )
    mean_by_day_did = (
        "mean_by_day_did",
        "Difference in differences of means, by day",
        "均值的双重差分（按日）",
    )
    rate_by_day_did = "rate_by_day_did", "Ratio of ratios of rates, by day", "比率之比的比（按日）"


#: For each method with a control, the method without.
WITHOUT_CONTROL = {method: EffectMethod(method.value.removesuffix("_did")) for method in EffectMethod}


class IntervalMethod(CodeEnum):
    """The way in which the interval was computed."""

    newcombe = "newcombe", "Newcombe's hybrid score interval", "Newcombe 混合得分区间"
    order_statistics = (
        "order_statistics",
        "Order statistics of all differences (distribution-free)",
        "差值次序统计量（不依赖分布）",
    )
    bca = "bca", "Bootstrap, bias corrected and accelerated", "自助法（BCa 校正）"
    percentile = "percentile", "Bootstrap, percentiles", "自助法（百分位）"
    clopper_pearson = (
        "clopper_pearson",
        "Exact, conditional (Clopper and Pearson)",
        "精确条件区间（Clopper-Pearson）",
    )
    days = (
        "days",
        "Variation between days, by weekday",
        "依据各日之间的差异（同一星期日相互比较）",
    )


class TestMethod(CodeEnum):
    """The two-sided test that is shown next to the interval."""

    fisher_exact = "fisher_exact", "Fisher's exact test", "Fisher 精确检验"
    mann_whitney = "mann_whitney", "Mann and Whitney's U test", "Mann-Whitney U 检验"
    permutation = "permutation", "Permutation test", "置换检验"
    conditional_binomial = "conditional_binomial", "Exact conditional binomial test", "精确条件二项检验"
    days = "days", "Welch's t test over days", "按日的 Welch t 检验"


class EffectVerdict(CodeEnum):
    """The verdict on an effect, which follows from the intervals and not from the test. Mixed: the value and
    the relative effect contradict each other. Higher and lower: the KPI has no better direction.
    """

    improved = "improved", "Improved", "已改善"
    worsened = "worsened", "Worsened", "变差"
    rose = "higher", "Higher", "升高"
    fell = "lower", "Lower", "降低"
    mixed = "mixed", "Mixed", "结果不一"
    no_evidence = "no_evidence", "No evidence", "证据不足"
    too_few_cases = "too_few_cases", "Too few cases", "单据太少"


#: Verdicts that the KPI changed.
CLAIMS = frozenset(EffectVerdict) - {EffectVerdict.no_evidence, EffectVerdict.too_few_cases}


class PromiseVerdict(CodeEnum):
    """The comparison of an effect with the promise: the whole interval reaches it (shown), or only the
    estimate (reached).
    """

    shown = "shown", "Shown", "已证实"
    reached = "reached", "Reached, but the true effect may be smaller", "达到，但实际效果可能更小"
    missed = "missed", "Not reached", "未达到"
