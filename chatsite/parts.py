"""The parts that a site stands on, as the settings want them: servers, a bucket."""

from typing import Any

# Of messages that one reader has not fetched yet.
LAYER_CAPACITY_MESSAGES = 1000
# A page has long been given up after these, and what waits behind it has not.
STATEMENT_TIMEOUT_MS = 15_000
LOCK_TIMEOUT_MS = 10_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000
# How long a call waits for one of the process's connections to be free.
POOL_TIMEOUT_S = 20.0
POOL_IDLE_S = 60.0
# A network that swallows packets is noticed within this time.
UNANSWERED_TIMEOUT_MS = 20_000
STORAGE_CONNECT_TIMEOUT_S = 2
STORAGE_READ_TIMEOUT_S = 10


def postgresql(database: dict[str, Any], *, connections: int) -> dict[str, Any]:
    """Complete what DATABASE_URL says; options that stand in the URL win.

    With `?pgbouncer=true` nothing is asked of a session: the time limits are then
    those of the role (ALTER ROLE ... SET statement_timeout).
    """
    options = dict(database.get("OPTIONS") or {})
    pooler = str(options.pop("pgbouncer", "")).lower() in {"1", "true", "yes"}
    defaults: dict[str, Any] = {
        "application_name": "chatsite",
        "connect_timeout": 5,
        "tcp_user_timeout": UNANSWERED_TIMEOUT_MS,
        "pool": {
            "min_size": 1,
            "max_size": connections,
            "timeout": POOL_TIMEOUT_S,
            "max_idle": POOL_IDLE_S,
        },
    }
    if not pooler:
        defaults["options"] = " ".join(
            f"-c {name}={limit_ms}"
            for name, limit_ms in (
                ("statement_timeout", STATEMENT_TIMEOUT_MS),
                ("lock_timeout", LOCK_TIMEOUT_MS),
                ("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION_TIMEOUT_MS),
            )
        )
    return {
        **database,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        # A cursor on the server would outlive its transaction.
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {**defaults, **options},
    }


def channel_layers(redis_url: str, *, prefix: str) -> dict[str, dict[str, Any]]:
    """The setting CHANNEL_LAYERS; without a URL the memory of the process serves."""
    if not redis_url:
        return {
            "default": {
                "BACKEND": "chatsite.layers.MemoryLayer",
                "CONFIG": {"capacity": LAYER_CAPACITY_MESSAGES},
            }
        }
    return {
        "default": {
            "BACKEND": "chatsite.redis_layer.RedisLayer",
            "CONFIG": {
                "url": redis_url,
                "prefix": prefix,
                "capacity": LAYER_CAPACITY_MESSAGES,
            },
        }
    }


def caches(redis_url: str, *, prefix: str) -> dict[str, dict[str, Any]]:
    """The setting CACHES; without a URL the memory of the process serves."""
    if not redis_url:
        return {
            "default": {
                "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
                # Sign-in attempts are counted here: a spread attack may not push
                # the counts of others out.
                "OPTIONS": {"MAX_ENTRIES": 100_000},
            }
        }
    return {
        "default": {
            "BACKEND": "chatsite.redis_cache.RedisOrMemory",
            "LOCATION": redis_url,
            "KEY_PREFIX": prefix,
            "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5},
        }
    }


def bucket(
    name: str, *, endpoint_url: str, region_name: str, access_key: str, secret_key: str
) -> dict[str, Any]:
    """The storage of a bucket of S3, or of a server that speaks its language."""
    # Half a second of imports that a site with files does without.
    from botocore.config import Config

    compatible: dict[str, Any] = {}
    if endpoint_url:
        # Other servers know neither buckets as host names nor the newest checksums.
        compatible = {
            "s3": {"addressing_style": "path"},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
        }
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": name,
            "endpoint_url": endpoint_url or None,
            "region_name": region_name or None,
            "access_key": access_key or None,
            "secret_key": secret_key or None,
            "default_acl": None,
            "file_overwrite": True,
            "client_config": Config(
                connect_timeout=STORAGE_CONNECT_TIMEOUT_S,
                read_timeout=STORAGE_READ_TIMEOUT_S,
                retries={"total_max_attempts": 2, "mode": "standard"},
                signature_version="s3v4",
                **compatible,
            ),
        },
    }
