"""Times: calendars' working time, clocks that tests can set, zones."""
