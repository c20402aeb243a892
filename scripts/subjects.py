"""Subjects of commits: at most 72 characters, so that every list of them shows them whole.

python -m scripts.subjects FILE     as git's hook commit-msg, with the message in a file
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.affected import base

LONGEST = 72


def problem(message: str) -> str | None:
    """What is wrong with a commit's message; None if nothing is."""
    lines = [line for line in message.splitlines() if not line.startswith("#")]
    if not lines or not lines[0].strip():
        return "A commit needs a subject."
    if len(lines[0]) > LONGEST:
        return f"The subject has {len(lines[0])} characters; at most {LONGEST}: {lines[0]}"
    if len(lines) > 1 and lines[1].strip():
        return f"An empty line belongs between subject and body: {lines[0]}"
    return None


def problems(root: Path) -> list[str]:
    """What is wrong with the commits that are not in the branch `main` yet."""
    words = ["git", "log", "--no-merges", "--format=%B%x00", f"{base(root)}..HEAD"]
    messages = subprocess.run(words, cwd=root, capture_output=True, text=True).stdout.split("\0")
    return [found for message in messages if message.strip() and (found := problem(message.strip("\n")))]


def main(arguments: Sequence[str]) -> int:
    """Check the message in a file; returns the exit code."""
    said = problem(Path(arguments[0]).read_text(encoding="utf-8"))
    if said:
        print(said, file=sys.stderr)
    return int(said is not None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
