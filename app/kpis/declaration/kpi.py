"""The declaration of a KPI as a value, from which everything about it is derived: queries, texts and
documentation.

Pure: no database, no HTTP, no clock. Rules and shape: docs/decisions/0006-kpis-and-their-facts.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from app.common.people import Role
from app.common.records import CodeEnum
from app.kpis.declaration.dimensions import STANDARD, Dimension
from app.kpis.declaration.measures import Measure
from app.kpis.declaration.still_open import StillOpen


class Basis(CodeEnum):
    """The event of a case whose time decides in which period the case counts."""

    opened = "opened", "Opened in the period", "期内提出"
    ended = "ended", "Ended in the period", "期内结束"
    event = "event", "Event in the period", "期内发生"
    due = "due", "Done or due in the period", "期内完成或到期"
    standing = "standing", "State at the period's end", "期末状态"
    exposure = "exposure", "Time in the period", "期内时长"


class Aggregate(CodeEnum):
    """The way in which the cases' numbers become one value: ratios divide sums by sums, percentiles pool all
    cases.
    """

    number = "count", "Number of cases", "单据数"
    mean = "mean", "Mean", "平均值"
    share = "share", "Share of the cases", "占比"
    per_case = "per_case", "Sum per case", "每单平均"
    per_agent_day = "per_agent_day", "Cases per agent and day", "每人每日单据数"
    of_budget = "of_budget", "Sum relative to the budget", "占预算之比"
    median = "median", "Median", "中位数"
    per_day = "per_day", "Cases per day", "每日单据数"
    of_decided = "share_of_decided", "Share of decided cases", "占已有结论者之比"
    kaplan_meier = "kaplan_meier", "Median, open cases included", "含未结单据的中位数"
    total = "sum", "Sum", "合计"
    availability = "availability", "Share of service time without downtime", "约定服务时间中的可用部分"
    of_allowance = "of_allowance", "Share of the allowed downtime", "占允许中断时间之比"
    mean_between = "mean_between", "Mean time between", "平均间隔"
    per_1000_hours = "per_1000_hours", "Per 1,000 agreed hours", "每千约定小时次数"
    score = "score", "Mean score", "平均分"
    year_over_year = "year_over_year", "Change from the year before", "与上年同期相比"
    per_delivery = "per_delivery", "Cases per case delivered", "每交付单据数"
    per_staff = "per_staff", "Cases per active person", "每在职人员单据数"


class Unit(CodeEnum):
    """The unit of a value. Ratios are between 0 and 1. Two kinds can lie outside: a used budget can exceed 1,
    and a change from an earlier period can be negative. Scores are from 1 to 5. Money is in hundredths of the
    organisation's currency, even if the currency has no decimal places.
    """

    cases = "cases", "Cases", "个"
    seconds = "seconds", "Seconds", "秒"
    ratio = "ratio", "Ratio", "比例"
    number = "number", "Number", "次"
    money = "money", "Hundredths of the currency", "货币单位的百分之一"
    score = "score", "Score of 5", "分（满分 5 分）"


class Direction(CodeEnum):
    """The direction of improvement: towards higher or lower values."""

    up = "up", "Higher is better", "越高越好"
    down = "down", "Lower is better", "越低越好"
    none = "none", "Neither", "无方向"


class Clock(CodeEnum):
    """The clock of a duration; the member of a point with the same name has the distribution."""

    business = "business", "Business time", "工作时间"
    elapsed = "elapsed", "Elapsed time", "自然时间"


class Comparator(CodeEnum):
    """The comparison by which a value meets its target."""

    lt = "lt", "Below", "低于"
    le = "le", "At most", "不超过"
    gt = "gt", "Above", "高于"
    ge = "ge", "At least", "不低于"


class Settling(CodeEnum):
    """The changes that can still alter a value after its period, besides late entries and corrections."""

    at_once = "at_once", "Nothing", "即时确定"
    reopening = "reopening", "A case is reopened", "单据重开"
    ending = "ending", "An open case ends, or stays open", "未结单据结束或持续未结"
    aftermath = "aftermath", "Events in the following 90 days", "其后 90 天内的情况"
    visit = "visit", "A ticket is raised within 24 hours of the visit", "访问后 24 小时内提单"
    rating = "rating", "A rating is changed, or comes within 30 days", "30 天内评价或修改评价"
    verdict = (
        "verdict",
        "Reviews, and incidents that come to light within 48 hours",
        "评审及 48 小时内发现的事件",
    )


#: Aggregates whose denominator is a different number: the cases of the year before, the delivered ones, or
#: the active people.
REFERENCED_AGGREGATES = frozenset({Aggregate.year_over_year, Aggregate.per_delivery, Aggregate.per_staff})
#: Aggregates whose value is that of a typical case, or the share of such cases.
OF_SINGLE_CASES = frozenset(
    {
        Aggregate.mean,
        Aggregate.median,
        Aggregate.kaplan_meier,
        Aggregate.share,
        Aggregate.of_decided,
        Aggregate.per_case,
        Aggregate.score,
    }
)
#: Reasons why a case counts in no duration, share or rate; `unknown`: the deciding value is not known.
EXCLUSIONS = ("cancelled", "duplicate", "rejected", "staff", "unknown")
#: The kinds of facts with the flags `inferred` (an instant was inferred, not recorded) and `skewed` (the time
#: was adjusted: a negative one to 0, one from an unknown beginning of the outage to one from the opening).
SKEWABLE_FACTS = frozenset({"responded", "restored"})


@dataclass(frozen=True, slots=True)
class KpiTexts:
    """The name of a KPI, its definition in a sentence, and how it can mislead."""

    name: str
    definition: str
    pitfalls: str = ""


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """A changed definition of a KPI: the day (`2026-11-29`) from which it counts, and the change. Cases from
    before that day keep their definition, unless the words declare a change of every period; frozen figures
    always keep it. `of_every_period`: the words declare such a change, so that periods stay comparable.
    """

    since: str
    en: str
    zh: str
    of_every_period: bool = False

    @property
    def breaks_at(self) -> datetime | None:
        """The time from which values are not comparable with those before; None: they are, in every
        period.
        """
        return None if self.of_every_period else datetime.fromisoformat(f"{self.since}T00:00:00+00:00")


#: The mean of few and skewed durations is dominated by the longest.
MEDIAN_LEADS = DefinitionChange(
    since="2026-11-30",
    en="the median instead of the mean, in every period.",
    zh="所有期间均由平均值改为中位数。",
    of_every_period=True,
)
#: Kinds of records that are never assigned: an opening belongs to its first owner.
UNASSIGNED_KINDS = frozenset({"improvement_suggestion"})
#: The sentence added to the pitfalls of every count that is to be low, or high.
COUNT_AS_TARGET = {
    ("en", Direction.down): " As a target, it rewards those who record less.",
    ("en", Direction.up): " As a target, it rewards those who record more.",
    ("zh", Direction.down): "若设为目标，少登记也能“达标”。",
    ("zh", Direction.up): "若设为目标，多登记也能“达标”。",
}
#: The sentence added to the definition of every KPI that counts cases at their opening.
FIRST_ASSIGNMENT_NOTE = {
    "en": " By team and assignee, a case counts for its first team and assignee, "
    "whenever they were assigned.",
    "zh": "按团队和处理人查看时，计入单据首次分派到的团队和处理人，不论何时分派。",
}


@dataclass(frozen=True, slots=True)
class TargetValue:
    """A target for a KPI's value, in the KPI's unit."""

    comparator: Comparator
    value: float

    def met_by(self, value: float) -> bool:
        """Return whether the value meets the target."""
        return {
            Comparator.lt: value < self.value,
            Comparator.le: value <= self.value,
            Comparator.gt: value > self.value,
            Comparator.ge: value >= self.value,
        }[self.comparator]

    @property
    def is_minimum(self) -> bool:
        """True if the target is a lower bound."""
        return self.comparator in {Comparator.gt, Comparator.ge}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """The declaration of a KPI.

    `process` is the kind of record counted, `also` lists further kinds counted with it, `owner` is the role
    that answers for it. `fact` names the kind of fact that is counted, from the table kpi.<process>_<fact>.
    For a KPI of the state at a period's end it is None, and `still_open` selects the open cases that count.
    For a duration `still_open` selects the open cases that are shown next to it. `divisor` further divides a
    number per case: by 3 to make a monthly figure of three months. `path` restricts the KPI to one fulfilment
    path. `secondary` is a second measure that the answer needs: for a duration its other time (elapsed or
    business). `budgets_of` is the KPI whose budgets the costs are compared with, if any. `settling` says what
    can still change a value after its period. `target` is the one fixed in the process documents. `per` is
    the number of deliveries or persons that cases are counted for. `companions` are the keys of KPIs whose
    figures are shown beside every value, which says too little without them. `compares_years`: so is the
    value of the same period of the year before. `changes` are those of the definition, the oldest first.
    """

    key: str
    en: KpiTexts
    zh: KpiTexts
    process: str
    also: tuple[str, ...] = ()
    owner: Role
    fact: str | None
    divisor: int = 1
    path: str | None = None
    measure: Measure
    secondary: Measure | None = None
    budgets_of: str | None = None
    aggregate: Aggregate
    unit: Unit
    direction: Direction
    basis: Basis
    still_open: StillOpen | None = None
    settling: Settling = Settling.at_once
    target: TargetValue | None = None
    dimensions: tuple[Dimension, ...] = STANDARD
    per: int = 1
    companions: tuple[str, ...] = ()
    compares_years: bool = False
    changes: tuple[DefinitionChange, ...] = ()

    @property
    def version(self) -> int:
        """The number of the definition: 1, and one more for each change."""
        return 1 + len(self.changes)

    def version_at(self, instant: datetime) -> int:
        """Return the number of the definition by which cases of that time count."""
        later = [
            change for change in self.changes if change.breaks_at is not None and change.breaks_at > instant
        ]
        return self.version - len(later)

    def label(self, language: str) -> str:
        """Return the KPI's name in the language."""
        return self.texts(language).name

    def texts(self, language: str) -> KpiTexts:
        """Return the KPI's texts in the language (`en`, `zh`)."""
        words = self.zh if language == "zh" else self.en
        words = replace(words, definition=words.definition + self._changes_in_words(language))
        if self.aggregate is Aggregate.number:
            as_target = COUNT_AS_TARGET.get(("zh" if language == "zh" else "en", self.direction), "")
            words = replace(words, pitfalls=words.pitfalls + as_target)
        if not self.is_of_assigned_openings and self.fact != "opened":
            return words
        return replace(
            words, definition=words.definition + FIRST_ASSIGNMENT_NOTE["zh" if language == "zh" else "en"]
        )

    def _changes_in_words(self, language: str) -> str:
        """Return a sentence for each change of the definition, with its version and day."""
        if language == "zh":
            changed = enumerate(self.changes, start=2)
            return "".join(f"第 {n} 版（{change.since} 起）：{change.zh}" for n, change in changed)
        return "".join(
            f" Version {n}, since {change.since}: {change.en}"
            for n, change in enumerate(self.changes, start=2)
        )

    @property
    def processes(self) -> tuple[str, ...]:
        """The kinds of records that the KPI counts."""
        return (self.process, *self.also)

    @property
    def is_of_assigned_openings(self) -> bool:
        """True if the KPI counts cases at their opening, for their first assignee."""
        return self.basis is Basis.opened and self.process not in UNASSIGNED_KINDS

    @property
    def secondary_kpi(self) -> Kpi | None:
        """The same KPI with its secondary measure as the only one; None if it has no secondary measure."""
        return None if self.secondary is None else replace(self, measure=self.secondary, secondary=None)

    @property
    def is_in_business_time(self) -> bool:
        """True if the value is a duration in business time (of cases that have a calendar)."""
        return self.measure is Measure.business_seconds

    @property
    def clock(self) -> Clock | None:
        """The clock of the value; None if it is no duration of cases."""
        if not self.is_timed:
            return None
        return Clock.business if self.is_in_business_time else Clock.elapsed

    @property
    def is_timed(self) -> bool:
        """True if the value is the mean or the median of durations."""
        return self.aggregate in {Aggregate.mean, Aggregate.median}

    @property
    def is_of_single_cases(self) -> bool:
        """True if the value is a mean, a median or a share of cases, which a few cases do not tell."""
        return self.aggregate in OF_SINGLE_CASES

    @property
    def is_divided(self) -> bool:
        """True if answers have a numerator and a denominator."""
        return self.aggregate in {
            Aggregate.share,
            Aggregate.per_case,
            Aggregate.per_agent_day,
            Aggregate.per_day,
            Aggregate.of_budget,
            Aggregate.of_decided,
            Aggregate.availability,
            Aggregate.of_allowance,
            Aggregate.mean_between,
            Aggregate.per_1000_hours,
            *REFERENCED_AGGREGATES,
            Aggregate.score,
        }

    @property
    def is_of_clocks(self) -> bool:
        """True if the KPI counts clocks of service levels, of which a case may have several."""
        return self.fact is not None and self.fact.startswith("clock_")

    @property
    def is_of_outages(self) -> bool:
        """True if the KPI is computed from outages and agreed time, not from cases (see app/kpis/outages)."""
        return self.fact == "outage"

    @property
    def pools_services(self) -> bool:
        """True if the value pools services, so that a bad one disappears among good ones."""
        return self.aggregate in {Aggregate.availability, Aggregate.mean_between}

    @property
    def is_of_time(self) -> bool:
        """True if the value is an amount of agreed time: few outages make it no less certain."""
        return self.is_of_outages and self.measure is Measure.outage_seconds

    @property
    def is_referenced(self) -> bool:
        """True if the cases are compared with a number of others: see `references.py`."""
        return self.aggregate in REFERENCED_AGGREGATES

    @property
    def counts_excluded(self) -> bool:
        """True if the KPI is a volume, which counts every case and shows how many other KPIs exclude."""
        return self.aggregate is Aggregate.number

    @property
    def may_be_skewed(self) -> bool:
        """True if facts have the flag `skewed`: their time was adjusted (see SKEWABLE_FACTS)."""
        return self.fact in SKEWABLE_FACTS

    @property
    def is_backlog(self) -> bool:
        """True if the value is the number of open cases."""
        return self.fact is None and self.aggregate is Aggregate.number

    @property
    def is_of_ages(self) -> bool:
        """True if the value is the mean age of open cases."""
        return self.fact is None and self.aggregate is Aggregate.mean

    @property
    def is_share_of_open(self) -> bool:
        """True if the value is a share of the open cases."""
        return self.fact is None and self.aggregate is Aggregate.share
