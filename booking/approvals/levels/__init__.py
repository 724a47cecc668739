"""Who answers requests for a type, in which order, and how soon."""
