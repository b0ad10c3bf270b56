# SPDX-License-Identifier: Apache-2.0
"""What is being done to a server; None when nothing is. The words are Nova's."""
SCHEDULING = 'scheduling'
SPAWNING = 'spawning'
MIGRATING = 'migrating'
POWERING_OFF = 'powering-off'
POWERING_ON = 'powering-on'
PAUSING = 'pausing'
UNPAUSING = 'unpausing'
SUSPENDING = 'suspending'
RESUMING = 'resuming'
REBOOTING = 'rebooting'
REBOOTING_HARD = 'rebooting_hard'
DELETING = 'deleting'
