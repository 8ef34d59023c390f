"""Where rows beside tickets, their files and what somebody has to do are read."""
