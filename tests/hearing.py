"""What the sockets of a person hear."""

from collections.abc import Callable
from typing import Any

from chatsite.accounts.models import User

type Hear = Callable[[User], Callable[[], Any]]
