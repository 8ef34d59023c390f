select split_part(stream, '/', 2)::uuid as case_id, coalesce(array_agg(event.type order by rank) filter (
    where stated.stream is not null or event.type = any(%(on_path)s::text[]) or right(event.type, 7) = 'overdue'), '{}') as steps
from event left join stated using (stream, rank)
group by stream
