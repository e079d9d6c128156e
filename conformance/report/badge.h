// What one run says of one profile in a few words: as an SVG to show, and as
// the JSON that shields.io and its like take ("endpoint badge").
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "conformance/report/matrix.h"

namespace conformance::report {

struct Badge {
  std::string label;
  std::string message;
  std::string color;  // "#rrggbb"
};

// A run that is partial, or by another spec than the matrix's, is never green.
Badge MakeBadge(const Matrix &matrix, size_t run, const std::string &profile);

std::string BadgeSvg(const Badge &badge);
std::string BadgeJson(const Badge &badge);

}  // namespace conformance::report
