"""Commands, one module a room. Each reads its arguments, calls the room and says what came of it."""
