// Whether a file of results can be believed; see check.h. What should be in it
// is planned anew, from what its header says of the adapter and the options.
// SPDX-License-Identifier: MIT
#include "conformance/runner/check.h"

#include <stdio.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "conformance/runner/expect.h"
#include "conformance/runner/plan.h"
#include "conformance/runner/results.h"
#include "conformance/runner/tally.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string Number(size_t n) {
  return std::to_string(n);
}

// The member of that name in one of the two lines that are not a case.
Json Special(const std::string &line, const char *name) {
  Json parsed = Json::parse(line, nullptr, false);
  bool good = parsed.is_object() && parsed.size() == 1 &&
              parsed.contains(name) && parsed[name].is_object();
  return good ? parsed[name] : Json();
}

Json ReadHeader(const std::vector<std::string> &lines) {
  Json header = lines.empty() ? Json() : Special(lines[0], "header");
  if (header.is_null()) throw Wrong("its first line is no header");
  if (header.value("format", Json()) != kResultsFormat) {
    throw Wrong("its format is " + Show(header.value("format", Json())) +
                "; this runner reads format " + Number(kResultsFormat));
  }
  return header;
}

void CheckSpec(const Json &header, const Spec &spec, const Hello &hello) {
  std::string digest = header.at("digest");
  std::string ours = DigestOf(spec, hello.profiles);
  if (digest == ours) return;
  throw Wrong("it is of spec " + header.at("spec").get<std::string>() + " (" +
              digest + "), not of this spec " + spec.version + " (" + ours +
              ")");
}

Hello HelloOf(const Json &adapter) {
  Hello hello;
  hello.name = adapter.at("name");
  hello.version = adapter.at("version");
  hello.methods = adapter.at("methods").get<std::vector<std::string>>();
  hello.features = adapter.at("features").get<std::vector<std::string>>();
  hello.profiles = adapter.at("profiles").get<std::vector<std::string>>();
  if (hello.name.empty()) {
    throw Wrong("the adapter said no hello, so that nothing was judged");
  }
  return hello;
}

// The cases that the options in the header select.
std::vector<Case> Asked(const Json &header, const std::vector<Case> &all) {
  Selection selection;
  for (const Json &option : header.at("options")) {
    if (!selection.Take(option)) continue;
  }
  return selection.Choose(all);
}

std::string IdOf(const Json &line) {
  return line.at("clause").get<std::string>() + "/" +
         line.at("method").get<std::string>();
}

// Exactly the cases that were asked, each once.
void CheckCases(const std::vector<Json> &lines, const std::vector<Case> &asked,
                size_t stated) {
  std::set<std::string> left;
  for (const Case &one : asked) left.insert(one.Id());
  if (stated != asked.size()) {
    throw Wrong("its header says " + Number(stated) + " cases, but the spec " +
                "has " + Number(asked.size()) + " for what was asked");
  }
  for (const Json &line : lines) {
    std::string id = IdOf(line);
    if (left.erase(id) == 0) {
      throw Wrong("the case " + id + " was not asked, or is there twice");
    }
  }
  if (left.empty()) return;
  throw Wrong("it has " + Number(lines.size()) + " of " + Number(asked.size()) +
              " cases; the first that is missing is " + *left.begin());
}

Verdict VerdictOf(const Json &line) {
  for (int i = 0; i <= static_cast<int>(Verdict::kXpass); i++) {
    Verdict verdict = static_cast<Verdict>(i);
    if (line.at("verdict") == VerdictName(verdict)) return verdict;
  }
  throw Wrong(Show(line.at("verdict")) + " is no verdict");
}

// What happened before it was held against an expectation.
Verdict HappenedIn(const Json &line, Verdict judged) {
  if (judged == Verdict::kXfail || judged == Verdict::kWarning) {
    return Verdict::kFail;
  }
  if (judged != Verdict::kXpass) return judged;
  std::string text = line.at("text");
  for (Verdict verdict :
       {Verdict::kPass, Verdict::kUnsupported, Verdict::kUntested}) {
    std::string said = std::string("its verdict is ") + VerdictName(verdict);
    if (text.find(said) != std::string::npos) return verdict;
  }
  return Verdict::kFail;  // at times
}

void AddLine(const Json &line, const Case &one, bool strict, Tally *tally) {
  Outcome happened, judged;
  judged.verdict = VerdictOf(line);
  judged.reason = line.value("reason", "");
  happened.verdict = HappenedIn(line, judged.verdict);
  tally->Add(one, happened, judged, IsRed(one, judged.verdict, strict));
}

