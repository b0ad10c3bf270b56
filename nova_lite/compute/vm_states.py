# SPDX-License-Identifier: Apache-2.0
"""What a server is, apart from what is being done to it. The words are Nova's."""
ACTIVE = 'active'
BUILDING = 'building'
PAUSED = 'paused'
STOPPED = 'stopped'
SUSPENDED = 'suspended'
ERROR = 'error'
DELETED = 'deleted'
