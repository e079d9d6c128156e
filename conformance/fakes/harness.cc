// Runs the runner's program; see harness.h.
// SPDX-License-Identifier: MIT
#include "conformance/fakes/harness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/runner/text.h"

namespace conformance {

namespace {

constexpr char kRunner[] = "conformance/runner/runner";

std::vector<char *> Pointers(std::vector<std::string> *words) {
  std::vector<char *> out;
  for (std::string &word : *words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

pid_t Start(const std::vector<std::string> &args,
            const std::vector<std::string> &env, const std::string &output) {
  const char *runner = getenv("BROOD_RUNNER");
  std::vector<std::string> words = {runner == nullptr ? kRunner : runner};
  words.insert(words.end(), args.begin(), args.end());
  std::vector<std::string> vars = {"PATH=/usr/bin:/bin"};
  vars.insert(vars.end(), env.begin(), env.end());
  for (const char *name : {"ASAN_OPTIONS", "TSAN_OPTIONS", "COVERAGE_DIR"}) {
    const char *value = getenv(name);
    if (value != nullptr) vars.push_back(std::string(name) + "=" + value);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  int failed = posix_spawn(&pid, words[0].c_str(), &actions, nullptr,
                           Pointers(&words).data(), Pointers(&vars).data());
  EXPECT_EQ(failed, 0) << words[0];
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

Ran RunOnly(const std::vector<std::string> &args,
            const std::vector<std::string> &env) {
  std::string output = Scratch("output");
  pid_t pid = Start(args, env, output);
  int status = -1;
  waitpid(pid, &status, 0);
  Ran ran;
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran.output = ReadFile(output).value_or("");
  unlink(output.c_str());
  return ran;
}

}  // namespace

const nlohmann::json *Ran::Find(const std::string &clause) const {
  for (const nlohmann::json &line : results) {
    if (line["clause"] == clause) return &line;
  }
  return nullptr;
}

std::string Ran::Verdict(const std::string &clause) const {
  const nlohmann::json *line = Find(clause);
  return line == nullptr ? "" : (*line)["verdict"].get<std::string>();
}

std::string Scratch(const std::string &name) {
  const char *folder = getenv("TEST_TMPDIR");
  return std::string(folder == nullptr ? "/tmp" : folder) + "/" + name + "." +
         std::to_string(getpid());
}

std::string FakeAdapter(const std::string &mode) {
  return "--adapter=/usr/bin/python3 conformance/fakes/fake.py " + mode;
}

Ran RunRunner(const std::vector<std::string> &args,
              const std::vector<std::string> &env) {
  std::string results = Scratch("results");
  std::vector<std::string> all = {"--results=" + results};
  all.insert(all.end(), args.begin(), args.end());
  Ran ran = RunOnly(all, env);
  for (const std::string &line : SplitLines(ReadFile(results).value_or(""))) {
    nlohmann::json parsed = nlohmann::json::parse(line);
    if (parsed.contains("header")) {
      ran.header = parsed["header"];
    } else if (parsed.contains("summary")) {
      ran.summary = parsed["summary"];
    } else {
      ran.results.push_back(parsed);
    }
  }
  unlink(results.c_str());
  return ran;
}

Ran RunFake(const std::string &mode, std::vector<std::string> args,
            const std::vector<std::string> &env) {
  args.push_back(FakeAdapter(mode));
  args.push_back("--spec=conformance/fakes/spec");
  return RunRunner(args, env);
}

Ran RunFakeOnly(const std::string &mode, std::vector<std::string> args) {
  args.push_back(FakeAdapter(mode));
  args.push_back("--spec=conformance/fakes/spec");
  return RunOnly(args, {});
}

pid_t StartRunner(const std::vector<std::string> &args,
                  const std::vector<std::string> &env) {
  return Start(args, env, "/dev/null");
}

}  // namespace conformance
