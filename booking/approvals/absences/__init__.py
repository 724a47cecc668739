"""Who answers in the place of someone who is away."""
