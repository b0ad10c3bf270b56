# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the compute's tests."""
from tests.fixtures.conf import options  # noqa: F401
from tests.fixtures.db import _sqlite, database  # noqa: F401
