// The smoke test: a handful of scenarios that any adapter passes whose plumbing
// is right, whatever it implements.
// SPDX-License-Identifier: MIT
#pragma once

#include "conformance/runner/plan.h"

namespace conformance {

void ReadSmoke(Spec *spec);

// The cases for an adapter, whatever its hello says that it has, but for the
// start methods; `hello` then claims the profile of the smoke test alone.
std::vector<Case> SmokeCases(const Spec &spec, Hello *hello);

}  // namespace conformance
