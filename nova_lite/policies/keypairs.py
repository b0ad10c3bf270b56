# SPDX-License-Identifier: Apache-2.0
"""Who may see key pairs: each user the own ones."""
from nova_lite.policies import base

INDEX = 'os_compute_api:os-keypairs:index'
SHOW = 'os_compute_api:os-keypairs:show'

OWN = f'({base.ADMIN}) or user_id:%(user_id)s'

RULES = [
    base.rule(INDEX, OWN, 'List the own key pairs.', 'GET /os-keypairs'),
    base.rule(SHOW, OWN, 'Show an own key pair.', 'GET /os-keypairs/{keypair_name}'),
]