// The summary must be what the cases come to.
void CheckSummary(const std::vector<Json> &lines,
                  const std::vector<Case> &asked, const Json &header,
                  const Json &summary, Tally *tally) {
  std::map<std::string, const Case *> by_id;
  for (const Case &one : asked) by_id[one.Id()] = &one;
  std::vector<std::string> options = header.at("options");
  bool strict = Contains(options, "--strict") ||
                header.at("adapter").at("name") == kReference;
  for (const Json &line : lines) {
    AddLine(line, *by_id.at(IdOf(line)), strict, tally);
  }
  Json ours = Json::parse(Summarize(*tally).dump());
  for (const auto &member : ours.items()) {
    Json said = summary.at(member.key());
    if (said == member.value()) continue;
    throw Wrong("its summary says " + member.key() + " " + Show(said) +
                ", but its cases come to " + Show(member.value()));
  }
}

// ", 15 known"
std::string Count(const std::vector<Json> &lines, const char *verdict,
                  const char *word) {
  auto is = [&](const Json &line) { return line.at("verdict") == verdict; };
  auto count = std::count_if(lines.begin(), lines.end(), is);
  return count == 0 ? "" : ", " + std::to_string(count) + " " + word;
}

std::string Check(const std::string &text, const Spec &spec) {
  std::vector<std::string> lines = SplitLines(text);
  Json header = ReadHeader(lines);
  Hello hello = HelloOf(header.at("adapter"));
  if (Contains(header.at("options"), "--smoke")) {
    throw Wrong("a smoke test judges nothing");
  }
  CheckSpec(header, spec, hello);
  Json summary = Special(lines.back(), "summary");
  size_t stated = header.at("cases");
  if (summary.is_null()) {
    throw Wrong("it was cut short: no summary after " +
                Number(lines.size() - 1) + " of " + Number(stated) + " cases");
  }
  std::vector<Json> cases;
  for (size_t i = 1; i + 1 < lines.size(); i++) {
    cases.push_back(Json::parse(lines[i]));
  }
  std::vector<Case> all = MakePlan(spec, hello);
  std::vector<Case> asked = Asked(header, all);
  CheckCases(cases, asked, stated);
  Tally tally(spec, hello, asked.size(), all.size());
  CheckSummary(cases, asked, header, summary, &tally);
  std::string what = asked.size() == all.size()
                         ? "all " + Number(all.size()) + " cases"
                         : "partial: " + Number(asked.size()) + " of " +
                               Number(all.size()) + " cases (" +
                               Show(header.at("options")) + ")";
  return what + " of spec " + spec.version + ", " + hello.name + " " +
         hello.version + ", " + Show(summary.at("failed")) + " failed" +
         Count(cases, "XFAIL", "known") +
         Count(cases, "UNSUPPORTED", "unsupported");
}

std::set<std::string> Passed(const std::string &text, const Hello &hello,
                             const std::vector<Case> &cases) {
  std::vector<std::string> lines = SplitLines(text);
  Json header = ReadHeader(lines);
  Json said = header.at("adapter");
  Json says = DescribeAdapter(hello);
  for (const auto &member : says.items()) {
    if (said.at(member.key()) == member.value()) continue;
    throw Wrong("its adapter said that its " + member.key() + " is " +
                Show(said[member.key()]) + ", and now it is " +
                Show(member.value()));
  }
  std::map<std::string, std::string> digests;  // of those that passed
  for (const std::string &line : lines) {
    // The last line of a run that was killed may lack its end.
    Json one = Json::parse(line, nullptr, false);
    if (one.is_object() && one.value("verdict", Json()) == "PASS") {
      digests[IdOf(one)] = one.at("digest");
    }
  }
  std::set<std::string> passed;
  for (const Case &one : cases) {
    auto found = digests.find(one.Id());
    bool same = found != digests.end() && found->second == DigestOf(one);
    if (same) passed.insert(one.Id());
  }
  return passed;
}

// Calls it; what is wrong with the file, or "".
template <typename Read>
std::string Try(Read read) {
  try {
    read();
    return "";
  } catch (const Wrong &wrong) {
    return wrong.what();
  } catch (const Json::exception &error) {
    return std::string("it is not of the format: ") + error.what();
  }
}

}  // namespace

std::string CheckResults(const std::string &text, const Spec &spec,
                         std::string *told) {
  return Try([&] { *told = Check(text, spec); });
}

std::string PassedBefore(const std::string &text, const Hello &hello,
                         const std::vector<Case> &cases,
                         std::set<std::string> *passed) {
  return Try([&] { *passed = Passed(text, hello, cases); });
}

int CheckFile(const Options &options, const Spec &spec) {
  std::string told, wrong = "it cannot be read";
  std::optional<std::string> text = ReadFile(options.check);
  if (text) wrong = CheckResults(*text, spec, &told);
  bool good = wrong.empty();
  fprintf(good ? stdout : stderr, "%s: %s\n", options.check.c_str(),
          Printable(good ? told : "refused: " + wrong).c_str());
  return good ? 0 : 1;
}

}  // namespace conformance
