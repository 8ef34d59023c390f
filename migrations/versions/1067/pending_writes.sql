-- A scrape counts what is under way, and not all tickets that ever were written.
create index tool_ticket_begun on deliveries.tool_ticket (begun_at) where begun_at is not null;
