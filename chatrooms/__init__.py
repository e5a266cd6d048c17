"""Rooms where people talk: who is in them and what was said."""
