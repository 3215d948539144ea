"""What `manage.py benchmark` measures with: each part is a process of its own.

A simulator of the Messages API, the server, a bare relay as the floor, and clients.
Only `seed` knows Django.
"""
