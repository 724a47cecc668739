"""One's own place: name, photo, settings, address, password, devices."""
