"""The read model and queries of effects."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from app.api.listings.lists import Listing
from app.api.records.columns import Columns
from app.api.records.shapes import OutputModel, RecordOut, Renderer
from app.kpis.catalogue import KPIS
from app.kpis.effects.content import EffectResult
from app.kpis.effects.lifecycle import LIFECYCLE
from app.kpis.effects.records import KpiEffect
from app.kpis.effects.sentences import sentence_of
from app.kpis.statistics.effects.codes import EffectVerdict


class KpiEffectOut(RecordOut, of=KpiEffect, without="reopen_days", after={"kpi": "sentence verdict"}):
    """A measured effect, which never changes."""

    sentence: str = Field(description="Effect as a sentence, in the requested language.")
    verdict: EffectVerdict
    scope: dict[str, list[str]] = Field(
        description="Filters of the cases, by dimension; empty for all cases."
    )
    control: dict[str, list[str]] | None = Field(
        description="Filters of the control cases, by dimension; null if the effect was measured "
        "without control cases."
    )
    result: EffectResult


class RecomputedEffect(OutputModel):
    """The effect as recomputed from the log at its position."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    same: bool | None = Field(
        description="True if all numbers agree in six significant digits; null if the effect was not "
        "recomputed."
    )
    differences: list[str] = Field(description="Fields of the result that differ.")
    reason: str | None = Field(
        description="Reason why the effect was not recomputed, in the requested language; null if it was."
    )


class KpiEffectDetails(KpiEffectOut):
    """A measured effect, and the comparison with a recomputation."""

    recomputed: RecomputedEffect | None = Field(
        description="Comparison with a recomputation; null unless requested."
    )


class EffectRenderer(Renderer):
    """Renderer of effects: their numbers as numbers, and their sentence."""

    COMPUTED = frozenset({"sentence"})

    async def render_columns(self, columns: Columns, offered: list[dict[str, Any]] | None = None) -> None:
        """Render the effects, their results with all fields of today."""
        await super().render_columns(columns, offered)
        if "result" in columns:
            columns["result"] = [effect_result.model_dump(mode="json") for effect_result in _results(columns)]

    async def compute(self, columns: Columns) -> Columns:
        """Return the sentences, which follow from the KPI and the result."""
        rows = zip(columns["kpi"], _results(columns), columns["currency"], strict=True)
        return {
            "sentence": [
                sentence_of(KPIS[key], effect_result, self.language, currency)
                for key, effect_result, currency in rows
            ]
        }


def _results(columns: Columns) -> list[EffectResult]:
    return [EffectResult.model_validate(stored_result) for stored_result in columns["result"]]


LISTING = Listing(
    lifecycle=LIFECYCLE,
    shape=KpiEffectOut,
    filters=("state", "kpi", "verdict", "change", "measured_by", "measured_at"),
    known_names={"kpi": KPIS},
    sorts=("measured_at",),
    renderer=EffectRenderer,
)
