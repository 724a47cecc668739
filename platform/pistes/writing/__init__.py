"""Forms of the register: creating, editing, marking, deferring, taking a position, opening a conversation."""
