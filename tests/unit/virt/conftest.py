# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the drivers' tests."""
from tests.fixtures.conf import options  # noqa: F401
