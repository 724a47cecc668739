"""Labels with a QR code: one per unit, printed by depot, each opens the page of its unit on a telephone."""
