-- When the self-check and the summary of each audit are due, as it was opened.
due as (
  select stream, (told->>'self_check_due_at')::timestamptz as self_check_due_at, (told->>'summary_due_at')::timestamptz as summary_due_at
  from event where rank = 1
),
