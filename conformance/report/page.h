// The results as one HTML page that needs nothing else: no server, no other
// file, no request. Data go into it as one block of JSON, in which every text
// stands once; the page's own script makes all that is seen.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "conformance/report/matrix.h"

namespace conformance::report {

// With `compare` the page opens on what changed between the last run, which is
// the old one, and the first.
std::string MakePage(const Matrix &matrix, bool compare = false);

}  // namespace conformance::report
