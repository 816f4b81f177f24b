"""Prompts in, completions out: token ids as the sampler sees them, and the text that the domains read."""

from typing import Any

Prompt = dict[str, Any]
"""`messages`, and where there are such `prefill` (behind the assistant's header) and `stop` (texts that end it)."""


def prompt_ids(tokenizer: Any, prompt: Prompt) -> list[int]:
    """Token ids of a prompt with its prefill, tokenised as one text."""
    text = tokenizer.apply_chat_template(prompt["messages"], add_generation_prompt=True, tokenize=False)
    return tokenizer(text + prompt.get("prefill", ""), add_special_tokens=False)["input_ids"]


def completion(tokenizer: Any, token_ids: list[int], stops: list[str], limit: int) -> tuple[str, str]:
    """Text before the first stop text, and why the completion ended: `stop` or `length` (`limit` tokens)."""
    text = tokenizer.decode(token_ids, skip_special_tokens=True)
    found = [at for at in (text.find(stop) for stop in stops if stop) if at >= 0]
    if found:
        return text[: min(found)], "stop"
    ended = bool(token_ids) and token_ids[-1] == tokenizer.eos_token_id
    return text, "stop" if ended or len(token_ids) < limit else "length"
