# SPDX-License-Identifier: Apache-2.0
"""The lab's guest seen from outside: its program is here, and what reads its console."""
from nova_lite.lab.guest.ticks import Record, Tick, parse
from nova_lite.lab.guest.watch import GuestError, GuestWatch

__all__ = ['GuestError', 'GuestWatch', 'Record', 'Tick', 'parse']
