"""Who sits in a body on a day, and for whom they may decide."""
