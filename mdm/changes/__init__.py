"""Requests to change master records: asked for by one person, approved by another, then applied."""
