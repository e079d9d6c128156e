// Small helpers for text and files that every other part uses: trimming,
// splitting, globs, whole-file reading. Knows nothing of clauses or actors.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace conformance {

std::string Trim(std::string_view text);
std::vector<std::string> SplitWords(std::string_view text);
std::vector<std::string> SplitLines(std::string_view text);
std::vector<std::string> SplitAt(std::string_view text, char mark);
std::string Join(const std::vector<std::string> &parts, std::string_view glue);
std::string ReplaceAll(std::string text, std::string_view from,
                       std::string_view to);
bool StartsWith(std::string_view text, std::string_view prefix);
bool EndsWith(std::string_view text, std::string_view suffix);
bool Contains(const std::vector<std::string> &list, std::string_view word);

// One line that does nothing to a terminal and may stand in XML: line breaks,
// control characters, what changes the direction of writing, and bytes that
// are not UTF-8 become \n, \x1b, \u202e and the like.
std::string Printable(std::string_view text);

// `*` stands for any text and `?` for any one character; nothing else is
// special, so a clause id needs no escaping.
bool Glob(std::string_view pattern, std::string_view text);

// A filter as GoogleTest writes it, `a*:b*:-c*`, except that a minus sign is
// only special at the start of a pattern: clause ids hold hyphens.
// Any of the names may match.
bool FilterMatches(std::string_view filter,
                   const std::vector<std::string> &names);

// A number of digits alone, at most nine of them, which fits into an int.
std::optional<size_t> ReadCount(std::string_view text);

// The whole file, or nothing if it cannot be read or is no regular one: of
// /dev/zero there is no end.
std::optional<std::string> ReadFile(const std::string &path);
// Its last bytes, `limit` of them at most; empty if it cannot be read.
std::string ReadEnd(const std::string &path, size_t limit);
bool WriteFile(const std::string &path, std::string_view text, int mode = 0644);

// A text that is longer than the limit is cut in the middle.
std::string Cut(const std::string &text, size_t limit);

// The last `limit` bytes, starting at a line, with a mark if text was cut.
std::string Tail(const std::string &text, size_t limit);

}  // namespace conformance
