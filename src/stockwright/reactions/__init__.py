"""Reactions: what happens after an event. Each is safe to run twice and has one lasting effect.

A reaction is `async f(app, event) -> None`. It raises `Permanent` where no retry can help; anything
else that it raises is tried again. `reactions/table.py` is the whole table.
"""
