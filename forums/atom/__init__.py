"""Feeds of the forums for readers outside the house (RFC 4287), at secret addresses."""
