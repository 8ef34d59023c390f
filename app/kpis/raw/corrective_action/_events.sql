-- The first due date of each corrective action, as it was planned.
due as (
  select stream, (told->>'first_due_at')::timestamptz as due_at from event where rank = 1 and told->>'first_due_at' is not null
),
