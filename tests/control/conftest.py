# SPDX-License-Identifier: Apache-2.0
"""The control level: the lab again, for what is done to a running copy and what befalls it, for
the ways on which it may go, and for what every driver must do."""
import pytest

from nova_lite.lab.image import Image
from tests.lab import control
from tests.lab.conftest import _watcher, boot, cloud, ground, lab, one_copy, raw  # noqa: F401
from tests.lab.control import BUSY, BUSY_MIB, BUSY_RATE


@pytest.fixture(scope='module')
def busy(lab):     # noqa: F811
    """An image whose guests dirty their memory faster than they may be copied."""
    Image(BUSY, dirty=BUSY_MIB, rate=BUSY_RATE).write(lab.state.images)
    return BUSY


@pytest.fixture
def options(lab):     # noqa: F811
    chosen = control.Options(lab)
    yield chosen
    chosen.write('')
