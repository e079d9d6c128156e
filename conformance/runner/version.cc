// Versions; see version.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/version.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>

#include <algorithm>

namespace conformance {

namespace {

bool IsDigit(char c) {
  return isdigit(static_cast<unsigned char>(c)) != 0;
}

// Below, at or above 0 as `a` is lower, the same or higher in as many places as
// are asked; what is not there counts as 0.
int Compare(const std::vector<int> &a, const std::vector<int> &b,
            size_t places) {
  for (size_t i = 0; i < places; i++) {
    int left = i < a.size() ? a[i] : 0, right = i < b.size() ? b[i] : 0;
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

}  // namespace

std::vector<int> VersionNumbers(const std::string &text) {
  std::vector<int> numbers;
  size_t at = 0;
  while (at < text.size() && !IsDigit(text[at])) at++;
  while (at < text.size() && IsDigit(text[at])) {
    char *end;
    // Beyond an int all are the greatest.
    long number = std::min(strtol(&text[at], &end, 10), long{INT_MAX});
    numbers.push_back(static_cast<int>(number));
    at = static_cast<size_t>(end - text.data());
    if (at < text.size() && text[at] == '.') at++;
  }
  return numbers;
}

bool VersionRange::Read(const std::string &text) {
  *this = VersionRange();
  if (text.empty()) return true;
  size_t dots = text.find("..");
  if (dots == std::string::npos || text.front() != '[' || text.back() != ']') {
    return false;
  }
  std::string from = text.substr(1, dots - 1);
  std::string to = text.substr(dots + 2, text.size() - dots - 3);
  const char good[] = "0123456789.";
  if ((from + to).empty() ||
      (from + to).find_first_not_of(good) != std::string::npos) {
    return false;
  }
  text_ = text;
  from_ = VersionNumbers(from);
  to_ = VersionNumbers(to);
  return Compare(from_, to_, to_.size()) <= 0;
}

bool VersionRange::Holds(const std::string &version) const {
  std::vector<int> numbers = VersionNumbers(version);
  size_t all = std::max(numbers.size(), from_.size());
  return Compare(numbers, from_, all) >= 0 &&
         Compare(numbers, to_, to_.size()) <= 0;
}

}  // namespace conformance
