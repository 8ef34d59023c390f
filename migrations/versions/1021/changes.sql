-- Null, of the changes that were started before: nobody looked at who had voted for them.
alter table fold.change add column started_by_voter boolean;
