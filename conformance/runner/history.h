// Judges what consumers wrote down of what producers had made: nothing is lost,
// nothing comes twice, nothing comes that nobody made, and what one producer
// made comes in its order. A line is an item, as `consume` writes it
// (PROTOCOL.md). No I/O.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conformance/runner/value.h"

namespace conformance {

// The items of one producer: ID:0, ID:1 and so on.
struct Made {
  std::string id;
  std::optional<long> count;  // none: the producer was killed at some item
  long size = 0;              // characters that each has at least
};

// Reads a list of [id, count] or [id, count, size]; count null is none.
// Nothing if that is not what it is.
std::optional<std::vector<Made>> ReadMade(const Json &list);

// One text for each consumer. "ok", or a sentence about the first fault. Up to
// `lost` items may be missing: those that a consumer had got when it was
// killed.
std::string JudgeHistories(const std::vector<std::string> &histories,
                           const std::vector<Made> &made, long lost);

}  // namespace conformance
