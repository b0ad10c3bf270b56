# SPDX-License-Identifier: Apache-2.0
"""What a migration costs: measured on real servers and processes, as ratios inside one run.

``tools/bench NAME`` runs one benchmark; see doc/performance.md for the figures and what they mean.
"""
