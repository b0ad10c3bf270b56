# SPDX-License-Identifier: Apache-2.0
"""The control level: the lab again, for what is done to a running copy and what befalls it."""
from tests.lab.conftest import boot, cloud, ground, lab, raw    # noqa: F401
