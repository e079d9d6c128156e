// The report's program: results in; a page, badges, Markdown and differences
// out. Reads its arguments and files, and leaves the rest to the other parts.
// SPDX-License-Identifier: MIT
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "conformance/report/badge.h"
#include "conformance/report/diff.h"
#include "conformance/report/markdown.h"
#include "conformance/report/matrix.h"
#include "conformance/report/page.h"
#include "conformance/runner/results.h"
#include "conformance/runner/text.h"

namespace conformance::report {

namespace {

const char kUsage[] =
    "Shows results of the conformance suite.\n"
    "\n"
    "  report RESULTS.jsonl... [options]\n"
    "\n"
    "  --html=FILE        one page with all results, for any browser\n"
    "  --markdown=FILE    a summary for a CI job ('-' is standard output)\n"
    "  --badge=FILE       a badge as SVG; of one RESULTS.jsonl\n"
    "  --badge-json=FILE  the same for shields.io and its like\n"
    "  --profile=NAME     the badge's profile; core without it\n"
    "  --against=FILE     what changed since these results, on standard\n"
    "                     output and wherever else results go; ends with 1 if\n"
    "                     a case that passed no longer does, or the run was\n"
    "                     cut short\n"
    "  --spec=DIR         the spec that the results are shown by;\n"
    "                     conformance/spec without it\n";

struct Options {
  std::vector<std::string> results;
  std::string html, markdown, badge, badge_json, against, spec;
  std::string profile = "core";
  bool help = false;
};

// An empty text, or what is wrong with the arguments.
std::string ParseOptions(const std::vector<std::string> &args,
                         Options *options) {
  const struct {
    const char *name;
    std::string *value;
  } known[] = {
      {"--html=", &options->html},
      {"--markdown=", &options->markdown},
      {"--badge=", &options->badge},
      {"--profile=", &options->profile},
      {"--against=", &options->against},
      {"--spec=", &options->spec},
      {"--badge-json=", &options->badge_json},
  };
  for (const std::string &arg : args) {
    bool taken = arg == "--help";
    options->help = options->help || taken;
    for (const auto &option : known) {
      if (!StartsWith(arg, option.name)) continue;
      *option.value = arg.substr(std::string(option.name).size());
      if (option.value->empty()) return std::string(option.name) + " is empty";
      taken = true;
    }
    if (taken) continue;
    if (StartsWith(arg, "--")) return "unknown option '" + arg + "'";
    options->results.push_back(arg);
  }
  if (options->help) return "";
  if (options->results.empty()) return "no RESULTS.jsonl is given";
  bool one = options->results.size() == 1;
  bool badge = !options->badge.empty() || !options->badge_json.empty();
  if (!one && (badge || !options->against.empty())) {
    return "a badge and --against take one RESULTS.jsonl, not " +
           std::to_string(options->results.size());
  }
  bool out = badge || !options->html.empty() || !options->markdown.empty() ||
             !options->against.empty();
  return out ? ""
             : "nothing is to be written: --html, --markdown, --badge, "
               "--badge-json or --against is missing";
}

Run ReadRunFile(const std::string &file) {
  std::optional<std::string> text = ReadFile(file);
  if (!text) throw std::runtime_error("cannot read " + file);
  return ReadRun(file, *text);
}

void Write(const std::string &file, const std::string &text) {
  if (file.empty()) return;
  if (file == "-") {
    fwrite(text.data(), 1, text.size(), stdout);
  } else if (!WriteFile(file, text)) {
    throw std::runtime_error("cannot write " + file);
  }
}

// `bazel run` starts programs in a folder of its own, where the spec is, and
// tells where the caller is.
std::string FindSpec(const std::string &given) {
  std::string spec = given.empty() ? "conformance/spec" : given;
  const char *caller = getenv("BUILD_WORKING_DIRECTORY");
  char path[PATH_MAX];
  if (caller == nullptr) return spec;
  if (given.empty() && realpath(spec.c_str(), path) != nullptr) spec = path;
  if (chdir(caller) != 0) {
    throw std::runtime_error(std::string("cannot enter ") + caller);
  }
  return spec;
}

Spec ReadSpec(const std::string &folder) {
  Spec spec;
  if (!ReadSpecFolder(folder, &spec)) {
    throw std::runtime_error(folder + " holds no chapter (*.md) of a spec");
  }
  return spec;
}

int Work(const Options &options) {
  const Spec spec = ReadSpec(FindSpec(options.spec));
  std::vector<Run> runs;
  for (const std::string &file : options.results) {
    runs.push_back(ReadRunFile(file));
  }
  bool compare = !options.against.empty();
  std::string told;
  int code = 0;
  if (compare) {
    runs.push_back(ReadRunFile(options.against));
    Difference difference = Compare(runs[1], runs[0]);
    told = TellDifference(runs[1], runs[0], difference);
    printf("%s", told.c_str());
    code = difference.worse.empty() && runs[0].summary ? 0 : 1;
  }
  const Matrix matrix = MakeMatrix(spec, std::move(runs));
  if (!options.html.empty()) Write(options.html, MakePage(matrix, compare));
  if (!options.markdown.empty()) {
    Write(options.markdown,
          MakeMarkdown(matrix) + (compare ? "\n" + told : ""));
  }
  const Badge badge = MakeBadge(matrix, 0, options.profile);
  Write(options.badge, BadgeSvg(badge));
  Write(options.badge_json, BadgeJson(badge));
  if (fflush(stdout) != 0 || ferror(stdout) != 0) {
    throw std::runtime_error("cannot write the standard output");
  }
  return code;
}

int Main(const std::vector<std::string> &args) {
  Options options;
  std::string wrong = ParseOptions(args, &options);
  if (!wrong.empty()) {
    fprintf(stderr, "report: %s\n", wrong.c_str());
    return 2;
  }
  if (options.help) {
    printf("%s", kUsage);
    return 0;
  }
  return Work(options);
}

}  // namespace

}  // namespace conformance::report

int main(int argc, char **argv) {
  try {
    return conformance::report::Main({argv + 1, argv + argc});
  } catch (const std::exception &error) {
    fprintf(stderr, "report: %s\n", error.what());
    return 2;
  }
}
