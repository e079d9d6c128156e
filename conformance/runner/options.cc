// The runner's own options; see options.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/options.h"

#include <stdlib.h>

#include <filesystem>

#include "conformance/runner/text.h"

namespace conformance {

const char kUsage[] =
    "Judges an implementation of process contexts by the spec.\n"
    "\n"
    "  runner --adapter=CMD [options]\n"
    "\n"
    "  --adapter=CMD   the adapter's command, split at spaces\n"
    "  --spec=DIR      a folder of chapters (may be given several times);\n"
    "                  without it the spec that came with the runner\n"
    "  --filter=GLOB   only these cases: globs of CLAUSE or CLAUSE/METHOD,\n"
    "                  with colons between them, after '-' what to leave out\n"
    "  --sparse        one case of each clause, the start methods in turn;\n"
    "                  all of them where a filter is given\n"
    "  --expect=FILE   failures that are known, with their reasons\n"
    "  --shard=I/N     the I-th of N parts of the cases\n"
    "  --fix           rewrites that file after what happened\n"
    "  --strict        a SHOULD that fails makes the run fail\n"
    "  --scale=N       N times the time for every deadline\n"
    "  --jobs=N, -j N  N cases at a time, each in its own /dev/shm, and up to\n"
    "                  2 N while fewer than N threads of the machine run\n"
    "  --repeat=N      runs each case N times: failed 1 of 3, say\n"
    "  --max-failures=N  runs no more cases after so many have failed\n"
    "  --wrap=CMD      runs the adapter under CMD, valgrind for one\n"
    "  --resume=FILE   runs what did not pass in this file of results, what "
    "is\n"
    "                  not in it, and what has changed since\n"
    "  --results=FILE  one JSON line for each case, and FILE.transcripts\n"
    "  --html=FILE     the page of these results, when they are there\n"
    "  --check=FILE    whether such a file is whole and of this spec\n"
    "  --smoke         checks the adapter alone\n"
    "  --list          prints the cases and runs none\n"
    "  --dump          prints every clause with its steps as JSON\n"
    "  --verbose       prints every case, not only those that matter\n"
    "\n"
    "Options of GoogleTest (--gtest_...) work as well.\n";

namespace {

bool TakeText(const std::string &arg, const char *name, std::string *out) {
  std::string prefix = std::string("--") + name + "=";
  if (!StartsWith(arg, prefix)) return false;
  *out = arg.substr(prefix.size());
  return true;
}

bool TakeFlag(const std::string &arg, Options *options) {
  const struct {
    const char *name;
    bool *flag;
  } flags[] = {
      {"--strict", &options->strict}, {"--list", &options->list},
      {"--dump", &options->dump},     {"--smoke", &options->smoke},
      {"--fix", &options->fix},       {"--verbose", &options->verbose},
      {"--help", &options->help},
  };
  for (const auto &entry : flags) {
    if (arg != entry.name) continue;
    *entry.flag = true;
    return true;
  }
  return false;
}

std::string ParseOne(const std::string &arg, Options *options) {
  std::string text;
  if (TakeText(arg, "adapter", &text) && !options->adapter.empty()) {
    return "a second adapter, '" + text + "': a run judges one";
  }
  if ((!StartsWith(arg, "--gtest_") && options->selection.Take(arg)) ||
      TakeFlag(arg, options) || TakeText(arg, "adapter", &options->adapter) ||
      TakeText(arg, "wrap", &options->wrap) ||
      TakeText(arg, "expect", &options->expect) ||
      TakeText(arg, "results", &options->results) ||
      TakeText(arg, "resume", &options->resume) ||
      TakeText(arg, "html", &options->html) ||
      TakeText(arg, "check", &options->check)) {
    return "";
  }
  if (TakeText(arg, "spec", &text)) {
    options->specs.push_back(text);
    return "";
  }
  if (TakeText(arg, "scale", &text)) {
    char *end;
    options->scale = strtod(text.c_str(), &end);
    bool good = !text.empty() && *end == '\0' && options->scale > 0 &&
                options->scale <= 1000;
    return good ? ""
                : "--scale takes a number above 0, at most 1000, not '" + text +
                      "'";
  }
  const struct {
    const char *name;
    int *number;
  } numbers[] = {{"jobs", &options->jobs},
                 {"repeat", &options->repeat},
                 {"max-failures", &options->max_failures}};
  for (const auto &entry : numbers) {
    if (!TakeText(arg, entry.name, &text)) continue;
    size_t number = ReadCount(text).value_or(0);
    *entry.number = static_cast<int>(number);
    return number >= 1 && number <= 1000
               ? ""
               : std::string("--") + entry.name +
                     " takes a number from 1 to 1000, not '" + text + "'";
  }
  if (StartsWith(arg, "--gtest_repeat")) {
    return "--repeat=N runs each case N times";
  }
  if (StartsWith(arg, "--shard=")) {
    return "--shard takes I/N, a part and how many there are, not '" +
           arg.substr(8) + "'";
  }
  if (StartsWith(arg, "--gtest_")) {
    options->gtest.push_back(arg);
    return "";
  }
  return "unknown option '" + arg + "' (--help lists the options)";
}

// What a file of results says of an option: nothing of where and who, nor what
// its header says elsewhere.
std::string WithoutPlaces(const std::string &arg) {
  const char *const left_out[] = {"--adapter=", "--spec=",   "--results=",
                                  "--html=",    "--filter=", "--sparse",
                                  "--shard=",   "--gtest_",  "--verbose"};
  for (const char *prefix : left_out) {
    if (StartsWith(arg, prefix)) return "";
  }
  bool place = StartsWith(arg, "--expect=") || StartsWith(arg, "--wrap=") ||
               StartsWith(arg, "--resume=");
  if (!place) return arg;
  size_t value = arg.find('=') + 1;
  size_t slash = arg.rfind('/', arg.find(' '));
  return slash == std::string::npos
             ? arg
             : arg.substr(0, value) + arg.substr(slash + 1);
}

// Beside the program, where `make` leaves it and where `make install` puts it.
// Bazel's runner has no spec near it: judge.sh says where one is, or it is run
// from the root of the tree.
std::string FindSpec() {
  namespace fs = std::filesystem;
  const char *told = getenv("JUDGE_SPEC");
  if (told != nullptr) return told;
  std::error_code error;
  fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (const char *place : {"spec", "../spec", "../share/brood/spec"}) {
    fs::path spec = (folder / place).lexically_normal();
    if (fs::exists(spec / "VERSION", error)) return spec;
  }
  return "conformance/spec";
}

// A word for a shell.
std::string Quoted(const std::string &word) {
  const char safe[] =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "-_./=:,+@%^";
  bool plain = word.find_first_not_of(safe) == std::string::npos;
  return plain && !word.empty() ? word
                                : "'" + ReplaceAll(word, "'", "'\\''") + "'";
}

// Two names of one file, whether it is there or not.
bool SameFile(const std::string &a, const std::string &b) {
  namespace fs = std::filesystem;
  if (a.empty() || b.empty()) return false;
  std::error_code error;
  return fs::equivalent(a, b, error) ||
         fs::weakly_canonical(fs::absolute(a), error) ==
             fs::weakly_canonical(fs::absolute(b), error);
}

std::string CheckFiles(const Options &options) {
  if (SameFile(options.resume, options.results)) {
    return "--resume=" + options.resume +
           " is the file of --results, which is written anew";
  }
  if (SameFile(options.html, options.results)) {
    return "--html=" + options.html + " is the file of --results";
  }
  for (size_t i = 0; i < options.specs.size(); i++) {
    for (size_t j = 0; j < i; j++) {
      if (!SameFile(options.specs[i], options.specs[j])) continue;
      return "--spec=" + options.specs[i] + " is given twice";
    }
  }
  for (const std::string &file : {options.results, options.html}) {
    if (SameFile(options.expect, file)) {
      return "--expect=" + options.expect + " would be written over";
    }
  }
  return "";
}

// Says which options need each other, or do not go together.
std::string CheckTogether(const Options &options) {
  bool runs = !options.list && !options.dump && options.check.empty();
  if (runs && SplitWords(options.adapter).empty()) {
    return "--adapter=CMD is missing: which implementation is to be judged?";
  }
  if (!options.html.empty() && (!runs || options.smoke)) {
    return "--html shows the results of a run, and there is none";
  }
  if (!options.html.empty() && options.results.empty()) {
    return "--html=FILE shows the results of --results=FILE, which is missing";
  }
  if (!options.resume.empty() && options.repeat > 1) {
    return "--repeat runs what passed as well, and --resume does not";
  }
  std::string wrong = CheckFix(options);
  return wrong.empty() ? CheckFiles(options) : wrong;
}

}  // namespace

std::string ParseOptions(const std::vector<std::string> &args,
                         Options *options) {
  for (size_t i = 0; i < args.size(); i++) {
    std::string arg = args[i];
    // -j 2 and -j2, as of make.
    if (arg == "-j" && i + 1 < args.size()) arg += args[++i];
    if (StartsWith(arg, "-j")) arg = "--jobs=" + arg.substr(2);
    std::string wrong = ParseOne(arg, options);
    if (!wrong.empty()) return wrong;
    std::string word = WithoutPlaces(arg);
    if (!word.empty()) options->given.push_back(word);
  }
  if (options->help) return "";
  options->spec_given = !options->specs.empty();
  if (!options->spec_given) options->specs.push_back(FindSpec());
  return CheckTogether(*options);
}

std::string CheckFix(const Options &options) {
  if (!options.fix) return "";
  if (options.expect.empty()) {
    return "--fix rewrites the file of --expect=FILE, which is missing";
  }
  std::vector<std::string> parts = options.selection.Words();
  if (options.smoke) parts.push_back("--smoke");
  return parts.empty()
             ? ""
             : "--fix judges the whole file, so it does not go with " +
                   Join(parts, " ");
}

std::string ReproduceCommand(const Options &options, const std::string &id) {
  const char *target = getenv("TEST_TARGET");
  // Under Bazel the target holds all of what follows.
  if (target != nullptr) {
    return std::string("bazel test ") + target +
           " --test_output=all --test_filter=" + Quoted(id);
  }
  std::string command = options.program;
  auto add = [&](const std::string &word) { command += " " + Quoted(word); };
  add("--adapter=" + options.adapter);
  if (options.spec_given) {
    for (const std::string &spec : options.specs) add("--spec=" + spec);
  }
  if (!options.wrap.empty()) add("--wrap=" + options.wrap);
  if (options.smoke) add("--smoke");
  add("--filter=" + id);
  return command;
}

std::string ReproduceElsewhere(Options options, const std::string &id) {
  if (options.program[0] == '/') {
    options.program = options.program.substr(options.program.rfind('/') + 1);
  }
  return ReproduceCommand(options, id);
}

bool IsShardOfTest() {
  return getenv("TEST_TOTAL_SHARDS") != nullptr ||
         getenv("GTEST_TOTAL_SHARDS") != nullptr;
}

}  // namespace conformance
