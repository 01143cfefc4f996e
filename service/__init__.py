"""The service: the command line, and what starts, schedules and drives the other rooms.

Owns: commands (one module a room), run, serve, schedule, the thread that drives the readers of the log.
Never: fetches, parses, tags or searches by itself; it calls the room whose work that is.
"""
