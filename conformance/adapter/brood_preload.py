"""The standard preload: counts how often it ran."""
# SPDX-License-Identifier: MIT
import builtins

builtins.brood_preloaded = getattr(builtins, "brood_preloaded", 0) + 1
print("preloading ", end="")
