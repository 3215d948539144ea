"""The site's settings with a channel layer that cannot be trusted."""

from tests.served_settings import *  # noqa: F403 - those of other sites of tests
from tests.served_settings import CHANNEL_LAYERS, REDIS_URL

CHANNEL_LAYERS["default"]["BACKEND"] = (
    "tests.faults.lossy_layers.LossyRedisLayer"
    if REDIS_URL
    else "tests.faults.lossy_layers.LossyMemoryLayer"
)
