"""Work on tickets: who does it, tasks, holds, working days, costs."""
