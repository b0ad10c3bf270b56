# SPDX-License-Identifier: Apache-2.0
import hashlib
import os

import pytest

from nova_lite.virt import digests


@pytest.fixture
def computed(monkeypatch):
    """How often a file was read."""
    reads, compute = [], digests._compute
    monkeypatch.setattr(digests, '_compute', lambda stream: reads.append(1) or compute(stream))
    return reads


def test_digest_when_asked_again_then_the_file_is_not_read_again(tmp_path, computed):
    path = tmp_path / 'image'
    path.write_bytes(b'one')
    for _ in range(3):
        assert digests.of_file(str(path)) == hashlib.sha256(b'one').hexdigest()
    assert len(computed) == 1


def test_digest_when_a_file_of_the_same_size_and_time_takes_its_place_then_is_its_own(tmp_path):
    path, other = tmp_path / 'image', tmp_path / 'other'
    path.write_bytes(b'one')
    other.write_bytes(b'two')
    os.utime(path, ns=(5, 5))
    os.utime(other, ns=(5, 5))
    digests.of_file(str(path))
    other.rename(path)
    assert digests.of_file(str(path)) == hashlib.sha256(b'two').hexdigest()


def test_digest_when_the_file_changes_while_it_is_read_then_refused(tmp_path, monkeypatch):
    path = tmp_path / 'image'
    path.write_bytes(b'one')
    monkeypatch.setattr(digests, '_compute', lambda stream: path.write_bytes(b'three') and 'x')
    with pytest.raises(OSError, match='being written to'):
        digests.of_file(str(path))


def test_digest_when_there_are_many_files_then_the_oldest_are_forgotten(tmp_path, monkeypatch,
                                                                        computed):
    monkeypatch.setattr(digests, 'MOST', 2)
    monkeypatch.setattr(digests, '_known', type(digests._known)())
    for name in ('a', 'b', 'c', 'a'):
        (tmp_path / name).touch()
        digests.of_file(str(tmp_path / name))
    assert len(digests._known) == 2
