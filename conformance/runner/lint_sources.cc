// What a Source line cites against the notes that it cites, which are
// conformance/sources/facts.md and pains.md; see lint.h.
// SPDX-License-Identifier: MIT
#include <ctype.h>

#include "conformance/runner/lint.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

// Takes the characters of an id from the front of `text`: `CTX-36`, `B.5`,
// `§2.4`, whose sign is not ASCII. A stop behind it ends the sentence.
std::string TakeId(std::string_view *text) {
  size_t length = 0;
  while (length < text->size()) {
    unsigned char c = static_cast<unsigned char>((*text)[length]);
    if (!isalnum(c) && c != '-' && c != '.' && c < 0x80) break;
    length++;
  }
  while (length > 0 && (*text)[length - 1] == '.') length--;
  std::string id(text->substr(0, length));
  text->remove_prefix(length);
  return id;
}

bool HoldsDigit(const std::string &id) {
  for (char c : id) {
    if (isdigit(static_cast<unsigned char>(c))) return true;
  }
  return false;
}

// The ids at the front of `text`, with commas between them; `B.5 (40, 47)` is
// two. Words that follow the last one hold no digit: they are prose.
std::vector<std::string> TakeIds(std::string_view text) {
  std::vector<std::string> ids;
  for (;;) {
    std::string id = TakeId(&text);
    if (!HoldsDigit(id)) return ids;
    if (StartsWith(text, " (") && text.find(')') != text.npos) {
      size_t end = text.find(')');
      for (const std::string &row :
           SplitAt(std::string(text.substr(2, end - 2)), ',')) {
        ids.push_back(id + " (" + Trim(row) + ")");
      }
      text.remove_prefix(end + 1);
    } else {
      ids.push_back(id);
    }
    if (!StartsWith(text, ", ")) return ids;
    text.remove_prefix(2);
  }
}

}  // namespace

std::set<std::string> ReadSource(const std::string &text) {
  std::set<std::string> ids;
  std::string section;
  for (const std::string &line : SplitLines(text)) {
    if (StartsWith(line, "#")) {
      std::vector<std::string> words = SplitWords(line);
      section = words.size() > 1 ? words[1] : "";
      ids.insert(section);
    }
    if (StartsWith(line, "|")) {
      std::string row = Trim(SplitAt(line, '|')[1]);
      ids.insert(row);
      ids.insert(section + " (" + row + ")");
    }
  }
  return ids;
}

std::vector<Problem> LintCitations(const Place &place, const std::string &text,
                                   const Sources &sources) {
  std::vector<Problem> problems;
  for (const auto &source : sources) {
    std::string word = source.first + " ";
    for (size_t at = text.find(word); at != text.npos;
         at = text.find(word, at + 1)) {
      if (at > 0 && isalnum(static_cast<unsigned char>(text[at - 1]))) continue;
      std::string_view rest = std::string_view(text).substr(at + word.size());
      std::vector<std::string> ids = TakeIds(rest);
      if (ids.empty()) {
        problems.push_back({place, "no id follows '" + source.first + "'"});
      }
      for (const std::string &id : ids) {
        if (source.second.count(id) != 0) continue;
        problems.push_back(
            {place, "sources/" + source.first + ".md has no '" + id + "'"});
      }
    }
  }
  return problems;
}

std::vector<Problem> LintSources(const Spec &spec, const Sources &sources) {
  std::vector<Problem> problems;
  for (const Clause &clause : spec.clauses) {
    for (const Problem &problem :
         LintCitations(clause.place, clause.source, sources)) {
      problems.push_back({problem.place, clause.id + ": " + problem.text});
    }
  }
  return problems;
}

}  // namespace conformance
