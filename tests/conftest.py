# SPDX-License-Identifier: Apache-2.0
"""Every level is a run that ends what it has started: see :mod:`tests.run`."""
from tests.run import pytest_configure  # noqa: F401
