-- What is asked for out of the catalogue, the answers to its form, and its approval.
alter table fold.request
  add column item text collate "C",
  add column answers text,
  add column target_seconds integer,
  add column approval_id uuid,
  add column approved_at timestamptz;
create index request_item on fold.request (item, opened_at desc, id desc) where item is not null;

-- What waits for approval is open, too.
drop index fold.request_open_assignee, fold.request_open_team;
create index request_open_assignee on fold.request (assignee_id, opened_at desc, id desc)
  where state in ('submitted', 'awaiting_approval', 'assessed', 'in_progress', 'analysing', 'requirements_confirmed',
    'solution_review', 'revising', 'solution_approved', 'implementing', 'in_acceptance', 'rectifying', 'on_hold');
create index request_open_team on fold.request (team_id, opened_at desc, id desc) include (assignee_id)
  where state in ('submitted', 'awaiting_approval', 'assessed', 'in_progress', 'analysing', 'requirements_confirmed',
    'solution_review', 'revising', 'solution_approved', 'implementing', 'in_acceptance', 'rectifying', 'on_hold');

select log.takes_rows('fold.request');
