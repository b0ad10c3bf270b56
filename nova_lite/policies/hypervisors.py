# SPDX-License-Identifier: Apache-2.0
"""Who may see the hosts and what they have left."""
from nova_lite.policies import base

ROOT = 'os_compute_api:os-hypervisors:'
LIST = ROOT + 'list'
LIST_DETAIL = ROOT + 'list-detail'
SHOW = ROOT + 'show'
STATISTICS = ROOT + 'statistics'
UPTIME = ROOT + 'uptime'
SEARCH = ROOT + 'search'
SERVERS = ROOT + 'servers'

RULES = [
    base.rule(LIST, base.ADMIN, 'List the hypervisors.', 'GET /os-hypervisors'),
    base.rule(LIST_DETAIL, base.ADMIN, 'List them with details.', 'GET /os-hypervisors/detail'),
    base.rule(SHOW, base.ADMIN, 'Show a hypervisor.', 'GET /os-hypervisors/{hypervisor_id}'),
    base.rule(STATISTICS, base.ADMIN, 'Show the sums over all hypervisors.',
              'GET /os-hypervisors/statistics'),
    base.rule(UPTIME, base.ADMIN, 'Show how long a hypervisor has been up.',
              'GET /os-hypervisors/{hypervisor_id}/uptime'),
    base.rule(SEARCH, base.ADMIN, 'Find hypervisors by a part of their name.',
              'GET /os-hypervisors/{pattern}/search'),
    base.rule(SERVERS, base.ADMIN, 'List the servers of the hypervisors found so.',
              'GET /os-hypervisors/{pattern}/servers'),
]
