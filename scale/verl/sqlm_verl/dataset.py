"""verl wants a data set; the questions come from the policy itself, so that this one holds nothing."""

from typing import Any

from torch.utils.data import Dataset


class ProposerDataset(Dataset):
    """As many empty rows as a step has proposer groups: an epoch of verl is a step. Prompts are made in the trainer."""

    def __init__(self, config: Any, **_: Any) -> None:
        self._rows = int(config.train_batch_size)

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"raw_prompt": [], "index": index}
