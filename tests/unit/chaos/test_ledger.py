# SPDX-License-Identifier: Apache-2.0
"""By which commit a run is known."""
import subprocess

import pytest

from tests.chaos import ledger


@pytest.mark.parametrize('changed, dirty', [
    ('doc/kill-matrix.md', False), ('doc/kill-matrix-lab.md', False), ('doc/other.md', True),
    ('code.py', True)])
def test_commit_when_only_a_table_has_changed_then_it_is_still_that_commit(
        tmp_path, monkeypatch, changed, dirty):
    monkeypatch.setattr(ledger, 'TOP', tmp_path)

    def git(*words):
        subprocess.run(['git', '-C', tmp_path, '-c', 'user.name=n', '-c', 'user.email=n@e.org',
                        *words], check=True, capture_output=True)

    git('init')
    (tmp_path / 'doc').mkdir()
    for name in ('doc/kill-matrix.md', 'doc/kill-matrix-lab.md', 'doc/other.md', 'code.py'):
        (tmp_path / name).write_text('as it was')
    git('add', '.')
    git('commit', '-m', 'one')
    assert not ledger.now()[1].endswith('-dirty')
    (tmp_path / changed).write_text('otherwise')
    assert ledger.now()[1].endswith('-dirty') == dirty
