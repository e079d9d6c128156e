"""Judges an implementation of process contexts by the spec, as a test.

    load("@brood//conformance:defs.bzl", "conformance_test")

    conformance_test(
        name = "mine_test",
        adapter = ":my_adapter",       # any executable target
        expectations = "mine.expect",  # known failures, each with its reason
    )

A single case runs with --test_filter='process.exit.number/spawn', which takes
globs; any option of the runner can be given as --test_arg=OPTION.
"""

# --define=scale=N multiplies every deadline: slow tools, slow machines.
_SCALES = ["2", "3", "5", "10", "20"]

_VALGRIND = "'--wrap=valgrind -q --error-exitcode=99 --vgdb=no --trace-children=yes'"

def _ours(name):
    # Labels that mean the same in whichever workspace calls the macro.
    return str(Label("//conformance" + name))

def conformance_test(
        name,
        adapter,
        expectations = None,
        adapter_args = "",
        strict = False,
        spec = None,
        size = "medium",
        jobs = 2,
        shards = 1,
        args = [],
        data = [],
        **kwargs):
    """One test for one implementation; clauses are its cases.

    Args:
      name: the test's name.
      adapter: the adapter's executable target.
      expectations: a file of known failures.
      adapter_args: words for the adapter, before the path it is given.
      strict: whether a SHOULD that fails makes the test fail.
      spec: another spec's VERSION file, beside its chapters.
      size: as for every test. The runner's own deadlines are shorter.
      jobs: how many cases at a time; up to twice as many while the machine has
        processors to spare, as most cases wait most of the time.
      shards: one for each machine that takes part. Cases are dealt out in turn,
        and a clause has a case for each start method in turn as well: a number
        that shares no factor with that of the methods spreads them best.
      args: more options of the runner.
      data: more files.
      **kwargs: as for every test.
    """
    version = spec or _ours("/spec:VERSION")
    words = [
        "'--adapter=$(rootpath %s) %s'" % (adapter, adapter_args),
        "--spec=$(rootpath %s)" % version,
        "--jobs=%d" % jobs,
    ]
    files = [adapter, version]
    if not spec:
        files.append(_ours("/spec:spec"))
    if expectations:
        words.append("--expect=$(rootpath %s)" % expectations)
        files.append(expectations)
    if strict:
        words.append("--strict")
    scales = {_ours(":scale_" + n): ["--scale=" + n] for n in _SCALES}
    scales["//conditions:default"] = []
    native.cc_test(
        name = name,
        size = size,
        args = words + args + select(scales) + select({
            _ours(":under_valgrind"): [_VALGRIND],
            "//conditions:default": [],
        }),
        data = files + data,
        shard_count = shards,
        deps = [_ours("/runner:suite")],
        **kwargs
    )

def scale_settings():
    """Declares what the selects above ask for. Only for this package."""
    for n in _SCALES:
        native.config_setting(
            name = "scale_" + n,
            define_values = {"scale": n},
            visibility = ["//visibility:public"],
        )
    native.config_setting(
        name = "under_valgrind",
        define_values = {"valgrind": "yes"},
        visibility = ["//visibility:public"],
    )
