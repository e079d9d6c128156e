// The conformance runner's program: options, the supervisor, and the folder
// that is removed however the run ends.
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <stdexcept>

#include "conformance/report/page.h"
#include "conformance/runner/folder.h"
#include "conformance/runner/options.h"
#include "conformance/runner/results.h"
#include "conformance/runner/suite.h"
#include "conformance/runner/supervisor.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

// The page of the results that are there by now, all of them or not.
void MakePageOf(const Options &options) {
  Spec spec;
  for (const std::string &folder : options.specs) {
    ReadSpecFolder(folder, &spec);
  }
  std::optional<std::string> text = ReadFile(options.results);
  if (!text) throw std::runtime_error("cannot read " + options.results);
  report::Run run = report::ReadRun(options.results, *text);
  report::Matrix matrix = report::MakeMatrix(spec, {std::move(run)});
  if (!WriteFile(options.html, report::MakePage(matrix))) {
    throw std::runtime_error("cannot write " + options.html);
  }
}

// Changes when a run begins to write them: a page of older ones would lie.
long WhenWritten(const std::string &results) {
  struct stat st = {};
  if (stat(results.c_str(), &st) != 0) return 0;
  return st.st_mtim.tv_sec * 1'000'000'000 + st.st_mtim.tv_nsec;
}

int Main(const std::string &program, const std::vector<std::string> &args) {
  Options options;
  const char *judge = getenv("JUDGE_COMMAND");
  options.program = judge == nullptr ? program : judge;
  std::string wrong = ParseOptions(args, &options);
  if (!wrong.empty()) {
    fprintf(stderr, "runner: %s\n", wrong.c_str());
    return 2;
  }
  if (options.help) {
    printf("%s", kUsage);
    return 0;
  }
  if (!options.check.empty()) return CheckResultsFile(options);
  if (options.dump) return DumpSpec(options);
  long before = WhenWritten(options.results);
  std::string folder = MakeRunFolder();
  int code = Supervise([&] {
    return options.list ? ListCases(options, folder)
                        : RunSuite(options, folder);
  });
  RemoveTree(folder);
  if (!options.html.empty() && IsShardOfTest()) {
    fprintf(stderr, "runner: no --html of one shard among several\n");
  } else if (!options.html.empty() && WhenWritten(options.results) != before) {
    MakePageOf(options);
  }
  return code;
}

}  // namespace

}  // namespace conformance

int main(int argc, char **argv) {
  try {
    int code = conformance::Main(argv[0], {argv + 1, argv + argc});
    return conformance::FlushOutput() || code != 0 ? code : 1;
  } catch (const std::exception &error) {
    fprintf(stderr, "runner: %s\n", error.what());
    return 1;
  }
}
