"""Puts the adapter of each of verl's checkpoints into the run folder."""

from pathlib import Path
from typing import Any

from verl.trainer.ppo.checkpoint_callback import CheckpointCallback

from .adapter import MissingShards, save_adapter


class RunFolderCallback(CheckpointCallback):
    """`trainer.checkpoint_callback_class`. A run that trains all weights has no adapter: verl's checkpoint is all."""

    def on_save(
        self,
        trainer: Any,
        global_step: int,
        checkpoint_dir: str,
        async_save: bool = False,
        **_: Any,
    ) -> None:
        folder = trainer.run_folder
        model = self.config.actor_rollout_ref.model
        if int(model.get("lora_rank", 0)) <= 0:
            folder.log(
                f"step {global_step}: all weights are trained; merge {checkpoint_dir}/actor with verl.model_merger"
            )
            return
        if async_save:
            raise ValueError("actor.checkpoint.async_save leaves half a checkpoint to this callback: set it to false")

        def save(target: Path) -> None:
            count = save_adapter(
                Path(checkpoint_dir) / "actor",
                target,
                base_model=str(model.path),
                rank=int(model.lora_rank),
                alpha=float(model.lora_alpha),
                targets=list(model.target_modules),
            )
            folder.log(f"step {global_step}: adapter of {count} tensors")

        try:
            folder.checkpoint(global_step, save)
        except MissingShards as error:
            # Training can go on: verl's own checkpoint is whole where its ranks wrote it.
            folder.log(f"step {global_step}: no adapter in the run folder: {error}")
            print(f"[sqlm] no adapter of step {global_step}: {error}", flush=True)
