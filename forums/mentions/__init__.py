"""Whom a post calls: people, communes and bodies, by their handles."""
