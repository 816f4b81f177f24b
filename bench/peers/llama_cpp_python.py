"""llama.cpp through llama-cpp-python as a program to compare with: a line of JSON asks, a line of JSON answers.

Its low-level interface, one batch a step. `bare`: forward passes alone; `full`: LoRA, sampling at temperature 1, and the
logprob of what was drawn.
"""

import ctypes
import time

import llama_cpp as lib
import numpy
from peer import serve

quiet = lib.llama_log_callback(lambda *_: None)
lib.llama_log_set(quiet, ctypes.c_void_p(0))
lib.llama_backend_init()


def token_at(position):
    """Any ids that every vocabulary has."""
    return 300 + (position * 7919) % 40_000


class Peer:
    model = None

    def load(self, request):
        if self.model is not None:
            lib.llama_model_free(self.model)
        self.threads = request["threads"]
        self.model = lib.llama_model_load_from_file(request["model"].encode(), lib.llama_model_default_params())
        self.lora = None
        if "adapter" in request:
            self.lora = lib.llama_adapter_lora_init(self.model, request["adapter"].encode())
            assert self.lora, "the adapter was not loaded"
        self.vocabulary = lib.llama_vocab_n_tokens(lib.llama_model_get_vocab(self.model))
        return {"release": lib.__version__, "systemInfo": lib.llama_print_system_info().decode()}

    def prefill(self, request):
        context = self.context(1, request["tokens"], request["work"])
        start = time.perf_counter()
        self.fill(context, 0, request["tokens"])
        seconds = time.perf_counter() - start
        lib.llama_free(context)
        return {"seconds": seconds, "tokens": request["tokens"]}

    def decode(self, request):
        rows, prompt, steps = request["rows"], request["promptTokens"], request["newTokens"]
        full = request["work"] == "full"
        context = self.context(rows, prompt + steps + 1, request["work"])
        self.fill(context, 0, prompt)
        for row in range(1, rows):
            lib.llama_memory_seq_cp(lib.llama_get_memory(context), 0, row, -1, -1)
        samplers = [self.sampler(row) for row in range(rows)]
        batch = lib.llama_batch_init(rows, 0, 1)
        last = [token_at(row) for row in range(rows)]
        start = time.perf_counter()
        for step in range(steps):
            batch.n_tokens = rows
            for row in range(rows):
                self.put(batch, row, last[row], prompt + step, row, True)
            assert lib.llama_decode(context, batch) == 0, "decoding failed"
            lib.llama_synchronize(context)
            if not full:
                last = [token_at(step * rows + row) for row in range(rows)]
                continue
            last = [lib.llama_sampler_sample(sampler, context, row) for row, sampler in enumerate(samplers)]
            self.logprobs(context, last)
        seconds = time.perf_counter() - start
        lib.llama_batch_free(batch)
        for sampler in samplers:
            lib.llama_sampler_free(sampler)
        lib.llama_free(context)
        return {"seconds": seconds, "tokens": rows * steps}

    def logprobs(self, context, tokens):
        result = []
        for row, token in enumerate(tokens):
            logits = numpy.ctypeslib.as_array(lib.llama_get_logits_ith(context, row), (self.vocabulary,))
            largest = logits.max()
            result.append(logits[token] - largest - numpy.log(numpy.exp(logits - largest).sum()))
        assert numpy.isfinite(result).all()

    def sampler(self, row):
        chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
        lib.llama_sampler_chain_add(chain, lib.llama_sampler_init_dist(row + 1))
        return chain

    def context(self, rows, positions, work):
        settings = lib.llama_context_default_params()
        settings.n_ctx = rows * (-(-(positions + 8) // 256) * 256)
        settings.n_batch, settings.n_ubatch, settings.n_seq_max = 2048, 512, rows
        settings.n_threads = settings.n_threads_batch = self.threads
        settings.kv_unified = False
        context = lib.llama_init_from_model(self.model, settings)
        if work == "full" and self.lora:
            scales = (ctypes.c_float * 1)(1.0)
            code = lib.llama_set_adapters_lora(context, (lib.llama_adapter_lora_p_ctypes * 1)(self.lora), 1, scales)
            assert code == 0, "the adapter does not fit"
        return context

    def put(self, batch, index, token, position, row, wanted):
        batch.token[index], batch.pos[index] = token, position
        batch.n_seq_id[index], batch.seq_id[index][0] = 1, row
        batch.logits[index] = wanted

    def fill(self, context, row, tokens):
        batch = lib.llama_batch_init(tokens, 0, 1)
        batch.n_tokens = tokens
        for i in range(tokens):
            self.put(batch, i, token_at(i), i, row, i == tokens - 1)
        assert lib.llama_decode(context, batch) == 0, "prefill failed"
        lib.llama_synchronize(context)
        lib.llama_batch_free(batch)


serve(Peer())
