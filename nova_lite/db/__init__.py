# SPDX-License-Identifier: Apache-2.0
"""The database: tables, transactions and the few verbs that :mod:`nova_lite.objects` needs.

Only the objects and ``nova-lite-manage`` import this package; a compute never does.
"""
