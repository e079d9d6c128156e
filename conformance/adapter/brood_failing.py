"""A preload that fails, but not for want of a module."""
# SPDX-License-Identifier: MIT
raise RuntimeError("this preload always fails")
