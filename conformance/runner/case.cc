// Runs one case; see case.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/case.h"

#include <exception>
#include <functional>
#include <utility>
#include <vector>

#include "conformance/runner/clock.h"
#include "conformance/runner/scene.h"
#include "conformance/runner/text.h"

namespace conformance {

namespace {

// A fault of the runner costs this case, not its result nor the others.
void Unresolved(const std::exception &error, Outcome *outcome) {
  outcome->verdict = Verdict::kUnresolved;
  outcome->text = Printable(std::string("the runner: ") + error.what());
}

void RunBody(Session *session, const std::function<void(Session *)> &body,
             Outcome *outcome) {
  try {
    body(session);
    session->End();
  } catch (const Stop &stop) {
    *outcome = stop.outcome;
    session->Abort(stop.outcome.way == Way::kHang);
  } catch (const std::exception &error) {
    Unresolved(error, outcome);
    session->Abort(false);
  }
  session->RecordOutput();
}

// Runs `body` with a fresh session; whatever it throws becomes the outcome.
CaseResult WithSession(const Setup &setup,
                       const std::function<void(Session *)> &body) {
  CaseResult result;
  Transcript transcript;
  double start = Now();
  try {
    Session session(setup, &transcript);
    RunBody(&session, body, &result.outcome);
  } catch (const std::exception &error) {  // no session
    Unresolved(error, &result.outcome);
  }
  result.seconds = Now() - start;
  result.transcript = transcript.Text();
  return result;
}

void RunSteps(Session *session, const Clause &clause, const std::string &method,
              const std::string &other) {
  Scene scene(session, method, other);
  for (const Step &step : clause.steps) {
    try {
      scene.Run(step);
    } catch (Stop &stop) {
      stop.outcome.line = step.line;
      stop.outcome.step_text = step.text;
      throw;
    }
  }
}

CaseResult RunScenario(const Setup &setup, const Clause &clause,
                       const std::string &method, const std::string &other) {
  return WithSession(setup, [&](Session *session) {
    session->Start();
    RunSteps(session, clause, method, other);
  });
}

CaseResult RunProbe(const Setup &setup, const Case &probe) {
  CaseResult result;
  Hello hello;
  if (!AskWho(setup, &hello, &result)) return result;
  for (const Clause *clause : probe.scenarios) {
    if (!clause->Once() && hello.methods.empty()) continue;
    bool named = !clause->Once() && clause->methods[0] != "each";
    std::string first, last;
    if (!hello.methods.empty()) {
      first = hello.methods.front();
      last = hello.methods.back();
    }
    std::string method = named ? clause->methods[0] : first;
    std::string other = method == last ? first : last;
    CaseResult one = RunScenario(setup, *clause, method, other);
    result.transcript += "# " + clause->id + "\n" + one.transcript;
    result.seconds += one.seconds;
    // Whatever else it says, it says that there is something.
    if (one.outcome.verdict != Verdict::kUnsupported) return result;
    result.outcome.got = one.outcome.text;
  }
  result.outcome.verdict = Verdict::kFail;
  result.outcome.way = Way::kValue;
  result.outcome.want = "one clause of the feature that is not unsupported";
  result.outcome.text = "listed but missing: the feature " + probe.feature;
  return result;
}

// An implementation that one run could not judge is not judged by the others.
int Weight(const Outcome &outcome) {
  switch (outcome.verdict) {
    case Verdict::kUnresolved: return 3;
    case Verdict::kFail: return 2;
    case Verdict::kUnsupported: return 1;
    default: return 0;
  }
}

bool IsBad(const Outcome &outcome) {
  return Weight(outcome) > 1;
}

}  // namespace

CaseResult RunCase(const Setup &setup, const Case &one) {
  if (one.decided != Verdict::kPass) {
    CaseResult result;
    result.outcome.verdict = one.decided;
    result.outcome.text = one.reason;
    return result;
  }
  if (one.scenarios.empty()) {  // adapter.hello
    CaseResult result;
    Hello hello;
    AskWho(setup, &hello, &result);
    return result;
  }
  if (one.probe) return RunProbe(setup, one);
  return RunScenario(setup, *one.scenarios[0], one.method, one.other);
}

CaseResult RunRepeatedly(const Setup &setup, const Case &one, int times) {
  CaseResult worst = RunCase(setup, one);
  bool ran = one.decided == Verdict::kPass;
  int failed = IsBad(worst.outcome);
  double seconds = worst.seconds;
  std::vector<Outcome> others;
  for (int i = 1; ran && i < times; i++) {
    CaseResult next = RunCase(setup, one);
    seconds += next.seconds;
    failed += IsBad(next.outcome);
    if (Weight(next.outcome) > Weight(worst.outcome)) std::swap(next, worst);
    if (IsBad(next.outcome)) others.push_back(next.outcome);
  }
  worst.seconds = seconds;
  worst.runs = ran ? times : 1;
  worst.failed = failed;
  worst.others = std::move(others);
  return worst;
}

bool AskWho(const Setup &setup, Hello *hello, CaseResult *result) {
  // How it ends is for the cases to judge.
  *result = WithSession(setup, [&](Session *session) {
    *hello = session->Start();
    session->Abort(false);
    throw Stop();  // with the outcome PASS
  });
  return result->outcome.verdict == Verdict::kPass;
}

}  // namespace conformance
