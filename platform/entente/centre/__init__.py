"""The notification centre: what each person is told, here and by mail, and how they make it stop."""
