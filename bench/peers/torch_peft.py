"""PyTorch + PEFT as a program to compare with: a line of JSON asks, a line of JSON answers.

Frozen weights in fp32 with bf16 autocast (`autocast`), or in fp32 throughout (`fp32`); LoRA on the seven linear layers;
GRPO's loss on the response tokens alone; one AdamW step behind all micro-batches.
"""

import contextlib
import time

import peft
import torch
import transformers
from peer import TARGETS, peak_bytes, serve


class Peer:
    def load(self, request):
        torch.set_num_threads(request["threads"])
        torch.manual_seed(0)
        model = transformers.AutoModelForCausalLM.from_pretrained(request["folder"], dtype=torch.float32)
        config = peft.LoraConfig(
            r=request["rank"], lora_alpha=2 * request["rank"], lora_dropout=0.0, target_modules=TARGETS
        )
        self.model = peft.get_peft_model(model, config).train()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.parameters, lr=1e-5, weight_decay=0.0)
        versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
        return {"versions": versions}

    def train(self, request):
        """`sequences`: prompt and completion ids, all of one length; `batch` sequences a micro-batch."""
        sequences, batch = request["sequences"], request["batch"]
        autocast = request["precision"] == "autocast"
        tokens = sum(len(sequence["tokenIds"]) for sequence in sequences)
        start = time.perf_counter()
        for at in range(0, len(sequences), batch):
            self.accumulate(sequences[at : at + batch], tokens, autocast)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        seconds = time.perf_counter() - start
        return {"seconds": seconds, "peakBytes": peak_bytes()}

    def accumulate(self, sequences, tokens, autocast):
        ids = torch.tensor([s["promptTokenIds"] + s["tokenIds"] for s in sequences])
        responses = len(sequences[0]["tokenIds"])
        advantages = torch.tensor([[s["advantage"]] for s in sequences])
        with torch.autocast("cpu", dtype=torch.bfloat16) if autocast else contextlib.nullcontext():
            logits = self.model(input_ids=ids, logits_to_keep=responses + 1, use_cache=False).logits[:, :-1]
        logits = logits.float()
        chosen = logits.gather(-1, ids[:, -responses:].unsqueeze(-1)).squeeze(-1)
        logprobs = chosen - torch.stack([row.logsumexp(-1) for row in logits])
        loss = -(torch.exp(logprobs - logprobs.detach()) * advantages).sum() / tokens
        loss.backward()


serve(Peer())
