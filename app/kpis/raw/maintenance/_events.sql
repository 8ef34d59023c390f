-- The due date of each maintenance round, as it was opened.
due as (
  select stream, (told->>'due_at')::timestamptz as due_at from event where rank = 1 and told->>'due_at' is not null
),
