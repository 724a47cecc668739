"""Who takes which unit, decided after the request: another unit, an exchange of two, a longer use."""
