# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the pure decisions' tests."""
from tests.fixtures.conf import options  # noqa: F401
