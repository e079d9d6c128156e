// What a process has open, and its limits, as /proc shows them; see proc.h.
// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

#include "conformance/runner/proc.h"
#include "conformance/runner/text.h"

namespace conformance {

std::optional<std::string> ProcLink(pid_t pid, const std::string &name) {
  std::string path = "/proc/" + std::to_string(pid) + "/" + name;
  char target[PATH_MAX];
  ssize_t n = readlink(path.c_str(), target, sizeof target);
  if (n < 0) return std::nullopt;
  return std::string(target, static_cast<size_t>(n));
}

std::optional<std::vector<std::string>> OpenFiles(pid_t pid) {
  std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  DIR *dir = opendir(folder.c_str());
  if (dir == nullptr) return std::nullopt;
  std::vector<std::string> targets;
  while (const dirent *entry = readdir(dir)) {
    if (entry->d_name[0] == '.') continue;
    std::optional<std::string> target =
        ProcLink(pid, std::string("fd/") + entry->d_name);
    if (target) targets.push_back(*target);
  }
  closedir(dir);
  std::sort(targets.begin(), targets.end());
  return targets;
}

int CountListening(pid_t pid, const std::vector<std::string> &targets) {
  std::optional<std::string> text =
      ReadFile("/proc/" + std::to_string(pid) + "/net/unix");
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
  std::optional<std::string> text =
      ReadFile("/proc/" + std::to_string(pid) + "/limits");
  if (!text) return std::nullopt;
  for (const std::string &line : SplitLines(*text)) {
    if (!StartsWith(line, "Max open files")) continue;
    std::vector<std::string> words = SplitWords(line);
    if (words.size() < 4) return std::nullopt;
    return words[3] == "unlimited" ? -1 : atol(words[3].c_str());
  }
  return std::nullopt;
}

}  // namespace conformance
