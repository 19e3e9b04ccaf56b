"""What peers.py looks at in a call's result, whatever the client names it."""

from dataclasses import dataclass


@dataclass
class Result:
    is_error: bool
    structured: dict | None
    text: str
    blocks: int
