"""What the programs to compare with share. Only Python's own library is imported here: each peer has its own packages."""

import json
import sys

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


def serve(peer):
    """A line of JSON on standard input asks for the method named by `op`, a line on standard output answers."""
    for line in sys.stdin:
        try:
            request = json.loads(line)
            answer = getattr(peer, request["op"])(request)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def peak_bytes():
    """Most memory that this process held."""
    # Windows has no such module, and not every peer tells its memory.
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024)
