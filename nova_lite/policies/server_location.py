# SPDX-License-Identifier: Apache-2.0
"""Who may ask all hosts for a server's guest, and take the place over that is proved."""
from nova_lite.policies import base

ROOT = 'os_compute_api:servers:location:'
SHOW = ROOT + 'show'
ACCEPT = ROOT + 'accept'

PATH = '/servers/{server_id}/location'

RULES = [
    base.rule(SHOW, base.ADMIN, 'Ask every host what it has of the guest of a server.',
              f'GET {PATH}'),
    base.rule(ACCEPT, base.ADMIN, 'Let a server live where its guest is proved to be.',
              f'POST {PATH}'),
]
