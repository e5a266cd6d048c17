"""Live events: what happens in rooms, told to whoever has a stream open; nothing of it is stored."""
