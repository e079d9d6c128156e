// The operations that PROTOCOL.md and SCENARIOS.md define: read from their own
// tables, so that the checks of the spec cannot drift from what people read.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <vector>

#include "conformance/runner/spec.h"

namespace conformance {

// "os", "function", "mp", "kernel", "file", "output" and those of
// ObjectTables -> the names that its table gives, each with its place.
using Tables = std::map<std::string, std::map<std::string, Place>>;

// The tables of the objects that `mp` makes. Which of them a step means is not
// known before the run.
const std::vector<std::string> &ObjectTables();

// Reads every table whose first heading is one of the above and "call",
// "name", or nothing else, such as "| `os` call | meaning |". A row's names
// stand in backquotes in its first cell.
void ReadTables(const std::string &file, const std::string &text,
                Tables *tables);

}  // namespace conformance
