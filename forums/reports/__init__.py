"""What readers report, and how moderators settle it."""
