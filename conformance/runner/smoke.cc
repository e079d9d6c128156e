// The smoke test; see smoke.h. It is a chapter like any other.
// SPDX-License-Identifier: MIT
#include "conformance/runner/smoke.h"

namespace conformance {

namespace {

const char kChapter[] = R"(# The adapter alone

### smoke.pid
MUST · smoke · smoke · once · since 1.0
The adapter MUST answer with its own process id.
Source: PROTOCOL.md.

    kernel: p = pid(main)
    main: os.getpid() == p

### smoke.echo
MUST · smoke · smoke · once · since 1.0
What is given to the adapter MUST come back unchanged.
Source: PROTOCOL.md.

    main: os.putenv("BROOD_SMOKE", "é \"quoted\"")
    main: os.getenv("BROOD_SMOKE") == "é \"quoted\""
    main: os.set_cell(-7)
    main: os.cell() == -7

### smoke.error
MUST · smoke · smoke · once · since 1.0
An error MUST come back under its name.
Source: PROTOCOL.md.

    main: mp.get_context("no such method") raises ValueError

### smoke.output
MUST · smoke · smoke · once · since 1.0
What the adapter prints MUST reach its standard output.
Source: PROTOCOL.md.

    main: os.print("smoke")
    main: os.exit(0) ends
    output: text("stdout") == "smoke" within 5

### smoke.child
MUST · smoke · smoke · each · since 1.0
A child that runs the standard target agent MUST connect and serve.
Source: PROTOCOL.md.

    main: c = mp.get_context("$method")
    agent a = c()
    kernel: p = pid(a)
    a: os.getpid() == p
    a: bye
    main: a.process.join()
    main: a.process.exitcode == 0
)";

}  // namespace

void ReadSmoke(Spec *spec) {
  spec->version = "smoke";
  ReadChapter("smoke", kChapter, spec);
}

// The adapter is not asked for a start method that it does not have, and a
// probe would say of a feature that it lists it.
std::vector<Case> SmokeCases(const Spec &spec, Hello *hello) {
  hello->profiles = {"smoke"};
  hello->features = {"smoke"};
  std::vector<Case> cases;
  for (const Case &one : MakePlan(spec, *hello)) {
    if (!one.probe && one.decided == Verdict::kPass) cases.push_back(one);
  }
  return cases;
}

}  // namespace conformance
