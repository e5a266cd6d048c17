"""Health of the running system and the calls of its operators."""
