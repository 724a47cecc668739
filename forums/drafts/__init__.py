"""What people have begun to write and not posted: kept on the server, for them alone."""
