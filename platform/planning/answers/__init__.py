"""Who comes: answers, pouvoirs, and the quorum as it stands."""
