"""Conversations with an assistant, each a numbered history of messages."""
