"""Is everything in order, and if not, what is to be done: `manage.py doctor`.

Each module looks at one kind of thing. A check is a function that yields findings; one
that breaks off has failed. No check changes anything that lasts.
"""
