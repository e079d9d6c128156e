// Helpers for text and files; see text.h. No globals, no locale.
// SPDX-License-Identifier: MIT
#include "conformance/runner/text.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace conformance {

namespace {

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// The length of the UTF-8 sequence with which the text, not empty, begins; 0
// if there is none. A longer form than needed is none: some would read it.
size_t DecodeUtf8(std::string_view text, char32_t *code) {
  unsigned char first = static_cast<unsigned char>(text[0]);
  size_t size = first < 0x80             ? 1
                : (first & 0xe0) == 0xc0 ? 2
                : (first & 0xf0) == 0xe0 ? 3
                : (first & 0xf8) == 0xf0 ? 4
                                         : 0;
  if (size == 0 || size > text.size()) return 0;
  *code = size == 1 ? first : first & (0x7f >> size);
  for (size_t i = 1; i < size; i++) {
    unsigned char next = static_cast<unsigned char>(text[i]);
    if ((next & 0xc0) != 0x80) return 0;
    *code = *code << 6 | (next & 0x3f);
  }
  static const char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
  return *code < kLeast[size] || *code > 0x10ffff || surrogate ? 0 : size;
}

bool ActsOnReaders(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c ||
         (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069) || code == 0xfeff ||
         code == 0xfffe || code == 0xffff;
}

std::string Escape(char32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\t') return "\\t";
  char text[16];
  snprintf(text, sizeof text, code < 0x100 ? "\\x%02x" : "\\u%04x",
           static_cast<unsigned>(code));
  return text;
}

}  // namespace

std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    char32_t code = 0;
    size_t size = DecodeUtf8(text, &code);
    if (size == 0) code = static_cast<unsigned char>(text[0]);
    if (size == 0 || ActsOnReaders(code)) {
      out += Escape(code);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return out;
}

std::string Trim(std::string_view text) {
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && IsSpace(text[begin])) begin++;
  while (end > begin && IsSpace(text[end - 1])) end--;
  return std::string(text.substr(begin, end - begin));
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::vector<std::string> words;
  size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && IsSpace(text[at])) at++;
    size_t begin = at;
    while (at < text.size() && !IsSpace(text[at])) at++;
    if (at > begin) words.emplace_back(text.substr(begin, at - begin));
  }
  return words;
}

std::vector<std::string> SplitAt(std::string_view text, char mark) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (true) {
    size_t end = text.find(mark, begin);
    if (end == std::string_view::npos) break;
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

std::vector<std::string> SplitLines(std::string_view text) {
  std::vector<std::string> lines = SplitAt(text, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::string Join(const std::vector<std::string> &parts, std::string_view glue) {
  std::string out;
  for (size_t i = 0; i < parts.size(); i++) {
    if (i > 0) out += glue;
    out += parts[i];
  }
  return out;
}

std::string ReplaceAll(std::string text, std::string_view from,
                       std::string_view to) {
  size_t at = 0;
  while ((at = text.find(from, at)) != std::string::npos) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

bool StartsWith(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         text.substr(text.size() - suffix.size()) == suffix;
}

bool Contains(const std::vector<std::string> &list, std::string_view word) {
  for (const std::string &entry : list) {
    if (entry == word) return true;
  }
  return false;
}

bool Glob(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() &&
               (pattern[p] == '?' || pattern[p] == text[t])) {
      p++;
      t++;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') p++;
  return p == pattern.size();
}

bool FilterMatches(std::string_view filter,
                   const std::vector<std::string> &names) {
  bool any_positive = false, wanted = false, negative = false;
  for (const std::string &pattern : SplitAt(filter, ':')) {
    // As in GoogleTest, all that follows the first minus sign is taken out.
    if (StartsWith(pattern, "-")) negative = true;
    std::string_view glob = pattern;
    if (StartsWith(glob, "-")) glob.remove_prefix(1);
    if (glob.empty()) continue;
    any_positive = any_positive || !negative;
    for (const std::string &name : names) {
      if (!Glob(glob, name)) continue;
      if (negative) return false;
      wanted = true;
    }
  }
  return wanted || !any_positive;
}

std::optional<size_t> ReadCount(std::string_view text) {
  if (text.empty() || text.size() > 9) return std::nullopt;
  size_t number = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<size_t>(c - '0');
  }
  return number;
}

std::string ReadEnd(const std::string &path, size_t limit) {
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  off_t size = lseek(fd, 0, SEEK_END);
  off_t begin = std::max<off_t>(0, size - static_cast<off_t>(limit));
  std::string text(limit, '\0');
  ssize_t n = size < 0 ? -1 : pread(fd, text.data(), text.size(), begin);
  close(fd);
  text.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return text;
}

std::optional<std::string> ReadFile(const std::string &path) {
  // Without O_NONBLOCK a FIFO would hold the whole runner up.
  int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  struct stat st;
  if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
    close(fd);
    return std::nullopt;
  }
  std::string text;
  char buffer[16384];
  ssize_t n;
  // To its end, not to its size: files of /proc have none.
  while ((n = read(fd, buffer, sizeof buffer)) > 0) {
    text.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  if (n < 0) return std::nullopt;
  return text;
}

bool WriteFile(const std::string &path, std::string_view text, int mode) {
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                static_cast<mode_t>(mode));
  if (fd < 0) return false;
  while (!text.empty()) {
    ssize_t n = write(fd, text.data(), text.size());
    if (n < 0) {
      close(fd);
      return false;
    }
    text.remove_prefix(static_cast<size_t>(n));
  }
  return close(fd) == 0;
}

std::string Cut(const std::string &text, size_t limit) {
  if (text.size() <= limit) return text;
  return text.substr(0, limit / 2) + " ... " +
         text.substr(text.size() - limit / 2);
}

std::string Tail(const std::string &text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t begin = text.size() - limit;
  size_t newline = text.find('\n', begin);
  if (newline != std::string::npos && newline + 1 < text.size()) {
    begin = newline + 1;
  }
  return "...\n" + text.substr(begin);
}

}  // namespace conformance
