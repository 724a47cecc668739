"""Agendas from elsewhere: what one's own .ics addresses and files say of one's time, kept as busy periods."""
