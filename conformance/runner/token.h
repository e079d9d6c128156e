// Cuts one scenario line into words, JSON texts, numbers and signs. Only for
// the scenario parser.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "conformance/runner/value.h"

namespace conformance {

enum class TokenKind { kWord, kText, kBytes, kNumber, kSign, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;  // as written
  Json json;         // of kText, kBytes and kNumber
  size_t at = 0;     // column, from 0
};

// Ends with a kEnd token. A `#` outside a text starts a comment. Throws
// ParseError (scenario.h).
std::vector<Token> Tokenize(const std::string &line);

}  // namespace conformance
