// Two small runs for tests; see sample.h.
// SPDX-License-Identifier: MIT
#include "conformance/report/sample.h"

#include "conformance/runner/results.h"

namespace conformance::report {

Spec SampleSpec() {
  Spec spec;
  ReadChapter(
      "conformance/spec/01-first.md",
      "# First\n\n"
      "### a.each\nMUST · core · one · each · since 1.0\n"
      "A call MUST answer `1`.\nSource: x.\n\n"
      "    main: mp.f(\"$method\") == 1\n\n"
      "### a.once\nMUST · core · one · once · since 1.0\n"
      "It MUST hold.\nSource: x.\n\n    main: mp.f() == 1\n\n"
      "### b.each\nSHOULD · full · one · each · since 1.0\n"
      "It SHOULD hold.\nSource: x.\n\n    main: mp.g(\"$method\") == 1\n",
      &spec);
  spec.version = "1.0";
  return spec;
}

Sample::Sample(const Spec &spec, const std::string &name) {
  header = {{"format", kResultsFormat},
            {"date", "2026-11-29T07:00:00Z"},
            {"runner", "1.0.0"},
            {"spec", spec.version},
            {"digest", DigestOf(spec, {"core", "full"})},
            {"cases", 0},
            {"options", nlohmann::json::array()},
            {"host", "x86_64, 2 processors"},
            {"kernel", "Linux 6.1.0"},
            {"libc", "glibc 2.36"},
            {"adapter",
             {{"name", name},
              {"version", "2.0"},
              {"language", "C"},
              {"methods", {"fork", "spawn", "forkserver"}},
              {"features", nlohmann::json::array({"one"})},
              {"profiles", {"core", "full"}}}}};
}

nlohmann::json &Sample::Add(const std::string &clause,
                            const std::string &method,
                            const std::string &verdict,
                            const nlohmann::json &more) {
  nlohmann::json line = {{"clause", clause},
                         {"method", method},
                         {"verdict", verdict},
                         {"level", "MUST"},
                         {"provisional", false},
                         {"profile", clause[0] == 'a' ? "core" : "full"},
                         {"feature", "one"},
                         {"sentence", "It MUST hold."},
                         {"file", "conformance/spec/01-first.md"},
                         {"line", 3},
                         {"step_line", 0},
                         {"seconds", 0.1},
                         {"again", "runner --filter=" + clause + "/" + method}};
  for (const char *name : {"way", "text", "want", "got", "step"}) {
    line[name] = "";
  }
  line.update(more);
  cases.push_back(line);
  return cases.back();
}

void Sample::AddAll(const std::string &verdict) {
  for (const char *clause : {"a.each", "a.once", "b.each"}) {
    if (std::string(clause) == "a.once") {
      Add(clause, "once", verdict);
      continue;
    }
    for (const char *method : {"fork", "spawn", "forkserver"}) {
      Add(clause, method, verdict);
    }
  }
}

std::string Sample::Text(bool whole) const {
  nlohmann::json conforms;
  for (const char *profile : {"core", "full"}) {
    int asked = 0, failed = 0, unsupported = 0, unresolved = 0;
    for (const nlohmann::json &one : cases) {
      if (one["profile"] != profile) continue;
      asked++;
      failed += one["verdict"] == "FAIL" || one["verdict"] == "XFAIL";
      unsupported += one["verdict"] == "UNSUPPORTED";
      unresolved += one["verdict"] == "UNRESOLVED";
    }
    conforms[profile] = {{"yes", failed + unsupported + unresolved == 0},
                         {"cases", asked},
                         {"failed", failed},
                         {"unsupported", unsupported}};
    if (unresolved > 0) conforms[profile]["unresolved"] = unresolved;
  }
  nlohmann::json head = header;
  head["cases"] = cases.size();
  std::string out = nlohmann::json({{"header", head}}).dump() + "\n";
  for (const nlohmann::json &one : cases) out += one.dump() + "\n";
  nlohmann::json summary = {{"seconds", 1.5},
                            {"ran", cases.size()},
                            {"failed", 0},
                            {"conforms", conforms}};
  return whole ? out + nlohmann::json({{"summary", summary}}).dump() + "\n"
               : out;
}

Run Sample::Read(bool whole) const {
  return ReadRun("r.jsonl", Text(whole));
}

}  // namespace conformance::report
