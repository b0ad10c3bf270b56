# SPDX-License-Identifier: Apache-2.0
"""How the lab runs programs: argument lists, a time limit, and one-line errors."""
import subprocess
from collections.abc import Mapping, Sequence


class LabError(Exception):
    """The lab cannot go on; the message is one line that names the thing and the remedy."""


def run(*argv: object, timeout: float = 30, check: bool = True,
        environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess:
    """Run a program to its end with text pipes.

    :param timeout: seconds; the program is killed afterwards
    :raises LabError: it is missing, took too long, or (with ``check``) returned non-zero
    """
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors='replace', timeout=timeout, env=environment)
    except FileNotFoundError:
        raise LabError(f'{words[0]} is not installed') from None
    except subprocess.TimeoutExpired:
        raise LabError(f'{shown(words)} did not end within {timeout:g} s') from None
    if check and done.returncode:
        raise LabError(f'{shown(words)} failed ({done.returncode}): '
                       f'{last_line(done.stderr or done.stdout)}')
    return done


def shown(words: Sequence[str]) -> str:
    """The command for an error message: long ones lose their tail."""
    text = ' '.join(words)
    return text if len(text) <= 160 else text[:157] + '...'


def last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else 'no message'
