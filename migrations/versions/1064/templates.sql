-- The template of a subscription whose format is `template`, encrypted with the master key.
alter table fold.subscription add column sealed_template text collate "C";
-- The vendor's own number of an error, or the key of the template that failed: nothing of what was sent.
alter table deliveries.attempt add column detail text collate "C";
