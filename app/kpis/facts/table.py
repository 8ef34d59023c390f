"""A table of facts, and how the rows of the affected cases are replaced in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

CASE = ("case_id",)


@dataclass(frozen=True, slots=True)
class FactTable:
    """A table of facts, with its columns and key columns."""

    name: str
    columns: Sequence[str]
    key: Sequence[str] = CASE

    def replace(self) -> str:
        """Return the CTEs that replace the table's rows of the affected cases by those of the CTE named like
        it.

        Unchanged rows are not written. Only cases that had begun before the batch can have outdated rows, and
        the search for those costs a fifth of the writing. `is true` keeps the planner from making it a join
        that hashes all rows of the table for the few of these cases.
        """
        columns = ", ".join(self.columns)
        fields = [column for column in self.columns if column not in self.key]
        old, new = (", ".join(f"{row}.{field}" for field in fields) for row in ("old", "excluded"))
        changes = ", ".join(f"{field} = excluded.{field}" for field in fields)
        key = ", ".join(self.key)
        return f"""
, added_{self.name} as (
  insert into kpi.{self.name} ({columns}) select {columns} from {self.name}
  where case_id not in (select case_id from begun)
)
, written_{self.name} as (
  insert into kpi.{self.name} as old ({columns}) select {columns} from {self.name}
  where (case_id in (select case_id from begun)) is true
  on conflict ({key}) do update set {changes} where ({old}) is distinct from ({new})
)
, gone_{self.name} as (
  delete from kpi.{self.name} where case_id = any (array(select case_id from begun))
  and ({key}) not in (select {key} from {self.name} where (case_id in (select case_id from begun)) is true)
)"""
