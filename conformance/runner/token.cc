// Cuts one scenario line into tokens; see token.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/token.h"

#include <cctype>

#include "conformance/runner/scenario.h"

namespace conformance {

namespace {

bool IsWordChar(char c) {
  return isalnum(static_cast<unsigned char>(c)) || c == '_';
}

bool IsDigit(char c) {
  return isdigit(static_cast<unsigned char>(c));
}

Json ParseJson(const std::string &text) {
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) throw ParseError("not a JSON value: " + text);
  return json;
}

size_t EndOfText(const std::string &line, size_t at) {
  for (size_t i = at + 1; i < line.size(); i++) {
    if (line[i] == '\\') {
      i++;
    } else if (line[i] == '"') {
      return i + 1;
    }
  }
  throw ParseError("a text without its closing quote");
}

size_t EndOfNumber(const std::string &line, size_t at) {
  size_t i = at + 1;
  while (i < line.size() &&
         (IsWordChar(line[i]) || line[i] == '.' ||
          ((line[i] == '-' || line[i] == '+') && line[i - 1] == 'e'))) {
    i++;
  }
  return i;
}

// `unordered==` is one sign, as are the two-character comparisons.
size_t EndOfSign(const std::string &line, size_t at) {
  static const char *const kSigns[] = {":=", "==", "!=", "<=", ">="};
  for (const char *sign : kSigns) {
    if (line.compare(at, 2, sign) == 0) return at + 2;
  }
  if (std::string("[](){},.:=<>").find(line[at]) != std::string::npos) {
    return at + 1;
  }
  throw ParseError(std::string("unexpected character '") + line[at] + "'");
}

Token NextToken(const std::string &line, size_t at, bool after_dot) {
  Token token;
  token.at = at;
  char c = line[at];
  size_t end;
  if (c == '"') {
    token.kind = TokenKind::kText;
    end = EndOfText(line, at);
  } else if (line.compare(at, 2, "b\"") == 0) {
    token.kind = TokenKind::kBytes;
    end = EndOfText(line, at + 1);
  } else if (IsDigit(c) ||
             (c == '-' && at + 1 < line.size() && IsDigit(line[at + 1]))) {
    token.kind = TokenKind::kNumber;
    end = EndOfNumber(line, at);
  } else if (IsWordChar(c)) {
    token.kind = TokenKind::kWord;
    end = at;
    while (end < line.size() && IsWordChar(line[end])) end++;
    if (!after_dot && line.compare(at, 11, "unordered==") == 0) {
      token.kind = TokenKind::kSign;
      end = at + 11;
    }
  } else {
    token.kind = TokenKind::kSign;
    end = EndOfSign(line, at);
  }
  token.text = line.substr(at, end - at);
  if (token.kind == TokenKind::kText || token.kind == TokenKind::kNumber) {
    token.json = ParseJson(token.text);
  } else if (token.kind == TokenKind::kBytes) {
    token.json = BytesValue(ParseJson(token.text.substr(1)));
  }
  return token;
}

}  // namespace

std::vector<Token> Tokenize(const std::string &line) {
  std::vector<Token> tokens;
  size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ' || line[at] == '\t') {
      at++;
      continue;
    }
    if (line[at] == '#') break;
    bool after_dot = !tokens.empty() && tokens.back().text == ".";
    tokens.push_back(NextToken(line, at, after_dot));
    at += tokens.back().text.size();
  }
  Token end;
  end.at = line.size();
  tokens.push_back(end);
  return tokens;
}

}  // namespace conformance
