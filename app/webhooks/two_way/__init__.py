"""Tickets that are changed here and at a tool: pending writes, echoes, conflicts and the tool's clock."""
