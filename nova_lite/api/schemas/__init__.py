# SPDX-License-Identifier: Apache-2.0
"""What a request may say, by resource and microversion, as JSON schemas."""
