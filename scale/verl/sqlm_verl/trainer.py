"""Both roles on one policy, as a trainer of verl: `trainer.v1.trainer_mode=sqlm`."""

import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
import transfer_queue as tq
from omegaconf import OmegaConf, open_dict
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.trainer_base import register_trainer
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.utils import tensordict_utils as tu
from verl.utils.dataset.rl_dataset import collate_fn
from verl.utils.debug import marked_timer

from .client import DomainClient
from .duplicates import DuplicateIndex
from .play import Play
from .records import Asked, Rollout, step_lines
from .run_folder import RunFolder
from .texts import completion, prompt_ids

PARTITION = "train"


@register_trainer("sqlm")
class SelfPlayTrainer(PPOTrainerSync):
    """One step: propose, verify, solve, judge, update the solver, and in every k-th step the proposer.

    Domains are asked at `sqlm.servers`; rewards and advantages are computed here; records go to `sqlm.run_dir`.
    """

    def __init__(self, config: Any) -> None:
        # The rest of verl asks for this name, and knows how to keep sampler and trainer in turns by it.
        with open_dict(config):
            config.trainer.v1.trainer_mode = "sync"
        super().__init__(config)
        own = OmegaConf.to_container(config.sqlm, resolve=True)
        self.settings: dict[str, Any] = own["settings"]
        _check_settings(config, own)
        token = os.environ.get(own["token_env"])
        self.domains = DomainClient(own["servers"], self.settings, token=token, patience=own.get("patience_s", 900))
        self.run_folder = RunFolder(own["run_dir"])
        self.duplicates = DuplicateIndex(self.settings["nearDuplicate"])
        self._seeded = bool(own.get("seeded", True))
        self._seconds: dict[str, float] = {}
        self._groups: dict[str, dict[str, Any]] = {}

    # What verl calls

    def init(self) -> None:
        super().init()
        model = self.config.actor_rollout_ref.model
        self.run_folder.begin(
            step=self.global_steps,
            settings=self.settings,
            model={"id": str(self.settings["model"]), "path": str(model.path), "hash": ""},
            versions={name: version(name) for name in ("verl", "torch", "transformers", "sqlm-verl")},
        )
        self.play = Play(
            self.domains, self.duplicates, self.settings, lambda prompt: len(prompt_ids(self.tokenizer, prompt))
        )
        asked = self.run_folder.questions()
        for known in self.domains.fingerprint(asked):
            self.duplicates.add(known["question"]["id"], known["fingerprint"])
        self.run_folder.log(f"begins after step {self.global_steps} with {len(asked)} questions asked before")

    def fit(self, agent_loop_manager: Any) -> None:
        try:
            super().fit(agent_loop_manager)
        except BaseException as error:
            # Ray wraps what a rank has thrown, with the rank's traceback as text.
            self.run_folder.fail(getattr(error, "cause", None) or error)
            raise
        finally:
            self.domains.close()
        self.run_folder.end("finished")

    def prepare_step(self) -> dict[str, Any]:
        self._seconds = {}
        groups = self.domains.propose(self.global_steps, self.settings["proposerPrompts"])
        self._submit(groups, self.settings["proposalsPerPrompt"], self.settings["maxProposalTokens"])
        return {}

    def _init_resource_pool_mgr(self) -> None:
        super()._init_resource_pool_mgr()
        if self.config.trainer.device == "cpu":
            from .cpu.worker import remote_worker

            self.role_worker_mapping = {role: remote_worker() for role in self.role_worker_mapping}

    def _step_once(self, metrics: dict[str, Any], timing_raw: dict[str, float], sample_batch_size: int) -> KVBatchMeta:
        step = self.global_steps
        with marked_timer("gen", timing_raw, color="red"):
            self.on_sample_begin()
            with self._stage("propose"):
                proposed = self._sample(self.settings["proposerPrompts"])
                proposals = self._rollouts(proposed, self.settings["maxProposalTokens"], ".")
            with self._stage("verify"):
                asked = self.play.verify(step, proposals)
            with self._stage("solve"):
                solved = self._solve(step, asked)
            self.on_sample_end()
        with self._stage("judge"):
            self.play.judge(asked)
            self.play.reward(proposals, asked)
        answers = [answer for item in asked for form in item.answers for answer in form]
        with self._stage("update"):
            batches, updates = self._update(step, proposed, proposals, solved, answers, metrics, timing_raw)
        self._record(step, proposals, asked, updates, metrics)
        return self._tidy(batches)

    # Stages

    def _solve(self, step: int, asked: Sequence[Asked]) -> KVBatchMeta | None:
        """Answers to every form of every question; None where there is nothing to ask."""
        groups = [{**form, "id": form["groupId"]} for item in asked for form in item.forms]
        if not groups:
            return None
        self._submit(groups, self.settings["answersPerQuestion"], self.settings["maxAnswerTokens"])
        batch = self._sample(len(groups))
        answers: dict[str, list[Rollout]] = {}
        for answer in self._rollouts(batch, self.settings["maxAnswerTokens"], "/"):
            answers.setdefault(answer.group, []).append(answer)
        for item in asked:
            item.answers = [answers.get(form["groupId"], []) for form in item.forms]
        return batch

    def _update(
        self,
        step: int,
        proposed: KVBatchMeta,
        proposals: Sequence[Rollout],
        solved: KVBatchMeta | None,
        answers: Sequence[Rollout],
        metrics: dict[str, Any],
        timing_raw: dict[str, float],
    ) -> tuple[list[KVBatchMeta], list[dict[str, Any]]]:
        """The solver, then the proposer in its steps; old logprobs of both are those before the first update."""
        every = self.settings["proposerUpdateEvery"]
        roles = [("solver", solved, answers, True), ("proposer", proposed, proposals, every > 0 and step % every == 0)]
        batches, ready = [], []
        for role, batch, rollouts, learns in roles:
            if batch is None:
                continue
            trains = learns and any(one.advantage != 0 for one in rollouts)
            with self._mini_batch(len(batch)):
                batch = self._prepare(batch, rollouts, trains, timing_raw)
                batches.append(batch)
                if trains:
                    ready.append((role, batch, rollouts))
        updates = []
        for role, batch, rollouts in ready:
            known = self._logprobs(batch)
            own: dict[str, Any] = {}
            with self._mini_batch(len(batch)), marked_timer(f"update_{role}", timing_raw, color="red"):
                self._update_actor(batch, metrics=own)
            metrics.update({f"{role}/{name}": value for name, value in own.items()})
            metrics["actor/grad_norm"] = own.get("actor/grad_norm", 0.0)
            updates.append(self._update_line(role, rollouts, known, own))
        return batches, updates

    def _record(
        self,
        step: int,
        proposals: Sequence[Rollout],
        asked: Sequence[Asked],
        updates: Sequence[dict[str, Any]],
        metrics: dict[str, Any],
    ) -> None:
        lines = step_lines(step, self.settings["seed"], proposals, asked, updates)
        with self._stage("record"):
            # Figures need no token ids, which are a third of what would be sent.
            thin = [{**line, "tokenIds": []} if line["type"] == "tokens" else line for line in lines]
            figures = self.domains.measure(step, thin, dict(self._seconds))
            self.run_folder.record(step, lines, figures)
        metrics.update(
            {
                "solver/reward": figures["solver"]["reward"] or 0.0,
                "proposer/reward": figures["proposer"]["reward"] or 0.0,
                "sqlm/proposals": len(proposals),
                "sqlm/questions": len(asked),
                "sqlm/updates": len(updates),
                "sqlm/retries": self.domains.retries,
            }
        )
        shown = {name: value for name, value in metrics.items() if name.startswith("sqlm/") or name.endswith("/reward")}
        print(f"[sqlm] step {step}: {shown}", flush=True)

    # Between us and verl

    def _submit(self, groups: Sequence[dict[str, Any]], samples: int, max_tokens: int) -> None:
        """Has verl sample completions of each group's prompt; the group's name is the row's uid."""
        rows = [
            {
                "raw_prompt": group["prompt"]["messages"],
                "sqlm": {
                    "prompt": group["prompt"],
                    "seed": group["seed"] if self._seeded else None,
                    "max_tokens": max_tokens,
                },
                "data_source": "sqlm",
                "index": index,
                "__rollout_n__": samples,
            }
            for index, group in enumerate(groups)
        ]
        columns = collate_fn(rows)
        columns["uid"] = np.array([group["id"] for group in groups], dtype=object)
        self._groups.update({group["id"]: group for group in groups})
        batch = tu.get_tensordict(columns)
        tu.assign_non_tensor_data(batch, "global_steps", self.global_steps)
        self._submit_batch_to_rollout(batch)

    def _sample(self, groups: int) -> KVBatchMeta:
        batch, _ = self.replay_buffer.sample(global_steps=self.global_steps, partition_id=PARTITION, batch_size=groups)
        batch.extra_info["temperature"] = self.config.actor_rollout_ref.rollout.temperature
        return batch

    def _rollouts(self, batch: KVBatchMeta, limit: int, separator: str) -> list[Rollout]:
        """The completions of a batch, by group in the order of submission. `separator`: between group and sample."""
        fields = ["prompts", "responses", "rollout_log_probs"]
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=fields)
        columns = [[row.tolist() for row in data[name].unbind()] for name in fields]
        order = {group: index for index, group in enumerate(self._groups)}
        found = []
        for key, prompt, tokens, logprobs in zip(batch.keys, *columns, strict=True):
            group, session, _ = key.rsplit("_", 2)
            asked = self._groups[group]["prompt"]
            text, finish = completion(self.tokenizer, tokens, asked.get("stop", []), limit)
            name = f"{group}{separator}{session}"
            one = Rollout(key, name, group, asked, prompt, tokens, logprobs, text, finish)
            found.append(((order[group], int(session)), one))
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    def _prepare(
        self, batch: KVBatchMeta, rollouts: Sequence[Rollout], trains: bool, timing_raw: dict[str, float]
    ) -> KVBatchMeta:
        """Rewards and advantages into verl's queue; of a batch that is trained on, also old and reference logprobs."""
        rewards = {one.key: one.reward or 0.0 for one in rollouts}
        batch = self._put_rows(batch, {"rm_scores": rewards}, last_only=True)
        if trains:
            batch = self._balance_batch(batch, metrics={})
            with marked_timer("old_log_prob", timing_raw, color="blue"):
                batch = self._compute_old_log_prob(batch, metrics={})
            if self.use_reference_policy:
                with marked_timer("ref", timing_raw, color="olive"):
                    batch = self._compute_ref_log_prob(batch, metrics={})
            if self.config.algorithm.rollout_correction.get("rollout_is") is not None:
                # For its importance weights; its advantages know nothing of masked answers, and are replaced.
                batch = self._compute_advantage(batch, metrics={})
        advantages = {one.key: one.advantage for one in rollouts}
        return self._put_rows(batch, {"advantages": advantages, "returns": advantages})

    def _put_rows(
        self, batch: KVBatchMeta, columns: dict[str, dict[str, float]], last_only: bool = False
    ) -> KVBatchMeta:
        """One number for each row of a batch, at all of its tokens or at the last; rows of padding get 0.

        Ranks are given the columns that the batch names: only the returned one names these and all before them.
        """
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=["response_mask"])
        masks = [mask.to(torch.float32) for mask in data["response_mask"].unbind()]
        fields = {}
        for name, values in columns.items():
            rows = []
            for key, mask in zip(batch.keys, masks, strict=True):
                row = torch.zeros_like(mask)
                if last_only:
                    row[-1] = values.get(key, 0.0)
                else:
                    row = mask * values.get(key, 0.0)
                rows.append(row)
            fields[name] = torch.nested.as_nested_tensor(rows, layout=torch.jagged)
        return tq.kv_batch_put(keys=batch.keys, partition_id=batch.partition_id, fields=tu.get_tensordict(fields))

    def _logprobs(self, batch: KVBatchMeta) -> dict[str, dict[str, list[float]]]:
        """Old and reference logprobs of each row, by the names of our records."""
        names = {"old_log_probs": "oldLogprobs", "ref_log_prob": "refLogprobs"}
        wanted = [name for name in names if name != "ref_log_prob" or self.use_reference_policy]
        data = tq.kv_batch_get(keys=batch.keys, partition_id=batch.partition_id, select_fields=wanted)
        columns = {names[name]: [row.tolist() for row in data[name].unbind()] for name in wanted}
        return {key: {name: rows[at] for name, rows in columns.items()} for at, key in enumerate(batch.keys)}

    def _update_line(
        self,
        role: str,
        rollouts: Sequence[Rollout],
        known: dict[str, dict[str, list[float]]],
        figures: dict[str, Any],
    ) -> dict[str, Any]:
        """One line for the update of a role, with the means over its mini-batches."""
        used = [one for one in rollouts if one.advantage != 0 or self.settings["beta"] > 0]
        tokens = sum(len(one.token_ids) for one in rollouts)
        grad_norm = _finite(figures.get("actor/grad_norm"))
        trainer = self.settings["oldLogprobs"] == "trainer"
        sequences = []
        for one in used:
            logprobs = known[one.key]
            # The sampler's logprobs are old ones, not what the trainer said.
            before = {"policyLogprobs": logprobs["oldLogprobs"]} if trainer else {}
            sequences.append({"id": one.id, "tokenWeight": 1 / max(1, tokens), **logprobs, **before})
        clipped = _finite(figures.get("actor/pg_clipfrac"))
        policy_loss, kl = _finite(figures.get("actor/pg_loss")), _finite(figures.get("actor/kl_loss"))
        loss = None if policy_loss is None else policy_loss + self.settings["beta"] * (kl or 0.0)
        return {
            "type": "update",
            "role": role,
            "index": 0,
            "sequences": sequences,
            "loss": loss,
            "kl": kl,
            "clipRatio": 0.0 if clipped is None else clipped,
            "gradNorm": grad_norm,
            "learningRate": self.settings["learningRate"],
            "applied": grad_norm is not None,
        }

    @contextmanager
    def _mini_batch(self, rows: int) -> Iterator[None]:
        """verl counts a mini-batch in prompts of rollout.n completions each; our groups differ in size."""
        actor, rollout = self.config.actor_rollout_ref.actor, self.config.actor_rollout_ref.rollout
        ranks = self.resource_pool_manager.get_n_gpus()
        wanted = self.settings["miniBatchSequences"] or math.ceil(rows / ranks) * ranks
        before = actor.ppo_mini_batch_size, rollout.n
        with open_dict(self.config):
            actor.ppo_mini_batch_size, rollout.n = wanted, 1
            try:
                yield
            finally:
                actor.ppo_mini_batch_size, rollout.n = before

    def _tidy(self, batches: Sequence[KVBatchMeta]) -> KVBatchMeta:
        """Clears the queue but for one batch, of which verl makes its own figures before it clears it, too."""
        self._groups.clear()
        last = batches[0]
        for batch in batches[1:]:
            tq.kv_clear(keys=batch.keys, partition_id=batch.partition_id)
        return last

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.monotonic()
        try:
            yield
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.monotonic() - start


def _finite(value: Any) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _check_settings(config: Any, own: dict[str, Any]) -> None:
    """Throws ValueError for changed settings that keys of verl come from, and for those that ranks cannot share."""
    for name, exported in own["computed_from"].items():
        if own["settings"][name] != exported:
            raise ValueError(
                f"sqlm.settings.{name} is {own['settings'][name]!r}, and this file was exported for {exported!r}: "
                f"export it again with `selfq scale export-config --set {name}={own['settings'][name]}`"
            )
    ranks = config.trainer.nnodes * config.trainer.n_gpus_per_node
    if own["settings"]["miniBatchSequences"] % ranks != 0:
        raise ValueError(
            f"miniBatchSequences is {own['settings']['miniBatchSequences']}, which {ranks} ranks cannot share: "
            f"export the settings with a multiple of {ranks}, or 0"
        )
