// Where results go; see results.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <stdexcept>
#ifdef __GLIBC__
#include <gnu/libc-version.h>
#endif

#include "conformance/runner/sha256.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

using Ordered = nlohmann::ordered_json;

constexpr char kRunnerVersion[] = "1.0.0";

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

std::string Today() {
  char text[32];
  time_t now = time(nullptr);
  tm utc = {};
  gmtime_r(&now, &utc);
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

// The machine by what matters for results, not by its name.
Ordered DescribeMachine() {
  utsname name = {};
  uname(&name);
  std::string libc = "unknown";
#ifdef __GLIBC__
  libc = std::string("glibc ") + gnu_get_libc_version();
#endif
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  return {{"host", std::string(name.machine) + ", " +
                       std::to_string(processors) + " processors"},
          {"kernel", std::string(name.sysname) + " " + name.release},
          {"libc", libc}};
}

Ordered DescribeCase(const Case &one, const Outcome &outcome) {
  return {
      {"clause", one.clause},        {"method", one.label},
      {"digest", DigestOf(one)},     {"verdict", VerdictName(outcome.verdict)},
      {"way", WayName(outcome.way)}, {"text", outcome.text},
      {"want", outcome.want},        {"got", outcome.got},
      {"step", outcome.step_text},   {"step_line", outcome.line},
      {"level", one.level},          {"provisional", one.provisional},
      {"profile", one.profile},      {"feature", one.feature},
      {"sentence", one.sentence},    {"file", one.place.file},
      {"line", one.place.line},
  };
}

}  // namespace

std::string DigestOf(const Spec &spec,
                     const std::vector<std::string> &profiles) {
  std::string text;
  for (const Clause &clause : spec.clauses) {
    if (Contains(profiles, clause.profile)) text += clause.text;
  }
  return "sha256:" + Sha256(text);
}

Ordered DescribeAdapter(const Hello &hello) {
  return {{"name", hello.name},         {"version", hello.version},
          {"language", hello.language}, {"methods", hello.methods},
          {"features", hello.features}, {"profiles", hello.profiles}};
}

std::string DigestOf(const Case &one) {
  std::string text;
  for (const Clause *clause : one.scenarios) text += clause->text;
  return "sha256:" + Sha256(text).substr(0, 16);
}

Results::Results(const std::string &file) : file_(file) {
  const char *outputs = getenv("TEST_UNDECLARED_OUTPUTS_DIR");
  if (file_.empty() && outputs != nullptr) {
    file_ = std::string(outputs) + "/results.jsonl";
  }
  if (file_.empty()) return;
  folder_ = file_ + ".transcripts";
}

Results::~Results() {
  if (fd_ >= 0) close(fd_);
}

bool Results::Good() const {
  if (error_ == 0) return true;
  fprintf(stderr, "runner: cannot write %s: %s\n", file_.c_str(),
          strerror(error_));
  return false;
}

// One write for one line: whole lines, whatever happens next.
void Results::Write(const Ordered &line) {
  if (fd_ < 0) return;
  std::string text =
      line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  ssize_t n = write(fd_, text.data(), text.size());
  if (n < 0) {
    error_ = errno;
  } else if (static_cast<size_t>(n) < text.size()) {
    error_ = ENOSPC;
  }
}

void Results::Begin(const Spec &spec, const Hello &hello, size_t cases,
                    const std::vector<std::string> &options) {
  if (!file_.empty()) {
    fd_ = open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd_ < 0) {
      throw std::runtime_error("cannot write " + file_ + ": " +
                               strerror(errno));
    }
  }
  Ordered header = {{"format", kResultsFormat},
                    {"date", Today()},
                    {"runner", kRunnerVersion},
                    {"spec", spec.version},
                    {"digest", DigestOf(spec, hello.profiles)},
                    {"cases", cases},
                    {"options", options}};
  header.update(DescribeMachine());
  header["adapter"] = DescribeAdapter(hello);
  Write({{"header", header}});
}

std::string Results::SaveTranscript(const Case &one, const CaseResult &result,
                                    bool red) {
  bool beside = !file_.empty();
  bool worth = red || (beside && result.outcome.verdict != Verdict::kPass);
  if (!worth || result.transcript.empty()) return "";
  if (folder_.empty()) {
    char path[] = "/tmp/brood-transcripts.XXXXXX";
    if (mkdtemp(path) == nullptr) return "";
    folder_ = path;
  }
  mkdir(folder_.c_str(), 0755);
  std::string path = folder_ + "/" + one.clause + "." + one.label + ".txt";
  bool kept = WriteFile(path, result.transcript);
  return kept && beside ? WhereKept(path) : "";
}

std::string Results::Add(const Case &one, const CaseResult &result, bool red,
                         const std::string &again) {
  std::string transcript = SaveTranscript(one, result, red);
  // Ordered, so that a line reads from what to why.
  Ordered line = DescribeCase(one, result.outcome);
  line["seconds"] = result.seconds;
  // A result is shown to others, who have the folder but not its place.
  std::string folder = FolderOf(file_) + "/";
  line["transcript"] = StartsWith(transcript, folder)
                           ? transcript.substr(folder.size())
                           : transcript;
  line["again"] = again;
  if (!one.contested.empty()) line["contested"] = one.contested;
  if (result.runs > 1) line["failed_of"] = {result.failed, result.runs};
  if (!result.outcome.reason.empty()) line["reason"] = result.outcome.reason;
  Write(line);
  return transcript;
}

Ordered Summarize(const Tally &tally) {
  Ordered conforms = Ordered::object();
  for (const auto &profile : tally.Profiles()) {
    const Conformity &c = profile.second;
    std::optional<bool> yes = tally.Conforms(c);
    Ordered one = {{"yes", yes ? Ordered(*yes) : Ordered()},
                   {"cases", c.cases},
                   {"failed", c.failed},
                   {"unsupported", c.unsupported}};
    if (c.unresolved > 0) one["unresolved"] = c.unresolved;
    conforms[profile.first] = one;
  }
  return {
      {"ran", tally.Ran()}, {"failed", tally.Failed()}, {"conforms", conforms}};
}

void Results::End(const Tally &tally, double seconds) {
  Ordered summary = {{"seconds", seconds}};
  summary.update(Summarize(tally));
  Write({{"summary", summary}});
}

std::string Results::LooseTranscripts() const {
  return file_.empty() ? folder_ : "";
}

}  // namespace conformance
