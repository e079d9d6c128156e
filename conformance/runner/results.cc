// Where results go; see results.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/results.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

std::string FolderOf(const std::string &file) {
  size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

// Bazel takes the folder away when the test ends; what is left is a zip file.
std::string WhereKept(const std::string &path) {
  size_t logs = path.find("/testlogs/");
  size_t outputs = path.find("/test.outputs/");
  if (logs == std::string::npos || outputs == std::string::npos) return path;
  return "bazel-testlogs" + path.substr(logs + 9, outputs - logs - 9) +
         "/test.outputs/outputs.zip, " + path.substr(outputs + 14);
}

bool WorthKeeping(const CaseResult &result) {
  return result.outcome.verdict != Verdict::kPass && !result.transcript.empty();
}

}  // namespace

Results::Results(const std::string &file) : file_(file) {
  const char *outputs = getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (file_.empty() && outputs != nullptr) {
    file_ = std::string(outputs) + "/results.jsonl";
  }
  if (file_.empty()) return;
  folder_ = FolderOf(file_) + "/transcripts";
  fd_ = open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

Results::~Results() {
  if (fd_ >= 0) close(fd_);
}

bool Results::Good() const {
  return file_.empty() || fd_ >= 0;
}

std::string Results::SaveTranscript(const Case &one, const CaseResult &result) {
  if (!WorthKeeping(result)) return "";
  if (folder_.empty()) {
    char path[] = "/tmp/brood-transcripts.XXXXXX";
    if (mkdtemp(path) == nullptr) return "";
    folder_ = path;
  }
  mkdir(folder_.c_str(), 0755);
  std::string path = folder_ + "/" + one.clause + "." + one.label + ".txt";
  return WriteFile(path, result.transcript) ? WhereKept(path) : "";
}

std::string Results::Add(const Case &one, const CaseResult &result,
                         const Hello &hello, const std::string &spec_version) {
  const Outcome &outcome = result.outcome;
  std::string transcript = SaveTranscript(one, result);
  if (fd_ < 0) return transcript;
  // Ordered, so that a line reads from what to why.
  nlohmann::ordered_json line = {
      {"clause", one.clause},
      {"method", one.label},
      {"verdict", VerdictName(outcome.verdict)},
      {"way", WayName(outcome.way)},
      {"text", outcome.text},
      {"want", outcome.want},
      {"got", outcome.got},
      {"step", outcome.step_text},
      {"step_line", outcome.line},
      {"level", one.level},
      {"provisional", one.provisional},
      {"profile", one.profile},
      {"feature", one.feature},
      {"sentence", one.sentence},
      {"file", one.place.file},
      {"line", one.place.line},
      {"seconds", result.seconds},
      {"transcript", transcript},
      {"adapter", hello.name},
      {"version", hello.version},
      {"language", hello.language},
      {"spec", spec_version},
  };
  std::string text =
      line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  // One write for one line: whole lines, whatever happens next.
  (void)!write(fd_, text.data(), text.size());
  return transcript;
}

}  // namespace conformance
