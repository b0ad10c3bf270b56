# SPDX-License-Identifier: Apache-2.0
"""What each answer looks like at each microversion, by resource; read off Nova's history and not
off the views, which a test holds against it."""
