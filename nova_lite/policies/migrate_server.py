# SPDX-License-Identifier: Apache-2.0
"""Who may ask for a live migration, and who may say where to."""
from nova_lite.policies import base

ROOT = 'os_compute_api:os-migrate-server:'
MIGRATE_LIVE = ROOT + 'migrate_live'
MIGRATE_LIVE_HOST = ROOT + 'migrate_live:host'

ACTION = 'POST /servers/{server_id}/action (os-migrateLive)'

RULES = [
    base.rule(MIGRATE_LIVE, base.PROJECT_MANAGER_OR_ADMIN,
              'Move a running server to another host.', ACTION),
    base.rule(MIGRATE_LIVE_HOST, base.ADMIN, 'Move a running server to a host of choice. A policy '
              f'file that sets {MIGRATE_LIVE} and not this one means both.', ACTION),
]
