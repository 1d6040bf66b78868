"""On call, seen from outside: schedules, timelines and who is on call, by API and as calendars."""
