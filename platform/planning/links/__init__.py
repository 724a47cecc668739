"""Answering from a mail: a secret address for one seat and one meeting, which never acts when it is only read."""
