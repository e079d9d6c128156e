"""What a workspace needs for Brood and its conformance suite.

    local_repository(name = "brood", path = "…")

    load("@brood//conformance:deps.bzl", "brood_deps")

    brood_deps()

Everything is a Debian package, nothing is downloaded. A repository that the
workspace has declared before the call is left alone: so others point
@googletest, @nlohmann_json, @cjson and @libsodium elsewhere.
"""

# What Debian's Bazel would download, and where Debian has it.
_RULES = {
    "bazel_skylib": "/usr/share/bazel/tools/skylib",
    "platforms": "/usr/share/bazel/tools/platforms",
    "rules_java": "/usr/share/bazel/rules/java",
    "rules_proto": "/usr/share/bazel/rules/proto",
}

# Libraries: the folder that tools/third_party/NAME.BUILD describes.
_LIBRARIES = {
    "cjson": "/usr",
    "googletest": "/usr/src/googletest",
    "libsodium": "/usr",
    "nlohmann_json": "/usr",
}

# Debian's rules_cc needs a newer Bazel than Debian's Bazel; this re-exports the
# built-in rules.
_CC_RULES = "\n".join(["%s = native.%s" % (rule, rule) for rule in [
    "cc_binary",
    "cc_import",
    "cc_library",
    "cc_proto_library",
    "cc_test",
    "cc_toolchain",
    "cc_toolchain_suite",
    "objc_library",
]])

# `bazel test` asks for this label even when no coverage is collected.
_COVERAGE = """
filegroup(
    name = "coverage_report_generator",
    visibility = ["//visibility:public"],
)
"""

def _written_impl(ctx):
    for name, text in ctx.attr.files.items():
        ctx.file(name, text)

_written_repository = repository_rule(
    implementation = _written_impl,
    attrs = {"files": attr.string_dict()},
)

# Whether programs of peers are there: the constant of a loadable file.
def _peers_impl(ctx):
    has_node = ctx.which("node") != None
    if not has_node:
        print("node is not installed: //conformance/peers has no node_test")
    ctx.file("BUILD")
    ctx.file("peers.bzl", "HAS_NODE = %s" % has_node)

_peers_repository = repository_rule(
    implementation = _peers_impl,
    environ = ["PATH"],
    local = True,
)

def _declare(rule, name, **kwargs):
    if name not in native.existing_rules():
        rule(name = name, **kwargs)

def brood_deps(debians_bazel = True):
    """Declares each repository that is not there yet.

    Args:
      debians_bazel: whether Bazel is Debian's, which has its own rules in
        packages. Another Bazel finds these by itself.
    """
    for name, path in _LIBRARIES.items():
        _declare(
            native.new_local_repository,
            name,
            path = path,
            build_file = str(Label("//tools/third_party:%s.BUILD" % name)),
        )
    _declare(_written_repository, "rules_cc", files = {
        "BUILD": "",
        "cc/BUILD": "",
        "cc/defs.bzl": _CC_RULES,
    })
    _declare(_peers_repository, "brood_peers")
    if not debians_bazel:
        return
    for name, path in _RULES.items():
        _declare(native.local_repository, name, path = path)
    _declare(
        _written_repository,
        "remote_coverage_tools",
        files = {"BUILD": _COVERAGE},
    )
