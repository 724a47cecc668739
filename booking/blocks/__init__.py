"""What the owner keeps back, for repair or inspection: over reservations, each is moved or cancelled first."""
