"""PostgreSQL servers that headgate starts itself: scratch ones for the gate, a durable one for development.

Importing this package imports nothing else; take what you need from its modules.
"""
