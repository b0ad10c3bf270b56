# SPDX-License-Identifier: Apache-2.0
"""The live-migration heart of OpenStack Nova as a small system.

Nothing is loaded here: every process first chooses its concurrency model
(nova_lite.monkey_patch) and only then loads the rest.
"""
import sys
import warnings

__version__ = '0.1.0'

# When eventlet goes is written in CONTRIBUTING.md; who runs a program cannot do anything about
# it. -W and PYTHONWARNINGS show what the libraries say all the same.
if not sys.warnoptions:
    warnings.filterwarnings('ignore', r'\s*Eventlet is deprecated')
    warnings.filterwarnings('ignore', category=DeprecationWarning, module='(eventlet|oslo|oslo_)')
