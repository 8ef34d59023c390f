"""SQL statements of the comparison of a discovery with the record: over all items at once."""

from __future__ import annotations

FORGET_ITEMS = "delete from plumbing.discovered_item where discovery_id = %(discovery)s returning line"
FORGET_REFUSALS = "delete from plumbing.discovery_refusal where discovery_id = %(discovery)s returning line"
STORE_ITEMS = """
insert into plumbing.discovered_item
  (discovery_id, line, identity, refused, key, name, ci_class, class_told, services, attributes)
select %(discovery)s, i.line, i.identity, false, i.key, i.name, i.ci_class, i.class_told,
  case when i.services is not null then array(select jsonb_array_elements_text(i.services)) end, i.attributes
from unnest(%(line)s::bigint[], %(identity)s::text[], %(key)s::text[], %(name)s::text[], %(ci_class)s::text[],
  %(class_told)s::boolean[], %(services)s::jsonb[], %(attributes)s::jsonb[])
  as i (line, identity, key, name, ci_class, class_told, services, attributes)
returning line
"""
STORE_REFUSALS = """
insert into plumbing.discovery_refusal (discovery_id, line, code, field)
select %(discovery)s, r.line, r.code, r.field
from unnest(%(line)s::bigint[], %(code)s::text[], %(field)s::text[]) as r (line, code, field)
on conflict do nothing returning line
"""
# Their items are there, so that they are not missing.
STORE_REFUSED_ITEMS = """
insert into plumbing.discovered_item (discovery_id, line, identity, refused, class_told, attributes)
select %(discovery)s, r.line, r.identity, true, false, '{}'
from unnest(%(line)s::bigint[], %(identity)s::text[]) as r (line, identity)
where r.identity is not null on conflict do nothing returning line
"""
# Among items with one identity, those in use come before the retired ones.
_CANDIDATES = """
select i.line, c.id, row_number() over (partition by i.line order by c.state = 'retired', c.id) as place,
  count(*) filter (where c.state <> 'retired') over (partition by i.line) as in_use
from plumbing.discovered_item i
join (
  select id, state, lower(case %(identified_by)s::text when 'key' then key when 'name' then name
    else attributes->>%(identified_by)s::text end) as identity
  from fold.ci
) c on c.identity = lower(i.identity)
where i.discovery_id = %(discovery)s
"""
MATCH = f"""
update plumbing.discovered_item i set ci_id = m.id, refused = i.refused or m.in_use > 1
from ({_CANDIDATES}) m
where i.discovery_id = %(discovery)s and i.line = m.line and m.place = 1 returning i.line
"""
REFUSE_AMBIGUOUS = f"""
insert into plumbing.discovery_refusal (discovery_id, line, code)
select distinct %(discovery)s::uuid, m.line, 'ambiguous' from ({_CANDIDATES}) m where m.in_use > 1
on conflict do nothing returning line
"""
_SERVICES = "(select string_agg(k, ',' order by k) from unnest({}) k)"
# An item that went live or was retired after the discovery is not missing. If a line could mean several
# items, none of them is missing.
_ALL = f"""
with item as (
  select * from plumbing.discovered_item where discovery_id = %(discovery)s
), difference as (
  select 'new' as kind, i.identity, null::uuid as ci_id, i.ci_class, null as attribute, null as here,
    null as there, i.line, jsonb_build_object('key', coalesce(i.key, i.identity),
      'name', coalesce(i.name, i.identity), 'ci_class', i.ci_class,
      'services', to_jsonb(coalesce(i.services, '{{}}')), 'attributes', (
        select coalesce(jsonb_object_agg(a.key, case
          when a.value ~ '^(0|-?[1-9][0-9]{{0,14}})$' then to_jsonb(a.value::bigint) else to_jsonb(a.value)
        end), '{{}}') from jsonb_each_text(i.attributes) a)) as found_item
  from item i where not i.refused and i.ci_id is null
  union all
  select 'retired', i.identity, c.id, c.ci_class, null, null, null, i.line, null
  from item i join fold.ci c on c.id = i.ci_id
  where not i.refused and c.state = 'retired' and c.retired_at <= %(found_at)s
  union all
  select 'differs', i.identity, c.id, c.ci_class, v.attribute, v.here, v.there, i.line, null
  from item i join fold.ci c on c.id = i.ci_id
  cross join lateral (
    select 'name' as attribute, c.name as here, i.name as there where i.name <> c.name
    union all select 'ci_class', c.ci_class, i.ci_class where i.class_told and i.ci_class <> c.ci_class
    union all select 'services', {_SERVICES.format("c.services")}, {_SERVICES.format("i.services")}
      where i.services is not null
      and {_SERVICES.format("c.services")} is distinct from {_SERVICES.format("i.services")}
    union all select 'attributes.' || a.key, c.attributes->>a.key, a.value
      from jsonb_each_text(i.attributes) a where c.attributes->>a.key is distinct from a.value
  ) v where not i.refused and c.state <> 'retired'
  union all
  select 'missing', coalesce(case %(identified_by)s::text when 'key' then c.key when 'name' then c.name
    else c.attributes->>%(identified_by)s::text end, c.key), c.id, c.ci_class, null, null, null, null, null
  from fold.ci c where c.ci_class = any(%(complete)s::text[]) and c.state in ('live', 'maintenance')
  and c.live_at <= %(found_at)s
  and not exists (select from item i where i.ci_id = c.id)
  and not exists (select from item i where i.refused and lower(i.identity) = lower(
    case %(identified_by)s::text when 'key' then c.key when 'name' then c.name
    else c.attributes->>%(identified_by)s::text end))
), judged as (
  select d.*, exists (
    select from fold.discovery_difference k join fold.discovery o on 'discovery/' || o.id = k.record
    where k.settlement = 'kept' and lower(k.identity) = lower(d.identity) and o.source = %(source)s
    and o.id <> %(discovery)s and k.kind = d.kind and k.attribute is not distinct from d.attribute
    and k.here is not distinct from d.here and k.there is not distinct from d.there
  ) as kept_before
  from difference d
)
"""
DIFFERING = f"""{_ALL}
select kind, identity, ci_id, ci_class, attribute, here, there, line, found_item from judged j
where not kept_before and not exists (
  select from fold.discovery_difference l where l.record = %(record)s
  and l.kind = j.kind and l.identity = j.identity and l.attribute is not distinct from j.attribute
)
order by kind, ci_class, lower(identity), attribute limit %(most)s
"""
FIGURES = f"""{_ALL}, listed as (
  select * from fold.discovery_difference where record = %(record)s
), compared as (
  select c.id from item i join fold.ci c on c.id = i.ci_id where not i.refused and c.state <> 'retired'
  union select ci_id from difference where kind = 'missing'
)
select (select count(*) from item where not refused)::integer as line_count,
  (select count(*) from plumbing.discovery_refusal where discovery_id = %(discovery)s)::integer
    as refused_count,
  (select count(*) from compared)::integer as compared_count,
  (select count(*) from compared where not exists (
    select from listed l where l.ci_id = compared.id and l.kind in ('differs', 'missing')))::integer
    as right_count,
  (select count(*) from judged where kept_before)::integer as kept_before_count,
  (select count(*) from listed where kind = 'new')::integer as new_count,
  (select count(*) from listed where kind = 'missing')::integer as missing_count,
  (select count(*) from listed where kind = 'differs')::integer as differing_count,
  (select count(*) from listed where kind = 'retired')::integer as retired_count,
  (select coalesce(jsonb_object_agg(ci_class, n), '{{}}')
    from (select ci_class, count(*) as n from listed group by ci_class) c) as class_counts
"""
OWNERS = """
select c.owner_id, count(*)::integer as count from fold.discovery_difference d
join fold.ci c on c.id = d.ci_id
where d.record = %(record)s and c.owner_id is not null
group by c.owner_id order by count(*) desc, c.owner_id limit %(most)s
"""
