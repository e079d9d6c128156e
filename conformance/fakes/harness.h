// Runs the runner's program on a fake adapter and reads what it wrote. The
// environment is made anew, so that the tests' own shards, filters and result
// files do not reach it.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace conformance {

struct Ran {
  int code = -1;
  std::string output;                   // standard output and error
  std::vector<nlohmann::json> results;  // results.jsonl's lines of cases
  nlohmann::json header, summary;       // its first and its last line

  // The result of a case; null if there is none.
  const nlohmann::json *Find(const std::string &clause) const;
  std::string Verdict(const std::string &clause) const;
};

// A file name of its own in the test's folder.
std::string Scratch(const std::string &name);

std::string FakeAdapter(const std::string &mode);

// Runs it to its end, with a file of results unless `args` have one. `env` is
// added to a minimal environment.
Ran RunRunner(const std::vector<std::string> &args,
              const std::vector<std::string> &env = {});

// The same for the fake of this mode and the fakes' spec.
Ran RunFake(const std::string &mode, std::vector<std::string> args,
            const std::vector<std::string> &env = {});

// The same without a file of results.
Ran RunFakeOnly(const std::string &mode, std::vector<std::string> args);

// Starts it and answers its pid; its output is thrown away.
pid_t StartRunner(const std::vector<std::string> &args,
                  const std::vector<std::string> &env);

}  // namespace conformance
