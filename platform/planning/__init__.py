"""The shared agenda of elected officials: meetings of every body, answers, quorum, and calendars to subscribe to."""
