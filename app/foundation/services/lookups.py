"""Reads of services: the key of one that is called by its name."""

from __future__ import annotations

from app.kernel.access.reads import Reading

# The key itself comes first, and a service that is in use before one that is not.
DEFINED_KEY = r"""
select key from fold.service, regexp_replace(btrim(%(name)s), '\s+', ' ', 'g') as called
where key = called or lower(called) in (lower(key), lower(name_en), lower(name_zh))
order by key = called desc, state = 'live' desc, key limit 1"""

#: The item with approvers that another item could replace: of the same service, or with one of its titles.
REPLACED_ITEM = """
select *, 'catalogue_item/' || id as stream from fold.catalogue_item
where id <> %(id)s and approval_rule is not null and offered_at is not null
  and (service = %(service)s or title_en = %(title_en)s or title_zh = %(title_zh)s)
order by awaits_agreement is true, offered_at, id limit 1"""


async def service_key(read: Reading, name: str) -> str:
    """Return the key of the service with that key or name, whatever its letters; a name that is of none is
    another tool's and stays.
    """
    rows = await read(DEFINED_KEY, {"name": name})
    return str(rows[0]["key"]) if rows else name
