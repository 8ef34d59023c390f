"""Recomputation of a stored effect, from the log at its position: by the facts if they stand there, else by
the raw definitions.
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

from app.kernel.actions.refusals import WrongValue
from app.kpis.answers.answer import facts_position, snapshot_connection
from app.kpis.catalogue import KPIS
from app.kpis.effects.content import EffectResult
from app.kpis.effects.lifecycle import promised_of
from app.kpis.effects.measuring import compare, judged_by_surroundings, load_windows
from app.kpis.effects.queries import RecomputedEffect
from app.kpis.effects.questions import questions_again
from app.kpis.effects.records import KpiEffect
from app.kpis.statistics.effects.codes import WITHOUT_CONTROL
from app.platform.db import Database

#: Six significant digits (25-improvement, Measured effect).
TOLERANCE = 1e-6
#: Members that are not numbers of the statistics: warnings and the rank describe other records and windows at
#: that time.
NOT_COMPARED = frozenset({"warnings", "baseline"})


async def recompute(db: Database, effect: KpiEffect, language: str) -> RecomputedEffect:
    """Recompute the effect by its method and version, and compare it with the stored one. Raises
    DatabaseGone.
    """
    assert effect.kpi is not None
    assert effect.position is not None
    questions = questions_again(KPIS[effect.kpi], effect)
    stored = EffectResult.model_validate(effect.result)
    try:
        async with snapshot_connection(db) as connection:
            present, _ = await facts_position(connection)
            past_position = None if present == effect.position else effect.position
            history_from = None if stored.history is None else stored.history.begins_at
            windows = await load_windows(
                connection,
                questions,
                WITHOUT_CONTROL[stored.method],
                past_position,
                history_from,
                frozenset(stored.holidays),
            )
    except WrongValue as error:
        return RecomputedEffect(same=None, differences=[], reason=error.sentence(language))
    fresh = await asyncio.to_thread(
        compare,
        windows,
        effect.seed or 0,
        effect.resamples or 0,
        promised_of(effect),
        stored.warnings,
        stored.method_version,
    )
    fresh = await asyncio.to_thread(judged_by_surroundings, fresh)
    differences = list(_differing(stored.model_dump(), fresh.model_dump()))
    return RecomputedEffect(same=not differences, differences=differences, reason=None)


def _differing(stored: dict[str, Any], fresh: dict[str, Any], within: str = "") -> list[str]:
    """Return the names of the fields that differ, as `before.value`."""
    differing_names = []
    for name in stored.keys() - NOT_COMPARED:
        stored_value, other = stored[name], fresh[name]
        if isinstance(stored_value, dict) and isinstance(other, dict):
            differing_names += _differing(stored_value, other, f"{within}{name}.")
        elif isinstance(stored_value, float) and isinstance(other, float):
            if not math.isclose(stored_value, other, rel_tol=TOLERANCE, abs_tol=1e-12):
                differing_names.append(f"{within}{name}")
        elif stored_value != other:
            differing_names.append(f"{within}{name}")
    return sorted(differing_names)
