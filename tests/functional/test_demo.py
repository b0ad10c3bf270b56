# SPDX-License-Identifier: Apache-2.0
"""tools/demo --embedded as README tells it: the story to its end, and nothing left running."""
import os
import re
import subprocess

from tests.fixtures import sources

TIMEOUT = 110


def test_demo_when_embedded_then_tells_its_story_to_the_end(tmp_path):
    """It waited for a second system in the place of the first, and booted an image that is not
    there."""
    done = subprocess.run(
        [str(sources.ROOT / 'tools' / 'demo'), '--embedded'], capture_output=True, text=True,
        timeout=TIMEOUT, env={**os.environ, 'TMPDIR': str(tmp_path), 'HOME': str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    moved = re.search('the simulated guest moved from (compute[1-3]) to (compute[1-3])',
                      done.stderr)
    assert moved and moved[1] != moved[2], done.stderr
    assert 'completed' in done.stdout
    assert list(tmp_path.glob('tmp.*')) == [], 'its state directory is still there'
