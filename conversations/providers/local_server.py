"""The process of the local model: llama.cpp's server, until standard input ends.

Run as a file, by `python -I`, with nothing of this project. The first line of standard
input is the key that requests must carry, the second the path of the weights. Once the
model is loaded its address is the only line of standard output. Everything else that
llama.cpp says goes nowhere, for it may quote what people wrote.
"""

import os
import sys

import xllamacpp

MODEL_ALIAS = "local"
SLOTS = 2
SLOT_TOKENS = 8192
THREADS = 2


def main() -> None:
    """Serve until the parent closes standard input, which it also does by dying."""
    key, weights = (sys.stdin.buffer.readline().decode().strip() for _ in range(2))
    with os.fdopen(os.dup(1), "w") as report:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        server = xllamacpp.Server(_parameters(key, weights))
        report.write(f"{server.listening_address}\n")
    sys.stdin.buffer.read()
    # Without this llama.cpp would first finish the answers that nobody reads.
    os._exit(0)


def _parameters(key: str, weights: str) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = weights
    parameters.model_alias = {MODEL_ALIAS}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.api_keys = [key]
    parameters.n_ctx = SLOTS * SLOT_TOKENS
    parameters.n_parallel = SLOTS
    parameters.cpuparams.n_threads = THREADS
    # Prompts of the past are not kept: by default up to 8 GB of them would be.
    parameters.cache_ram_mib = 0
    parameters.ui = False
    # The Messages API has no field for it, and a model this small falls into loops.
    parameters.sampling.dry_multiplier = 0.8
    return parameters


if __name__ == "__main__":
    main()
