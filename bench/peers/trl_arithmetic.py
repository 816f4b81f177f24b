"""TRL's GRPOTrainer on the questions of a run of arithmetic, for a given time of the processor.

usage: python trl_arithmetic.py MODEL_FOLDER RUN OUTPUT MINUTES [THREADS]
Questions come in the order of the run, with the labels that it elected: electing them is not part of what is timed.
The adapter is written to OUTPUT, where `selfq eval --adapter OUTPUT` reads it. CPU seconds of each step are printed.
"""

import json
import pathlib
import sys
import time

import datasets
import peft
import torch
import transformers
import trl
from peer import TARGETS

model, run, output, minutes = sys.argv[1:5]
torch.set_num_threads(int(sys.argv[5]) if len(sys.argv) > 5 else 1)
config = json.loads((pathlib.Path(run) / "run.json").read_text())["config"]
tokenizer = transformers.AutoTokenizer.from_pretrained(model)


def forms_of_step(path):
    """Prompts of the forms of each question, and what a right answer to that form is; "" where none was elected."""
    records = [json.loads(line) for line in path.read_text().splitlines()]
    expected = {}
    for record in records:
        if record["type"] == "answer" and record["mark"] == "right":
            expected[record["questionId"], record["form"]] = record["answer"]
    for record in records:
        if record["type"] == "question":
            for form, prompt in enumerate(record["prompts"]):
                yield {
                    "prompt": tokenizer.decode(prompt["tokenIds"]),
                    "expected": expected.get((record["id"], form), ""),
                }


def reward(completions, expected, **_):
    values = [text.split("<")[0].strip().replace(",", "") for text in completions]
    return [float(value != "" and value == label) for value, label in zip(values, expected)]


class Clock(transformers.TrainerCallback):
    """Tells the CPU time of each step, which other programs hardly lengthen, and ends the training with the time."""

    def __init__(self):
        self.start = self.last = time.process_time()

    def on_step_end(self, args, state, control, **_):
        now = time.process_time()
        print(json.dumps({"step": state.global_step, "cpuSeconds": round(now - self.last, 2)}), flush=True)
        self.last = now
        control.should_training_stop = now - self.start > 60 * float(minutes)


forms = [form for path in sorted((pathlib.Path(run) / "steps").glob("*.jsonl")) for form in forms_of_step(path)]
answers = config["answersPerQuestion"]
prompts_per_step = 2 * config["proposerPrompts"] * config["proposalsPerPrompt"]
batch = 32
trainer = trl.GRPOTrainer(
    model=model,
    reward_funcs=reward,
    args=trl.GRPOConfig(
        output_dir=output,
        use_cpu=True,
        bf16=True,
        model_init_kwargs={"dtype": "float32"},
        per_device_train_batch_size=batch,
        gradient_accumulation_steps=prompts_per_step * answers // batch,
        num_generations=answers,
        # "1413</answer>" and a little more, since a text cannot end an answer here.
        max_completion_length=12,
        max_steps=len(forms) // prompts_per_step,
        learning_rate=config["learningRate"],
        lr_scheduler_type="constant",
        beta=0.0,
        temperature=config["temperature"],
        shuffle_dataset=False,
        gradient_checkpointing=False,
        report_to=[],
        save_strategy="no",
        logging_steps=1,
        disable_tqdm=True,
        seed=config["seed"],
    ),
    train_dataset=datasets.Dataset.from_list(forms),
    processing_class=tokenizer,
    callbacks=[Clock()],
    peft_config=peft.LoraConfig(
        r=config["loraRank"], lora_alpha=config["loraAlpha"], target_modules=TARGETS, task_type="CAUSAL_LM"
    ),
)
trainer.train()
trainer.save_model(output)
