-- The data of an event, with fields of the records of that kind moved to child rows that have the record's id;
-- `children` are the names of the fields by the kind of the child row. In Python: app/log/upcasting.py, move_fields.
create function log.move_fields(data jsonb, kind text, children jsonb) returns jsonb
language sql immutable parallel safe as $$
  select data || coalesce(jsonb_object_agg(member, (
    select coalesce(jsonb_object_agg(row_key, fields), '{}') from (
      select r.key as row_key, case when starts_with(r.key, kind || '/') and jsonb_typeof(r.value) = 'object'
        then r.value - array(select jsonb_array_elements_text(value) from jsonb_each(children)) else r.value end as fields
      from jsonb_each(data->member) as r
      union all
      select child.key || '/' || split_part(r.key, '/', 2), jsonb_build_object('record', r.key) || moved.fields
      from jsonb_each(data->member) as r cross join jsonb_each(children) as child
      cross join lateral (
        select jsonb_object_agg(f.key, f.value) as fields
        from jsonb_each(case jsonb_typeof(r.value) when 'object' then r.value else '{}' end) as f
        where child.value ? f.key
      ) as moved
      where starts_with(r.key, kind || '/') and moved.fields is not null
    ) as split)), '{}')
  from unnest(array['set', 'late']) as member where data ? member
$$;
