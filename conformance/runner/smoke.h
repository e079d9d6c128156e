// The smoke test: a handful of scenarios that any adapter passes whose plumbing
// is right, whatever it implements.
// SPDX-License-Identifier: MIT
#ifndef BROOD_CONFORMANCE_RUNNER_SMOKE_H_
#define BROOD_CONFORMANCE_RUNNER_SMOKE_H_

#include "conformance/runner/session.h"
#include "conformance/runner/spec.h"

namespace conformance {

void ReadSmoke(Spec *spec);

// Adds the profile and the feature of the smoke test's clauses.
void ClaimSmoke(Hello *hello);

}  // namespace conformance

#endif  // BROOD_CONFORMANCE_RUNNER_SMOKE_H_
