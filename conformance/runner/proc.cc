// Processes as /proc shows them; see proc.h. Descriptors and sockets are in
// proc_files.cc.
// SPDX-License-Identifier: MIT
#include "conformance/runner/proc.h"

#include <dirent.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <algorithm>
#include <map>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::string ProcPath(pid_t pid, const std::string &name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::vector<pid_t> NumericEntries(const std::string &folder) {
  std::vector<pid_t> pids;
  DIR *dir = opendir(folder.c_str());
  if (dir == nullptr) return pids;
  while (const dirent *entry = readdir(dir)) {
    pid_t pid = static_cast<pid_t>(atol(entry->d_name));
    if (pid > 0) pids.push_back(pid);
  }
  closedir(dir);
  std::sort(pids.begin(), pids.end());
  return pids;
}

// The command's name may hold spaces and parentheses: the fields are counted
// from the last closing one.
std::optional<ProcStat> ParseStat(pid_t pid, const std::string &text) {
  size_t close = text.rfind(')');
  if (close == std::string::npos) return std::nullopt;
  std::vector<std::string> fields =
      SplitWords(std::string_view(text).substr(close + 1));
  if (fields.size() < 18) return std::nullopt;
  ProcStat stat;
  stat.pid = pid;
  stat.state = fields[0][0];
  stat.parent = atoi(fields[1].c_str());
  stat.group = atoi(fields[2].c_str());
  stat.session = atoi(fields[3].c_str());
  stat.nice = atoi(fields[16].c_str());
  stat.threads = atoi(fields[17].c_str());
  return stat;
}

}  // namespace

std::optional<ProcStat> ReadStat(pid_t pid) {
  if (pid <= 0) return std::nullopt;
  std::optional<std::string> text = ReadFile(ProcPath(pid, "stat"));
  if (!text) return std::nullopt;
  return ParseStat(pid, *text);
}

bool IsAlive(pid_t pid) {
  std::optional<ProcStat> stat = ReadStat(pid);
  return stat && stat->state != 'Z' && stat->state != 'X';
}

bool IsZombie(pid_t pid) {
  std::optional<ProcStat> stat = ReadStat(pid);
  return stat && (stat->state == 'Z' || stat->state == 'X');
}

std::vector<pid_t> AllPids() {
  return NumericEntries("/proc");
}

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::vector<pid_t> children;
  for (pid_t other : AllPids()) {
    std::optional<ProcStat> stat = ReadStat(other);
    if (stat && stat->parent == pid) children.push_back(other);
  }
  return children;
}

std::vector<pid_t> DescendantsOf(pid_t pid) {
  std::multimap<pid_t, pid_t> children;
  for (pid_t other : AllPids()) {
    std::optional<ProcStat> stat = ReadStat(other);
    if (stat) children.emplace(stat->parent, other);
  }
  std::vector<pid_t> found = {pid};
  for (size_t i = 0; i < found.size(); i++) {
    auto range = children.equal_range(found[i]);
    for (auto it = range.first; it != range.second; ++it) {
      found.push_back(it->second);
    }
  }
  found.erase(found.begin());
  std::sort(found.begin(), found.end());
  return found;
}

bool IsDescendant(pid_t pid, pid_t ancestor) {
  // Each step reads a live parent, so the walk ends at pid 1 or 0.
  for (int depth = 0; depth < 1000; depth++) {
    std::optional<ProcStat> stat = ReadStat(pid);
    if (!stat) return false;
    if (stat->parent == ancestor) return true;
    pid = stat->parent;
  }
  return false;
}

size_t OthersThatRun() {
  std::optional<std::string> text = ReadFile("/proc/loadavg");
  size_t running;
  if (!text || sscanf(text->c_str(), "%*s %*s %*s %zu/", &running) != 1) {
    return SIZE_MAX;
  }
  return running > 0 ? running - 1 : 0;
}

bool AllThreadsSleep(pid_t pid) {
  std::string folder = ProcPath(pid, "task");
  std::vector<pid_t> threads = NumericEntries(folder);
  for (pid_t thread : threads) {
    std::optional<std::string> text =
        ReadFile(folder + "/" + std::to_string(thread) + "/stat");
    if (!text) return false;
    std::optional<ProcStat> stat = ParseStat(thread, *text);
    if (!stat || stat->state != 'S') return false;
  }
  return !threads.empty();
}

std::optional<std::string> StatusField(pid_t pid, const std::string &name) {
  std::optional<std::string> text = ReadFile(ProcPath(pid, "status"));
  if (!text) return std::nullopt;
  for (const std::string &line : SplitLines(*text)) {
    if (StartsWith(line, name + ":")) {
      return Trim(line.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

std::string SignalName(int number) {
  const char *name = sigabbrev_np(number);
  if (name != nullptr) return name;
  return "RT" + std::to_string(number);
}

int SignalNumber(const std::string &name) {
  for (int number = 1; number < NSIG; number++) {
    if (SignalName(number) == name) return number;
  }
  return 0;
}

std::vector<std::string> SignalsIn(const std::string &mask) {
  unsigned long long bits = strtoull(mask.c_str(), nullptr, 16);
  std::vector<std::string> names;
  for (int number = 1; number <= 64; number++) {
    bool kept = number > SIGSYS && number < SIGRTMIN;
    if (bits >> (number - 1) & 1 && !kept) names.push_back(SignalName(number));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string CommandLine(pid_t pid) {
  std::optional<std::string> text = ReadFile(ProcPath(pid, "cmdline"));
  if (!text || text->empty()) return "?";
  std::replace(text->begin(), text->end(), '\0', ' ');
  return Printable(Trim(text->substr(0, 200)));
}

std::string DescribeDescendants(pid_t pid) {
  std::string out;
  for (pid_t other : DescendantsOf(pid)) {
    std::optional<ProcStat> stat = ReadStat(other);
    if (!stat) continue;
    std::string wait = ReadFile(ProcPath(other, "wchan")).value_or("?");
    out += "pid " + std::to_string(other) + " parent " +
           std::to_string(stat->parent) + " state " + stat->state +
           " threads " + std::to_string(stat->threads) + " in " + wait + ": " +
           CommandLine(other) + "\n";
  }
  return out;
}

}  // namespace conformance
