"""Where each commune stands on each piste, from when, and the carriers nobody could name."""
