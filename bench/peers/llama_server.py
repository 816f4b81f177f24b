"""llama.cpp's own HTTP server, through xllamacpp, as a program to compare with: a line of JSON asks, a line answers."""

from importlib.metadata import version

import xllamacpp
from peer import serve


class Peer:
    def load(self, request):
        params = xllamacpp.CommonParams()
        params.model.path = request["model"]
        params.n_parallel = request["slots"]
        params.n_ctx = request["slots"] * request["contextTokens"]
        params.cpuparams.n_threads = request["threads"]
        params.cpuparams_batch.n_threads = request["threads"]
        params.n_gpu_layers = 0
        params.verbosity = -1
        params.port = 0
        self.server = xllamacpp.Server(params)
        return {"release": version("xllamacpp"), "url": self.server.listening_address}


serve(Peer())
