// Reads one line of an adapter as JSON, and refuses what JSON leaves open: how
// deep a value is, keys that are there twice, a byte-order mark. An adapter
// that nests without end must not take the runner down with it.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "conformance/runner/value.h"

namespace conformance {

// Lists and objects within each other. Every walk over a message recurses, so
// this bounds them all.
constexpr int kMessageDepth = 64;

// The message, which is an object; or else `problem` says in one clause what
// is wrong with the line.
Json ReadMessage(const std::string &line, std::string *problem);

}  // namespace conformance
