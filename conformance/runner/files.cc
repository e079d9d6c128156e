// The pseudo-actors `file` and `output`; see pseudo.h.
// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/runner/history.h"
#include "conformance/runner/pseudo.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

constexpr off_t kOutputLimit = 16 << 20;

[[noreturn]] void Refuse(const std::string &what) {
  StopUnresolved(what + ": " + strerror(errno));
}

std::string TextOf(const Json &value) {
  if (!value.is_string()) StopUnresolved("not a text: " + Show(value));
  return value.get<std::string>();
}

void ExpectArgs(const std::string &name, const std::vector<Json> &args,
                size_t number) {
  if (args.size() != number) {
    StopUnresolved(name + " takes " + std::to_string(number) + " arguments");
  }
}

// JSON holds only UTF-8; what else a process printed is replaced.
Json TextValue(const std::string &text) {
  Json whole = text;
  return Json::parse(
      whole.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

Files::~Files() {
  for (int fd : opened_) close(fd);
}

std::string Files::Path(const Json &name) const {
  std::string text = TextOf(name);
  if (StartsWith(text, folder_ + "/")) text = text.substr(folder_.size() + 1);
  if (text.empty() || text[0] == '/' || text.find("..") != std::string::npos) {
    StopUnresolved("file: a name within $tmp, not " + text);
  }
  return folder_ + "/" + text;
}

// Whoever waits in open() or read() gets through when the write end opens and
// closes; whoever comes later finds an empty regular file instead.
void Files::OpenGate(const std::string &path) {
  int keeper = open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  int writer = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat st;
  bool gate = keeper >= 0 && fstat(keeper, &st) == 0 && S_ISFIFO(st.st_mode);
  if (!gate) {
    if (keeper >= 0) close(keeper);
    if (writer >= 0) close(writer);
    StopUnresolved("file: no gate at " + path);
  }
  std::string empty = path + ".open";
  if (!WriteFile(empty, "") || rename(empty.c_str(), path.c_str()) != 0) {
    Refuse("open_gate");
  }
  if (writer >= 0) close(writer);
  opened_.push_back(keeper);
}

void Files::Pulse() {
  for (int keeper : opened_) {
    std::string path = "/proc/self/fd/" + std::to_string(keeper);
    int writer = open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (writer >= 0) close(writer);
  }
}

Json Files::History(const std::vector<Json> &args) const {
  ExpectArgs("file: history", args, 3);
  std::vector<std::string> histories;
  for (const Json &name : args[0]) {
    // Whoever was killed before it got anything has left no file.
    histories.push_back(ReadFile(Path(name)).value_or(""));
  }
  std::optional<std::vector<Made>> made = ReadMade(args[1]);
  if (!args[0].is_array() || !made || !args[2].is_number_integer()) {
    StopUnresolved("file: history takes files, what was made, and a number");
  }
  return JudgeHistories(histories, *made, args[2].get<long>());
}

static Json ModeOf(const std::string &path) {
  struct stat status;
  if (lstat(path.c_str(), &status) != 0) return nullptr;
  char digits[8];
  snprintf(digits, sizeof digits, "%o", status.st_mode & 07777);
  return digits;
}

Json Files::Call(const std::string &name, const std::vector<Json> &args) {
  if (name == "history") return History(args);
  bool two = name == "write" || name == "executable";
  ExpectArgs("file: " + name, args, two ? 2 : 1);
  std::string path = Path(args[0]);
  if (name == "make_gate") {
    if (mkfifo(path.c_str(), 0600) != 0) Refuse("make_gate");
  } else if (name == "open_gate") {
    OpenGate(path);
  } else if (name == "text") {
    std::optional<std::string> text = ReadFile(path);
    return text ? TextValue(*text) : Json();
  } else if (name == "exists") {
    return access(path.c_str(), F_OK) == 0;
  } else if (name == "mode") {
    return ModeOf(path);
  } else if (name == "write") {
    if (!WriteFile(path, TextOf(args[1]), 0600)) Refuse("write");
  } else if (name == "executable") {
    if (!WriteFile(path, TextOf(args[1]), 0700)) Refuse("executable");
  } else if (name == "mkdir") {
    if (mkdir(path.c_str(), 0700) != 0) Refuse("mkdir");
  } else if (name == "rmdir") {
    if (rmdir(path.c_str()) != 0) Refuse("rmdir");
  } else {
    StopUnresolved("file: no such call: " + name);
  }
  return nullptr;
}

void BoundOutput(const Folder &folder) {
  for (const char *stream : {"stdout", "stderr"}) {
    struct stat file = {};
    if (stat(folder.Output(stream).c_str(), &file) != 0) continue;
    if (file.st_size <= kOutputLimit) continue;
    StopUnresolved("the adapter wrote " + std::to_string(file.st_size) +
                   " bytes to its " + stream + "; at most " +
                   std::to_string(kOutputLimit));
  }
}

Json CallOutput(const Folder &folder, const std::string &name,
                const std::vector<Json> &args) {
  ExpectArgs("output: " + name, args, name == "count" ? 2 : 1);
  std::string stream = TextOf(args[0]);
  if (stream != "stdout" && stream != "stderr") {
    StopUnresolved("output: there are stdout and stderr, not " + stream);
  }
  BoundOutput(folder);
  std::string text = ReadFile(folder.Output(stream)).value_or("");
  if (name == "text") return TextValue(text);
  if (name != "count") StopUnresolved("output: no such call: " + name);
  std::string needle = TextOf(args[1]);
  if (needle.empty()) StopUnresolved("output: count of an empty text");
  long count = 0;
  size_t at = 0;
  while ((at = text.find(needle, at)) != std::string::npos) {
    count++;
    at += needle.size();
  }
  return count;
}

}  // namespace conformance
