"""Exported facts as Spark reads them: the cells of KPIs by the same builder, from the Parquet files alone.

Spark is not a dependency: its users start the command with Spark's Python.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.kpis.column_exports.exporting import FactsExportRefused
from app.kpis.columns import manifest as manifests
from app.kpis.columns.dialect import SPARK
from app.kpis.columns.manifest import ExportDamaged, Manifest
from app.kpis.columns.relations import RELATIONS, file_name

#: Names of columns are written in double quotes, and instants have no zone.
SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.ui.enabled": "false",
}
#: The types of DuckDB as Spark names them; ids are text in Parquet.
TYPES = {
    "UUID": "string",
    "VARCHAR": "string",
    "BOOLEAN": "boolean",
    "BIGINT": "bigint",
    "TIMESTAMP": "timestamp_ntz",
}


@dataclass(frozen=True, slots=True)
class SparkGeneration:
    """The newest export at an address."""

    manifest: Manifest


class SparkFacts:
    """The newest export at an address, or in a folder, as Spark reads it; nothing is asked of PostgreSQL."""

    engine = SPARK
    answers_alone = True
    least_rows = 0

    def __init__(self, address: str) -> None:
        """Read the manifest and start Spark. Raises FactsExportRefused."""
        self.answers: Counter[str] = Counter()
        self._manifest = _manifest(address)
        try:
            from pyspark.sql import SparkSession  # noqa: PLC0415  # no dependency
        except ImportError as error:
            raise FactsExportRefused("Spark is not installed. Run: pip install pyspark") from error
        builder = SparkSession.builder.appName("ledgerdesk")
        for name, setting in SETTINGS.items():
            builder = builder.config(name, setting)
        self._session = builder.getOrCreate()
        for relation in RELATIONS:
            self._show(f"{address.rstrip('/')}/{self._manifest.folder}", relation)

    def _show(self, root: str, relation: str) -> None:
        """Let statements name the relation."""
        exported = self._manifest.relations[relation]
        if exported.rows:
            # Hadoop calls S3 `s3a`.
            rows = self._session.read.parquet(f"{root.replace('s3://', 's3a://', 1)}/{file_name(relation)}")
        else:
            types = ", ".join(f"`{name}` {TYPES[kind]}" for name, kind in exported.columns.items())
            rows = self._session.createDataFrame([], types)
        rows.createOrReplaceTempView(file_name(relation))

    def generation(self) -> SparkGeneration:
        """Return the export."""
        return SparkGeneration(self._manifest)

    async def rows(
        self, generation: SparkGeneration, text: str, parameters: dict[str, Any]
    ) -> Sequence[tuple[Any, ...]]:
        """Return the rows of the statement."""
        return await asyncio.to_thread(
            lambda: [tuple(row) for row in self._session.sql(text, args=parameters).collect()]
        )

    def close(self) -> None:
        """End Spark."""
        self._session.stop()


def _manifest(address: str) -> Manifest:
    try:
        if "://" not in address:
            manifest = manifests.read(Path(address))
        else:
            import fsspec  # noqa: PLC0415  # only for addresses

            store, root = fsspec.core.url_to_fs(address)
            manifest = manifests.parse(store.cat_file(f"{root.rstrip('/')}/{manifests.NAME}"))
    except (ExportDamaged, ImportError, OSError, ValueError) as error:
        raise FactsExportRefused(f"{address}: {error}") from error
    if manifest is None:
        raise FactsExportRefused(f"{address} is not a folder of exported facts: it has no {manifests.NAME}.")
    return manifest
