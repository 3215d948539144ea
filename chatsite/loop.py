"""Importing this installs the event loop of the server, before Daphne makes one.

uvloop takes far less of the processor for each of the many small reads and writes of
streaming answers. Where it is not installed (on Windows) Daphne's own choice stands.
"""

import importlib.util
import sys

from chatsite.unloaded import left_out, load_when_used

# TLS is the proxy's; and of autobahn's two protocols one is never spoken.
with left_out("OpenSSL"):
    from twisted.internet import asyncioreactor

    load_when_used("autobahn.wamp", "auth")
    import autobahn.twisted.websocket  # noqa: F401 - so that it is loaded without

if "twisted.internet.reactor" not in sys.modules and importlib.util.find_spec("uvloop"):
    import uvloop

    # Handed to Twisted instead of set as asyncio's policy: threads that make a loop
    # for a moment keep the kind that is quickly made.
    asyncioreactor.install(uvloop.new_event_loop())
