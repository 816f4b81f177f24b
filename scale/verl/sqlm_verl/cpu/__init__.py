"""Trials without a GPU: gloo between processes of this machine, and a sampler on transformers. VERL_PLATFORM=cpu."""
