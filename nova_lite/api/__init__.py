# SPDX-License-Identifier: Apache-2.0
"""The REST API: Nova's Compute API 2.1 to 2.80, where every migration begins."""
