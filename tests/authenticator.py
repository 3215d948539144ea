"""An authenticator app: the codes of RFC 6238."""

import base64
import hmac
import struct
import time

PERIOD_S = 30


def code(secret: str, *, periods: int = 0) -> str:
    """The six digits for now, or for as many periods later."""
    counter = int(time.time()) // PERIOD_S + periods
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", counter), "sha1")
    offset = digest[-1] & 15
    (number,) = struct.unpack(">I", digest[offset : offset + 4])
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"
