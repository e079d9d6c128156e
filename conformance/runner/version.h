// Versions as implementations write them, "CPython 3.11.2" for one, and ranges
// of them in expectations.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace conformance {

// The first run of numbers with dots between them: {3, 11, 2} of the above.
// Empty if there is none.
std::vector<int> VersionNumbers(const std::string &text);

// "[3.13..]", "[..4.2]" or "[3.11..3.13]"; both ends belong to it, and 3.13.5
// is a 3.13. An empty text is every version.
class VersionRange {
 public:
  // False for a text that is no range.
  bool Read(const std::string &text);
  bool Holds(const std::string &version) const;
  const std::string &Text() const {
    return text_;
  }

 private:
  std::string text_;
  std::vector<int> from_, to_;
};

}  // namespace conformance
