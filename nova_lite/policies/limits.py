# SPDX-License-Identifier: Apache-2.0
"""Who may see what a project uses."""
from nova_lite.policies import base

SHOW = 'os_compute_api:limits'
SHOW_OTHER_PROJECT = 'os_compute_api:limits:other_project'

RULES = [
    base.rule(SHOW, base.ANYBODY, 'Show the limits of the own project.', 'GET /limits'),
    base.rule(SHOW_OTHER_PROJECT, base.ADMIN, 'Show the limits of another project.',
              'GET /limits'),
]
