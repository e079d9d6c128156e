// The checker of histories; see history.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/history.h"

#include <algorithm>
#include <map>
#include <set>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

// A number as a producer writes it: no sign, no leading zero.
std::optional<long> ReadNumber(const std::string &text) {
  bool digits = !text.empty() && text.size() <= 15 &&
                text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || (text[0] == '0' && text.size() > 1)) return std::nullopt;
  return std::stol(text);
}

class Judge {
 public:
  Judge(const std::vector<Made> &made, long lost) : lost_(lost) {
    for (const Made &one : made) made_[one.id] = one;
  }

  // "" while there is no fault.
  std::string Read(const std::string &history, size_t number);
  std::string FindLost() const;

 private:
  std::string ReadLine(const std::string &line, const std::string &where,
                       std::map<std::string, long> *last);

  std::map<std::string, Made> made_;
  std::map<std::string, std::set<long>> seen_;
  long lost_;
};

// ID:K, or ID:K+DOTS.
std::string Judge::ReadLine(const std::string &line, const std::string &where,
                            std::map<std::string, long> *last) {
  std::string foreign = "foreign: " + where + " has " + line;
  std::vector<std::string> halves = SplitAt(line, '+');
  std::string item = halves[0];
  std::vector<std::string> parts = SplitAt(item, ':');
  if (halves.size() > 2 || parts.size() != 2) return foreign;
  auto made = made_.find(parts[0]);
  std::optional<long> k = ReadNumber(parts[1]);
  if (made == made_.end() || !k) return foreign;
  const Made &maker = made->second;
  if (maker.count && *k >= *maker.count) return foreign;
  long dots = std::max(0L, maker.size - static_cast<long>(item.size()));
  std::string whole = item + (dots > 0 ? "+" + std::to_string(dots) : "");
  if (line != whole) {
    return "torn: " + where + " has " + line + ", not " + whole;
  }
  if (!seen_[parts[0]].insert(*k).second) {
    return "twice: " + item + ", the second time in " + where;
  }
  auto before = last->find(parts[0]);
  if (before != last->end() && before->second > *k) {
    return "order: " + where + " has " + item + " after " + parts[0] + ":" +
           std::to_string(before->second);
  }
  (*last)[parts[0]] = *k;
  return "";
}

std::string Judge::Read(const std::string &history, size_t number) {
  std::string where = "consumer " + std::to_string(number);
  if (!history.empty() && history.back() != '\n') {
    return "torn: the last line of " + where + " does not end";
  }
  std::map<std::string, long> last;
  for (const std::string &line : SplitLines(history)) {
    std::string fault = ReadLine(line, where, &last);
    if (!fault.empty()) return fault;
  }
  return "";
}

std::string Judge::FindLost() const {
  long missing = 0;
  std::string first;
  for (const auto &entry : made_) {
    auto seen = seen_.find(entry.first);
    long end = entry.second.count.value_or(0);
    if (!entry.second.count && seen != seen_.end()) {
      end = *seen->second.rbegin() + 1;
    }
    for (long k = 0; k < end; k++) {
      if (seen != seen_.end() && seen->second.count(k) != 0) continue;
      if (missing++ == 0) first = entry.first + ":" + std::to_string(k);
    }
  }
  if (missing <= lost_) return "";
  return "lost: " + std::to_string(missing) + " items, the first " + first;
}

}  // namespace

std::optional<std::vector<Made>> ReadMade(const Json &list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<Made> made;
  for (const Json &one : list) {
    bool good = one.is_array() && (one.size() == 2 || one.size() == 3) &&
                one[0].is_string() &&
                (one[1].is_null() || one[1].is_number_integer()) &&
                (one.size() == 2 || one[2].is_number_integer());
    if (!good) return std::nullopt;
    Made maker;
    maker.id = one[0].get<std::string>();
    if (!one[1].is_null()) maker.count = one[1].get<long>();
    if (one.size() == 3) maker.size = one[2].get<long>();
    made.push_back(maker);
  }
  return made;
}

std::string JudgeHistories(const std::vector<std::string> &histories,
                           const std::vector<Made> &made, long lost) {
  Judge judge(made, lost);
  for (size_t i = 0; i < histories.size(); i++) {
    std::string fault = judge.Read(histories[i], i + 1);
    if (!fault.empty()) return fault;
  }
  std::string fault = judge.FindLost();
  return fault.empty() ? "ok" : fault;
}

}  // namespace conformance
