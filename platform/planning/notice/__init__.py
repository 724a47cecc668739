"""How a body meets: notice, quorum, pouvoirs and substitutes, by dated rules."""
