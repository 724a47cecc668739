"""The règlement under which equipment is lent: written in versions, accepted by whoever reserves."""
