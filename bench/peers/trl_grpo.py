"""TRL's GRPOTrainer as a program to compare with: behind the first, each line of standard input lets one step go.

usage: python trl_grpo.py '{"folder": …, "prompts": […], "answers": 4, "tokens": 64, "batch": 8, "rank": 16, …}'
A line of JSON answers: first the versions, then seconds and mean completion length of each step.
"""

import json
import sys
import time

import datasets
import peft
import torch
import transformers
import trl
from peer import TARGETS, peak_bytes

settings = json.loads(sys.argv[1])
# What the trainer prints must not stand between the answers.
answers, sys.stdout = sys.stdout, sys.stderr
lengths = []


def answer(value):
    print(json.dumps(value), file=answers, flush=True)


def reward(completion_ids, **_):
    """Any reward that differs within a group: what is measured is the trainer."""
    lengths.append(sum(map(len, completion_ids)) / len(completion_ids))
    return [float(sum(ids) % 7) for ids in completion_ids]


class Turns(transformers.TrainerCallback):
    """Waits for its turn before each step, and tells how long it took."""

    def on_step_end(self, args, state, control, **kwargs):
        seconds = time.perf_counter() - self.start
        answer({"seconds": seconds, "meanTokens": lengths[-1], "peakBytes": peak_bytes()})
        # Rollouts are made before `on_step_begin`, so the turn is waited for at the end of the step before.
        self.wait()

    def wait(self):
        if not sys.stdin.readline():
            sys.exit(0)
        self.start = time.perf_counter()


torch.set_num_threads(settings["threads"])
tokenizer = transformers.AutoTokenizer.from_pretrained(settings["folder"])
prompts = settings["prompts"]
config = trl.GRPOConfig(
    output_dir=settings["output"],
    use_cpu=True,
    bf16=settings["precision"] == "autocast",
    model_init_kwargs={"dtype": "bfloat16" if settings["precision"] == "bf16" else "float32"},
    per_device_train_batch_size=settings["batch"],
    gradient_accumulation_steps=len(prompts) * settings["answers"] // settings["batch"],
    num_generations=settings["answers"],
    max_completion_length=settings["tokens"],
    generation_kwargs={"min_new_tokens": settings["tokens"]},
    max_steps=1000,
    learning_rate=1e-5,
    beta=0.0,
    temperature=1.0,
    gradient_checkpointing=False,
    report_to=[],
    save_strategy="no",
    logging_steps=1,
    disable_tqdm=True,
)
turns = Turns()
trainer = trl.GRPOTrainer(
    model=settings["folder"],
    reward_funcs=reward,
    args=config,
    train_dataset=datasets.Dataset.from_dict({"prompt": prompts}),
    processing_class=tokenizer,
    callbacks=[turns],
    peft_config=peft.LoraConfig(
        r=settings["rank"], lora_alpha=2 * settings["rank"], target_modules=TARGETS, task_type="CAUSAL_LM"
    ),
)
# The line that asks for the versions is not yet one that lets a step go.
sys.stdin.readline()
answer({"versions": {"trl": trl.__version__, "torch": torch.__version__, "transformers": transformers.__version__}})
turns.wait()
trainer.train()
