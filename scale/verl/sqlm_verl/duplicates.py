"""The questions of a run so far, by the fingerprints that the domains give them."""

import base64
from typing import Any

import numpy as np

Fingerprint = dict[str, str]
"""`key`, `behaviour` and `signature` (MinHash: 32-bit little-endian numbers, base64), each where the domain has it."""


class DuplicateIndex:
    """Finds the earlier question that a new one repeats. `threshold`: similarity in [0, 1] of near-duplicates."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._keys: dict[str, str] = {}
        self._behaviours: dict[str, str] = {}
        self._ids: list[str] = []
        self._signatures = np.empty((0, 128), dtype="<u4")

    def add(self, question_id: str, fingerprint: Fingerprint) -> None:
        if "key" in fingerprint:
            self._keys.setdefault(fingerprint["key"], question_id)
        if "behaviour" in fingerprint:
            self._behaviours.setdefault(fingerprint["behaviour"], question_id)
        if "signature" in fingerprint:
            self._append(question_id, _numbers(fingerprint["signature"]))

    def nearest(self, fingerprint: Fingerprint) -> dict[str, Any] | None:
        """The most similar earlier question, the first of equals: its id, the similarity, whether it is a duplicate."""
        same = self._keys.get(fingerprint.get("key", ""))
        if same is not None:
            return {"id": same, "similarity": 1.0, "duplicate": True}
        if "signature" not in fingerprint or not self._ids:
            return None
        known = self._signatures[: len(self._ids)]
        similarities = (known == _numbers(fingerprint["signature"])).mean(axis=1)
        best = int(similarities.argmax())
        similarity = float(similarities[best])
        return {"id": self._ids[best], "similarity": similarity, "duplicate": similarity >= self.threshold}

    def behaving_alike(self, fingerprint: Fingerprint) -> str | None:
        """The first earlier question whose reference does the same."""
        return self._behaviours.get(fingerprint["behaviour"]) if "behaviour" in fingerprint else None

    def rejection(self, fingerprint: Fingerprint, behaviours: str) -> dict[str, str] | None:
        """Why a question is rejected as one that was asked before. `behaviours`: the setting behaviourDuplicates."""
        nearest = self.nearest(fingerprint)
        if nearest is not None and nearest["duplicate"]:
            share = int(nearest["similarity"] * 100 + 0.5)
            likeness = "It is" if nearest["similarity"] == 1 else f"Its statement is {share} %"
            return {"reason": "near_duplicate", "detail": f"{likeness} like that of {nearest['id']}."}
        same = self.behaving_alike(fingerprint) if behaviours == "reject" else None
        if same is not None:
            detail = f"Its reference solution does the same as that of {same}."
            return {"reason": "same_behaviour", "detail": detail}
        return None

    def _append(self, question_id: str, signature: np.ndarray) -> None:
        count = len(self._ids)
        if count == len(self._signatures):
            room = np.empty((max(1024, 2 * count), 128), dtype="<u4")
            room[:count] = self._signatures[:count]
            self._signatures = room
        self._signatures[count] = signature
        self._ids.append(question_id)


def _numbers(signature: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(signature), dtype="<u4")
