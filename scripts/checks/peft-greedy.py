"""Does PEFT load an exported adapter as it is, and does transformers + adapter write the engine's greedy text?

usage: peft-greedy.py MODEL.gguf ADAPTER_DIR ENGINE.jsonl
needs: torch transformers peft gguf

ENGINE.jsonl is the output of `selfq generate --model M --adapter ADAPTER_DIR --prompts P.jsonl --temperature 0 --json`:
lines {"promptTokenIds": [...], "tokenIds": [...]}. The engine samples with 8-bit weights, transformers runs the same
weights in fp32: near-ties may fall differently, so the share of equal continuations is printed, and the mean
|logprob difference| over the engine's tokens, both with the adapter and without (which must differ).
"""
import json
import pathlib
import sys

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

model_path, adapter, engine_path = map(pathlib.Path, sys.argv[1:4])
torch.set_grad_enabled(False)
base = AutoModelForCausalLM.from_pretrained(
    str(model_path.resolve().parent), gguf_file=model_path.name, dtype=torch.float32
).eval()
policy = PeftModel.from_pretrained(base, str(adapter)).eval()
rows = [json.loads(line) for line in engine_path.read_text().splitlines() if line.strip()]


def logprobs(prompt, tokens):
    logits = policy(torch.tensor([prompt + tokens])).logits[0, len(prompt) - 1 : -1]
    return torch.log_softmax(logits, -1).gather(-1, torch.tensor(tokens)[:, None])[:, 0]


equal, with_adapter, without = 0, [], []
for row in rows:
    prompt, tokens = row["promptTokenIds"], row["tokenIds"]
    generated = policy.generate(
        torch.tensor([prompt]), max_new_tokens=len(tokens), do_sample=False, repetition_penalty=1.0,
        top_p=None, top_k=None, temperature=None,
    )[0, len(prompt) :].tolist()
    equal += generated[: len(tokens)] == tokens
    engine = torch.tensor(row["logprobs"])
    with_adapter.append((logprobs(prompt, tokens) - engine).abs().mean().item())
    with policy.disable_adapter():
        without.append((logprobs(prompt, tokens) - engine).abs().mean().item())
mean = lambda values: sum(values) / len(values)
print(f"equal greedy continuations: {equal} of {len(rows)}")
print(f"mean |logprob difference|: with adapter {mean(with_adapter):.4f}, without {mean(without):.4f}")
