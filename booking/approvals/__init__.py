"""Requests that await whoever keeps the equipment."""
