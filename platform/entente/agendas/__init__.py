"""Subscriptions: a secret address per device, which a calendar application reads again and again."""
