"""What this package takes for granted of verl. Where verl moved, the test that fails says what and who needs it."""

import inspect
from importlib.metadata import version

import pytest

pytest.importorskip("verl")

from verl.experimental.agent_loop.agent_loop import AgentLoopBase, AgentLoopMetrics, AgentLoopOutput
from verl.trainer.ppo import padding_utils
from verl.trainer.ppo.checkpoint_callback import CheckpointCallback
from verl.trainer.ppo.v1 import replay_buffer, trainer_base
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.utils import tensordict_utils
from verl.workers.rollout.base import _ROLLOUT_REGISTRY, BaseRollout
from verl.workers.rollout.replica import RolloutReplica, RolloutReplicaRegistry, TokenOutput

METHODS = {
    # Overridden.
    "init": ["self"],
    "fit": ["self", "agent_loop_manager"],
    "prepare_step": ["self"],
    "_step_once": ["self", "metrics", "timing_raw", "sample_batch_size"],
    "_init_resource_pool_mgr": ["self"],
    # Called.
    "_submit_batch_to_rollout": ["self", "batch"],
    "_balance_batch": ["self", "batch", "metrics", "logging_prefix", "keep_minibatch"],
    "_compute_old_log_prob": ["self", "batch", "metrics"],
    "_compute_ref_log_prob": ["self", "batch", "metrics"],
    "_compute_advantage": ["self", "batch", "metrics"],
    "_update_actor": ["self", "batch", "metrics"],
    "on_sample_begin": ["self"],
    "on_sample_end": ["self"],
}


def parameters(function: object) -> list[str]:
    return list(inspect.signature(function).parameters)


def test_version() -> None:
    major, minor = version("verl").split(".")[:2]
    assert (major, minor) == ("0", "9"), "this package is written for verl 0.9: read what moved, then widen the pin"


@pytest.mark.parametrize("name", METHODS)
def test_method_of_the_trainer(name: str) -> None:
    method = getattr(PPOTrainerSync, name, None)
    assert method is not None, f"PPOTrainerSync.{name} is gone: sqlm_verl/trainer.py needs it"
    moved = f"PPOTrainerSync.{name} takes other arguments: sqlm_verl/trainer.py needs {METHODS[name]}"
    assert parameters(method) == METHODS[name], moved


def test_trainers_are_registered_by_name() -> None:
    import sqlm_verl.plugin  # noqa: F401

    assert trainer_base.get_trainer_cls("sqlm").__name__ == "SelfPlayTrainer"


def test_base_code_still_tests_for_the_mode_sync() -> None:
    # Where it no longer does, the trainer need not put the mode back.
    assert 'self.trainer_mode != "sync"' in inspect.getsource(trainer_base.PPOTrainer)


def test_attributes_that_the_trainer_reads() -> None:
    source = inspect.getsource(trainer_base.PPOTrainer)
    for name in ("replay_buffer", "tokenizer", "global_steps", "use_reference_policy", "resource_pool_manager"):
        assert f"self.{name}" in source, f"PPOTrainer.{name} is gone: sqlm_verl/trainer.py needs it"
    assert "role_worker_mapping" in source
    for key in ("ppo_mini_batch_size * self.config.actor_rollout_ref.rollout.n", '"actor/"'):
        assert key in source, f"mini-batches or names of figures changed: {key} (sqlm_verl/trainer.py)"


def test_rows_of_the_queue() -> None:
    assert 'f"{uid}_{session_id}_{i}"' in inspect.getsource(
        __import__("verl.trainer.ppo.v1.agent_loop_tq", fromlist=["x"])
    ), "keys of rows are no longer uid_session_index"
    assert parameters(replay_buffer.ReplayBuffer.sample) == ["self", "global_steps", "partition_id", "batch_size"]
    assert "is_padding" in inspect.getsource(padding_utils)
    assert "__rollout_n__" in inspect.getsource(__import__("verl.trainer.ppo.v1.agent_loop_tq", fromlist=["x"]))
    assert callable(tensordict_utils.get_tensordict) and callable(tensordict_utils.assign_non_tensor_data)


def test_agent_loop() -> None:
    assert {"prompt_ids", "response_ids", "response_mask", "response_logprobs", "reward_score", "num_turns"} <= set(
        AgentLoopOutput.model_fields
    )
    assert "generate_sequences" in AgentLoopMetrics.model_fields
    assert "server_manager" in parameters(AgentLoopBase.__init__)
    assert {"token_ids", "log_probs", "extra_fields"} <= set(TokenOutput.model_fields)


def test_checkpoint_callback() -> None:
    assert parameters(CheckpointCallback.on_save)[:5] == [
        "self",
        "trainer",
        "global_step",
        "checkpoint_dir",
        "async_save",
    ]


def test_places_for_the_sampler_of_trials() -> None:
    assert isinstance(_ROLLOUT_REGISTRY, dict)
    assert callable(RolloutReplicaRegistry.register)
    assert {"launch_servers"} <= set(dir(RolloutReplica))
    assert {"resume", "release", "update_weights"} <= set(dir(BaseRollout))
