"""How the studio writes times."""
