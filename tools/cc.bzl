"""The C and C++ rules, with the standards that this project is written in.

They stand here and not in .bazelrc, which holds for one workspace only: so
Brood's targets build as they are from any other.
"""

load(
    "@rules_cc//cc:defs.bzl",
    _cc_binary = "cc_binary",
    _cc_library = "cc_library",
    _cc_test = "cc_test",
)

def _standard(srcs):
    is_c = [src for src in srcs if src.endswith(".c")]
    return ["-std=c11"] if is_c else ["-std=c++17"]

def cc_binary(srcs = [], copts = [], **kwargs):
    _cc_binary(srcs = srcs, copts = _standard(srcs) + copts, **kwargs)

def cc_library(srcs = [], copts = [], **kwargs):
    _cc_library(srcs = srcs, copts = _standard(srcs) + copts, **kwargs)

def cc_test(srcs = [], copts = [], **kwargs):
    _cc_test(srcs = srcs, copts = _standard(srcs) + copts, **kwargs)
