// One run of the runner; see run.h.
// SPDX-License-Identifier: MIT
#include "conformance/report/run.h"

#include <set>
#include <stdexcept>

#include "conformance/runner/results.h"
#include "conformance/runner/text.h"
#include "conformance/runner/value.h"

namespace conformance::report {

namespace {

// Texts are made Printable: they come from strangers.

// A member of an object, with a sentence of its own for what is wrong: the
// library's own would name neither the member nor its value.
const Json &Member(const Json &object, const char *name) {
  if (!object.is_object()) {
    throw std::runtime_error("not an object: " + Show(object));
  }
  auto it = object.find(name);
  if (it == object.end()) {
    throw std::runtime_error(std::string("\"") + name + "\" is missing");
  }
  return *it;
}

[[noreturn]] void Refuse(const char *name, const Json &value,
                         const char *kind) {
  throw std::runtime_error(std::string("\"") + name + "\" is " + Show(value) +
                           ", not " + kind);
}

std::string Text(const Json &object, const char *name) {
  const Json &value = Member(object, name);
  if (!value.is_string()) Refuse(name, value, "a text");
  return Printable(value.get<std::string>());
}

std::string OptionalText(const Json &object, const char *name) {
  return object.contains(name) ? Text(object, name) : "";
}

int Number(const Json &object, const char *name) {
  const Json &value = Member(object, name);
  bool good = value.is_number_integer() && value >= 0 && value <= 1000000000;
  if (!good) Refuse(name, value, "a whole number");
  return value.get<int>();
}

bool Flag(const Json &object, const char *name) {
  const Json &value = Member(object, name);
  if (!value.is_boolean()) Refuse(name, value, "true or false");
  return value.get<bool>();
}

std::vector<std::string> Texts(const Json &object, const char *name) {
  const Json &value = Member(object, name);
  bool good = value.is_array();
  for (const Json &one : value) good = good && one.is_string();
  if (!good) Refuse(name, value, "a list of texts");
  std::vector<std::string> out;
  for (const Json &one : value) {
    out.push_back(Printable(one.get<std::string>()));
  }
  return out;
}

Verdict VerdictOf(const Json &line) {
  std::string name = Text(line, "verdict");
  for (int i = 0; i <= static_cast<int>(Verdict::kXpass); i++) {
    Verdict verdict = static_cast<Verdict>(i);
    if (name == VerdictName(verdict)) return verdict;
  }
  Refuse("verdict", name, "one that the runner has");
}

void ReadHeader(const Json &header, Run *run) {
  int format = Number(header, "format");
  if (format != kResultsFormat) {
    throw std::runtime_error("the format is " + std::to_string(format) +
                             "; this program reads " +
                             std::to_string(kResultsFormat));
  }
  run->date = Text(header, "date");
  run->runner = Text(header, "runner");
  run->spec = Text(header, "spec");
  run->digest = Text(header, "digest");
  run->cases = Number(header, "cases");
  run->options = Texts(header, "options");
  run->host = Text(header, "host");
  run->kernel = Text(header, "kernel");
  run->libc = Text(header, "libc");
  const Json &adapter = Member(header, "adapter");
  run->adapter.name = Text(adapter, "name");
  run->adapter.version = Text(adapter, "version");
  run->adapter.language = Text(adapter, "language");
  run->adapter.methods = Texts(adapter, "methods");
  run->adapter.features = Texts(adapter, "features");
  run->adapter.profiles = Texts(adapter, "profiles");
}

Answer ReadAnswer(const Json &line) {
  Answer answer;
  answer.clause = Text(line, "clause");
  answer.label = Text(line, "method");
  answer.verdict = VerdictOf(line);
  answer.way = Text(line, "way");
  answer.text = Text(line, "text");
  answer.want = Text(line, "want");
  answer.got = Text(line, "got");
  answer.step = Text(line, "step");
  answer.step_line = Number(line, "step_line");
  answer.level = Text(line, "level");
  answer.provisional = Flag(line, "provisional");
  answer.profile = Text(line, "profile");
  answer.feature = Text(line, "feature");
  answer.sentence = Text(line, "sentence");
  answer.file = Text(line, "file");
  answer.line = Number(line, "line");
  answer.again = Text(line, "again");
  answer.reason = OptionalText(line, "reason");
  answer.contested = OptionalText(line, "contested");
  if (line.contains("failed_of")) {
    const Json &pair = line["failed_of"];
    bool good = pair.is_array() && pair.size() == 2 &&
                pair[0].is_number_unsigned() && pair[1].is_number_unsigned();
    if (!good) Refuse("failed_of", pair, "[failed, of]");
    answer.failed = pair[0];
    answer.of = pair[1];
  }
  return answer;
}

Summary ReadSummary(const Json &json) {
  Summary summary;
  const Json &seconds = Member(json, "seconds");
  if (!seconds.is_number()) Refuse("seconds", seconds, "a number");
  summary.seconds = seconds;
  summary.ran = Number(json, "ran");
  summary.failed = Number(json, "failed");
  const Json &conforms = Member(json, "conforms");
  if (!conforms.is_object()) Refuse("conforms", conforms, "an object");
  for (const auto &entry : conforms.items()) {
    const Json &one = entry.value();
    // Nothing can be said of a part of the cases.
    bool yes = !Member(one, "yes").is_null() && Flag(one, "yes");
    summary.conforms[entry.key()] = {
        yes, Number(one, "cases"), Number(one, "failed"),
        Number(one, "unsupported"),
        one.contains("unresolved") ? Number(one, "unresolved") : 0};
  }
  return summary;
}

void ReadLine(const std::string &line, bool first, Run *run,
              std::set<std::string> *seen) {
  Json json = Json::parse(line);
  if (first) {
    ReadHeader(Member(json, "header"), run);
  } else if (run->summary) {
    throw std::runtime_error("a line after the summary");
  } else if (json.contains("summary")) {
    run->summary = ReadSummary(json["summary"]);
  } else {
    run->answers.push_back(ReadAnswer(json));
    std::string id = run->answers.back().Id();
    if (!seen->insert(id).second) throw std::runtime_error(id + " comes twice");
  }
}

}  // namespace

std::string Run::Name() const {
  return adapter.name + " " + adapter.version;
}

Run ReadRun(const std::string &file, const std::string &text) {
  Run run;
  run.file = file;
  std::set<std::string> seen;
  int number = 0;
  size_t begin = 0;
  for (size_t end; (end = text.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    number++;
    try {
      ReadLine(text.substr(begin, end - begin), number == 1, &run, &seen);
    } catch (const std::exception &error) {
      throw std::runtime_error(file + ":" + std::to_string(number) + ": " +
                               error.what());
    }
  }
  if (number == 0) throw std::runtime_error(file + ": holds no results");
  return run;
}

}  // namespace conformance::report
