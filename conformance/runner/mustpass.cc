// The frozen lists; see mustpass.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/mustpass.h"

#include <stdlib.h>

#include <map>
#include <utility>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::pair<int, int> Numbers(const std::string &version) {
  size_t dot = version.find('.');
  int minor = dot == std::string::npos ? 0 : atoi(version.c_str() + dot + 1);
  return {atoi(version.c_str()), minor};
}

// Ids and their methods.
std::map<std::string, std::string> Demanded(const Spec &spec,
                                            const std::string &version) {
  std::map<std::string, std::string> demanded;
  for (const Clause &clause : spec.clauses) {
    bool must = clause.level == "MUST" && clause.profile == "core" &&
                !clause.provisional && !clause.steps.empty();
    if (!must || IsLater(clause.since, version)) continue;
    demanded[clause.id] = Join(clause.methods, " ");
  }
  return demanded;
}

// "1.0" of "conformance/spec/mustpass-1.0.txt".
std::string VersionOf(const std::string &file) {
  size_t begin = file.rfind('-') + 1;
  return file.substr(begin, file.rfind('.') - begin);
}

}  // namespace

bool IsLater(const std::string &a, const std::string &b) {
  return Numbers(a) > Numbers(b);
}

std::string MustPassList(const Spec &spec, const std::string &version) {
  std::string list = "# What passes to conform to core of spec " + version +
                     ": clause, methods. Made by //conformance:mustpass.\n";
  for (const auto &[id, methods] : Demanded(spec, version)) {
    list += id + "  " + methods + "\n";
  }
  return list;
}

std::vector<Problem> LintMustPass(const Spec &spec, const std::string &file,
                                  const std::string &text) {
  std::string version = VersionOf(file);
  std::map<std::string, std::string> demanded = Demanded(spec, version);
  std::vector<Problem> problems;
  int number = 0;
  for (const std::string &line : SplitLines(text)) {
    number++;
    std::vector<std::string> words = SplitWords(line);
    if (words.empty() || words[0][0] == '#') continue;
    std::string id = words[0];
    words.erase(words.begin());
    auto found = demanded.find(id);
    bool same = found != demanded.end() && found->second == Join(words, " ");
    if (found != demanded.end()) demanded.erase(found);
    if (same || Contains(spec.retired, id)) continue;
    problems.push_back({{file, number},
                        id + " is frozen in " + version +
                            ", but is no MUST of core with these methods"});
  }
  for (const auto &[id, methods] : demanded) {
    problems.push_back(
        {spec.Find(id)->place,
         id + " cannot be since " + version + ": that is frozen in " + file});
  }
  return problems;
}

}  // namespace conformance
