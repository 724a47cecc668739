"""Mails about meetings: invitations that calendars understand, each with its link to answer, and reminders."""
