-- What is open and somebody's, or a team's: few of all incidents, found without looking at those that are closed.
create index incident_open_assignee on fold.incident (assignee_id, opened_at desc, id desc)
  where state in ('new', 'acknowledged', 'in_progress', 'on_hold');
create index incident_open_team on fold.incident (team_id, opened_at desc, id desc) include (assignee_id)
  where state in ('new', 'acknowledged', 'in_progress', 'on_hold');
