"""What libraries load and this site seldom or never uses: loaded late, or not at all.

Together with what they load themselves these are a fifth of an idle process.
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def load_when_used(package: str, name: str) -> None:
    """Let `from package import name` succeed, and load that module when it is used.

    It suits modules that others import as a whole and use inside functions.
    """
    full_name = f"{package}.{name}"
    spec = importlib.util.find_spec(full_name)
    if full_name in sys.modules or spec is None or spec.loader is None:
        return
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    # Where the import statement does not find it here, it looks into the module.
    setattr(sys.modules[package], name, module)
    spec.loader.exec_module(module)


@contextmanager
def left_out(name: str) -> Iterator[None]:
    """Meanwhile, let the module `name` look as if it were not installed.

    It suits modules that others do without where they are not there.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # importing it then fails
    try:
        yield
    finally:
        del sys.modules[name]
