# SPDX-License-Identifier: Apache-2.0
"""The live-migration heart of OpenStack Nova as a small system.

Nothing is imported here: every process first chooses its concurrency model
(nova_lite.monkey_patch) and only then loads the rest.
"""

__version__ = '0.1.0'
