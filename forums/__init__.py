"""The club des acheteurs and the thematic forums: where communes ask, answer and decide together."""
