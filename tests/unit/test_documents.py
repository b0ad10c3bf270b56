# SPDX-License-Identifier: Apache-2.0
"""What the documents say of this tree is there."""
import re

import pytest

from tests.fixtures import sources

HERE = 2        # column of doc/nova.md


def rows():
    text = (sources.ROOT / 'doc' / 'nova.md').read_text()
    return [[cell.strip() for cell in line.strip('|').split('|')]
            for line in text.splitlines() if line.startswith('| ')][1:]


@pytest.mark.parametrize('row', rows(), ids=lambda row: row[0])
def test_comparison_with_nova_when_it_names_a_file_or_a_function_then_it_is_there(row):
    """A file is named from the root, from nova_lite, or beside the one before it; a name that is
    no file is defined in one of those of its row."""
    place, texts, names = sources.ROOT, [], []
    for word in re.findall(r'`([^`]+)`', row[HERE]):
        if not re.search(r'[./]', word):
            names.append(word.partition('(')[0])
            continue
        if word.startswith('ConductorManager.'):
            names.append(word.partition('.')[2])
            continue
        found = [path for path in (sources.ROOT / word, sources.ROOT / 'nova_lite' / word,
                                   place / word) if path.exists()]
        assert found, f'{word} of the step {row[0]!r} is not there'
        place = found[0].parent
        texts += [path.read_text() for path in (found[:1] if found[0].is_file() else ())]
    for name in names:
        assert any(name in text for text in texts) or name == 'compute_task', name
