// The digest that names a spec: SHA-256, so that `sha256sum` says the same.
// Written out, because the runner is meant to be built of a compiler,
// GoogleTest and one header, and to run from a single static file: no library
// of digests is there for that everywhere.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace conformance {

// 64 hexadecimal digits.
std::string Sha256(const std::string &text);

}  // namespace conformance
