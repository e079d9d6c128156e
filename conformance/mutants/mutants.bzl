"""Builds mutants of the library; see native.py."""

load("@bazel_tools//tools/cpp:toolchain_utils.bzl", "find_cpp_toolchain")

def _mutants_impl(ctx):
    out = ctx.actions.declare_directory(ctx.label.name)
    words = [find_cpp_toolchain(ctx).compiler_executable, out.path]
    words.append(ctx.file.base.path if ctx.attr.base else "base")
    ctx.actions.run(
        executable = ctx.executable._build,
        arguments = words + [file.path for file in ctx.files.srcs],
        inputs = ctx.files.sources + ctx.files.srcs + ctx.files.base,
        outputs = [out],
        mnemonic = "Mutants",
        progress_message = "Building mutants: " + ctx.label.name,
        use_default_shell_env = True,
    )
    return [DefaultInfo(files = depset([out]), runfiles = ctx.runfiles([out]))]

# A folder with the adapter of each mutant of `srcs`, named after it. Without a
# `base`: with what all of them share.
mutants = rule(
    implementation = _mutants_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = [".mut"]),
        "base": attr.label(allow_single_file = True),
        "sources": attr.label_list(allow_files = True),
        "_build": attr.label(
            default = ":build",
            executable = True,
            cfg = "exec",
        ),
        "_cc_toolchain": attr.label(
            default = "@bazel_tools//tools/cpp:current_cc_toolchain",
        ),
    },
    toolchains = ["@bazel_tools//tools/cpp:toolchain_type"],
)
