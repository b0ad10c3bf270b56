# SPDX-License-Identifier: Apache-2.0
"""Who may see the parts of the API by their old names."""
from nova_lite.policies import base

LOOK = 'os_compute_api:extensions'

RULES = [
    base.rule(LOOK, base.ANYBODY, 'List the parts of the API.', 'GET /extensions',
              'GET /extensions/{alias}'),
]
