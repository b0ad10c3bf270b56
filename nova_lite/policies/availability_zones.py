# SPDX-License-Identifier: Apache-2.0
"""Who may see the availability zones."""
from nova_lite.policies import base

LIST = 'os_compute_api:os-availability-zone:list'
DETAIL = 'os_compute_api:os-availability-zone:detail'

RULES = [
    base.rule(LIST, base.ANYBODY, 'List the availability zones.', 'GET /os-availability-zone'),
    base.rule(DETAIL, base.ADMIN, 'List them with their hosts.',
              'GET /os-availability-zone/detail'),
]
