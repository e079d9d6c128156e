// What a process has open, and its limits, as /proc shows them; see proc.h.
// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "conformance/runner/proc.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::string ProcPath(pid_t pid, const std::string &name) {
  return "/proc/" + std::to_string(pid) + "/" + name;
}

std::optional<std::string> ReadLink(const std::string &path) {
  char target[PATH_MAX];
  ssize_t n = readlink(path.c_str(), target, sizeof target);
  if (n < 0) return std::nullopt;
  return std::string(target, static_cast<size_t>(n));
}

// The flags are octal; a descriptor that is gone is not inheritable either.
bool IsInheritable(pid_t pid, const std::string &number) {
  std::optional<std::string> text = ReadFile(ProcPath(pid, "fdinfo/" + number));
  for (const std::string &line : SplitLines(text.value_or(""))) {
    if (!StartsWith(line, "flags:")) continue;
    return (strtoul(line.c_str() + 6, nullptr, 8) & O_CLOEXEC) == 0;
  }
  return false;
}

std::optional<std::vector<std::string>> Targets(pid_t pid,
                                                bool only_inheritable) {
  DIR *dir = opendir(ProcPath(pid, "fd").c_str());
  if (dir == nullptr) return std::nullopt;
  std::vector<std::string> targets;
  while (const dirent *entry = readdir(dir)) {
    std::string number = entry->d_name;
    if (number[0] == '.') continue;
    if (only_inheritable && !IsInheritable(pid, number)) continue;
    std::optional<std::string> target = ProcLink(pid, "fd/" + number);
    if (target) targets.push_back(*target);
  }
  closedir(dir);
  std::sort(targets.begin(), targets.end());
  return targets;
}

}  // namespace

std::optional<std::string> ProcLink(pid_t pid, const std::string &name) {
  std::optional<std::string> target = ReadLink(ProcPath(pid, name));
  std::string root = ReadLink(ProcPath(pid, "root")).value_or("/");
  bool inside = target && root != "/" && StartsWith(*target, root + "/");
  return inside ? target->substr(root.size()) : target;
}

std::optional<std::vector<std::string>> OpenFiles(pid_t pid) {
  return Targets(pid, false);
}

std::optional<std::vector<std::string>> InheritableFiles(pid_t pid) {
  return Targets(pid, true);
}

int CountListening(pid_t pid, const std::vector<std::string> &targets) {
  std::optional<std::string> text = ReadFile(ProcPath(pid, "net/unix"));
  if (!text) return 0;
  int count = 0;
  for (const std::string &line : SplitLines(*text)) {
    // Num RefCount Protocol Flags Type St Inode [Path]; flag 0x10000 is
    // __SO_ACCEPTCON, the mark of a socket that listens.
    std::vector<std::string> fields = SplitWords(line);
    if (fields.size() < 7) continue;
    unsigned long flags = strtoul(fields[3].c_str(), nullptr, 16);
    if ((flags & 0x10000) == 0) continue;
    if (Contains(targets, "socket:[" + fields[6] + "]")) count++;
  }
  return count;
}

std::optional<long> OpenFilesLimit(pid_t pid) {
  std::optional<std::string> text = ReadFile(ProcPath(pid, "limits"));
  if (!text) return std::nullopt;
  for (const std::string &line : SplitLines(*text)) {
    if (!StartsWith(line, "Max open files")) continue;
    std::vector<std::string> words = SplitWords(line);
    if (words.size() < 4) return std::nullopt;
    return words[3] == "unlimited" ? -1 : atol(words[3].c_str());
  }
  return std::nullopt;
}

std::optional<long> Resident(pid_t pid) {
  std::optional<std::string> text = ReadFile(ProcPath(pid, "smaps_rollup"));
  for (const std::string &line : SplitLines(text.value_or(""))) {
    if (StartsWith(line, "Rss:")) return atol(line.c_str() + 4);
  }
  return std::nullopt;
}

}  // namespace conformance
