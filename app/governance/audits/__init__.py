"""Process audits: each month per team and process, with self-check, summary and a drawn sample."""
