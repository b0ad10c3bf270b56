# SPDX-License-Identifier: Apache-2.0
"""Who may see host aggregates."""
from nova_lite.policies import base

INDEX = 'os_compute_api:os-aggregates:index'
SHOW = 'os_compute_api:os-aggregates:show'

RULES = [
    base.rule(INDEX, base.ADMIN, 'List the host aggregates.', 'GET /os-aggregates'),
    base.rule(SHOW, base.ADMIN, 'Show a host aggregate.', 'GET /os-aggregates/{aggregate_id}'),
]
