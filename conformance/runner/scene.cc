// Runs the steps of one scenario; see scene.h. Names are in names.cc.
// SPDX-License-Identifier: MIT
#include "conformance/runner/scene.h"

#include <math.h>

#include "conformance/runner/proc.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

constexpr double kBlockSeconds = 0.015;
constexpr double kAgentPatience = 0.5;

std::string Wanted(const Step &step, const Json &want) {
  std::string word = RelationWord(step.relation);
  if (!step.types.empty()) return word + " " + Join(step.types, " ");
  if (step.relation == Relation::kNone) return "success";
  return word + " " + Show(want);
}

}  // namespace

void Scene::Run(const Step &step) {
  if (!step.guard.empty() && !Contains(step.guard, method_)) return;
  if (step.IsPseudo()) {
    RunPseudo(step);
  } else if (step.kind == StepKind::kAgent) {
    RunAgent(step);
  } else {
    RunActor(step);
  }
}

bool Scene::ReachesMain(const Json &pid, bool group) const {
  pid_t main = session_->Find("main")->Pid();
  if (!group || !pid.is_number_integer()) return pid == main;
  std::optional<ProcStat> a = ReadStat(pid.get<pid_t>()), b = ReadStat(main);
  return a && b && a->group == b->group;
}

void Scene::RunPseudo(const Step &step) {
  std::vector<Json> args;
  for (const Json &arg : step.args) args.push_back(Resolve(arg, step.actor));
  // Any other signal main ignores or handles, or should have.
  if (StartsWith(step.member, "send") && args.size() == 2 &&
      args[1] == "KILL" && ReachesMain(args[0], step.member == "send_group")) {
    session_->ExpectMainToEnd(false);
  }
  Json want = Resolve(step.want, step.actor);
  double seconds = step.within < 0 ? 0 : step.within * session_->Scale();
  Deadline deadline = session_->StepDeadline(seconds);
  Backoff backoff;
  while (true) {
    Json got;
    if (step.actor == "kernel") {
      got = session_->GetKernel()->Call(
          step.member, args,
          step.within < 0 ? session_->StepDeadline() : deadline);
    } else if (step.actor == "file") {
      got = session_->GetFiles()->Call(step.member, args);
    } else {
      got = CallOutput(session_->GetFolder(), step.member, args);
    }
    if (Holds(step.relation, got, want, step.types)) {
      Bind(step, got);
      return;
    }
    if (deadline.Over()) {
      StopCompared(Way::kValue, Wanted(step, want), Show(got));
    }
    session_->GetFiles()->Pulse();
    backoff.Wait();
  }
}

Actor *Scene::ServingActor(const Step &step) {
  Actor *actor = session_->Find(step.actor);
  if (actor == nullptr) {
    StopUnresolved("the scenario has no actor " + step.actor + " yet");
  }
  if (!actor->Serves()) StopUnresolved(step.actor + " has left already");
  return actor;
}

Json Scene::Request(const Step &step) {
  if (step.kind == StepKind::kDrop) {
    return {{"do", "drop"}, {"ref", HandleName(step.object, step.actor)}};
  }
  Json request = {{"on", HandleName(step.object, step.actor)},
                  {"name", step.member}};
  if (step.kind == StepKind::kWrite) {
    request["do"] = "write";
    request["value"] = Resolve(step.value, step.actor);
    return request;
  }
  if (step.kind == StepKind::kCall) {
    Json args = Json::array(), named = Json::object();
    for (const Json &arg : step.args) args.push_back(Resolve(arg, step.actor));
    for (const auto &entry : step.named) {
      named[entry.first] = Resolve(entry.second, step.actor);
    }
    request["args"] = args;
    request["named"] = named;
  }
  request["do"] = step.kind == StepKind::kCall ? "call" : "read";
  if (step.binds.size() == 1) {
    request["bind"] = FreshHandle(step.actor, step.binds[0]);
  }
  return request;
}

void Scene::RunActor(const Step &step) {
  Actor *actor = ServingActor(step);
  if (step.kind == StepKind::kCollect) {
    if (!actor->Waiting()) {
      StopUnresolved("there is no reply of " + step.actor + " to wait for");
    }
  } else {
    if (actor->Waiting()) {
      StopUnresolved(step.actor + " still owes the reply of an earlier step");
    }
    if (step.kind == StepKind::kBye) return RunBye(actor);
    actor->Send(Request(step));
  }
  if (step.relation == Relation::kBlocks) return ExpectBlock(actor);
  if (step.relation == Relation::kEnds) return ExpectEnd(step, actor);
  Deadline deadline = step.within < 0
                          ? session_->StepDeadline()
                          : session_->StepDeadline().Sooner(
                                Deadline(step.within * session_->Scale()));
  Judge(step, actor, session_->Receive(actor, deadline));
}

void Scene::ExpectAnswer(const Reply &reply, Actor *actor) {
  if (reply.kind == Reply::Kind::kUnsupported) {
    StopUnsupported("the implementation has no " + reply.text);
  }
  if (reply.kind == Reply::Kind::kEnded) {
    session_->StopGone(actor);
  }
  if (reply.kind == Reply::Kind::kLate) {
    StopFail(Way::kHang, "no reply of " + actor->Name());
  }
  std::string bad = reply.kind == Reply::Kind::kOk ? BadValue(reply.value) : "";
  if (!bad.empty()) {
    StopUnresolved(actor->Name() +
                   " answers with a value that is not of the "
                   "protocol (" +
                   bad + "): " + Show(reply.value));
  }
}

void Scene::Judge(const Step &step, Actor *actor, const Reply &reply) {
  ExpectAnswer(reply, actor);
  Json want = Resolve(step.want, step.actor);
  std::string wanted = Wanted(step, want);
  bool error = reply.kind == Reply::Kind::kError;
  if (step.relation == Relation::kRaises) {
    if (!error) StopCompared(Way::kNoError, wanted, reply.Describe());
    bool held = false;
    for (const std::string &type : step.types) {
      held = held || reply.HasType(type);
    }
    if (!held) StopCompared(Way::kWrongError, wanted, reply.Describe());
  } else {
    if (error) StopCompared(Way::kWrongError, wanted, reply.Describe());
    if (!Holds(step.relation, reply.value, want, step.types)) {
      StopCompared(Way::kValue, wanted, reply.Describe());
    }
    Bind(step, reply.value);
  }
  if (step.after >= 0 && reply.seconds < step.after) {
    StopCompared(Way::kValue,
                 "a reply after " + std::to_string(step.after) + " s",
                 "one after " + std::to_string(reply.seconds) + " s");
  }
}

// Silence for a while, and then a kernel that says that the process sleeps. A
// busy machine makes this slower, never wrong.
void Scene::ExpectBlock(Actor *actor) {
  Reply reply = session_->Receive(
      actor, session_->StepDeadline(kBlockSeconds * session_->Scale()));
  Deadline deadline = session_->StepDeadline();
  Backoff backoff;
  while (reply.kind == Reply::Kind::kLate && !AllThreadsSleep(actor->Pid())) {
    if (deadline.Over()) {
      StopCompared(Way::kValue, "blocks", "no reply, but it does not sleep");
    }
    backoff.Wait();
    reply = session_->Receive(actor, Deadline(0));
  }
  if (reply.kind == Reply::Kind::kLate) return;
  ExpectAnswer(reply, actor);
  bool error = reply.kind == Reply::Kind::kError;
  StopCompared(error ? Way::kWrongError : Way::kValue, "blocks",
               reply.Describe());
}

void Scene::ExpectEnd(const Step &step, Actor *actor) {
  if (actor->Name() == "main") {
    session_->ExpectMainToEnd(step.member != "_exit");
  }
  Reply reply = session_->Receive(actor, session_->StepDeadline());
  if (reply.kind == Reply::Kind::kEnded) return;
  ExpectAnswer(reply, actor);
  bool error = reply.kind == Reply::Kind::kError;
  StopCompared(error ? Way::kWrongError : Way::kValue, "ends",
               reply.Describe());
}

void Scene::RunBye(Actor *actor) {
  Reply reply = Ask(actor, {{"do", "bye"}});
  ExpectAnswer(reply, actor);
  if (reply.kind != Reply::Kind::kOk || !reply.value.is_null()) {
    StopUnresolved("bye is answered with null, not with " + reply.Describe());
  }
  actor->Leaves();
}

Reply Scene::Ask(Actor *actor, const Json &request) {
  actor->Send(request);
  return session_->Receive(actor, session_->StepDeadline());
}

// A request that is part of a larger step and must just work.
Json Scene::AskPlainly(const Step &step, Actor *actor, const Json &request) {
  Reply reply = Ask(actor, request);
  ExpectAnswer(reply, actor);
  if (reply.kind == Reply::Kind::kError) {
    StopCompared(Way::kWrongError, step.binds[0] + " to start",
                 request.value("name", "") + " raising " + reply.Describe());
  }
  return reply.value;
}

// Makes and starts the agent's process; answers its handle in the creator.
std::string Scene::StartAgent(const Step &step, Actor *creator) {
  const std::string &name = step.binds[0];
  Json args = {session_->GetFolder().Socket()};
  for (const Json &arg : step.args) args.push_back(Resolve(arg, step.actor));
  Json named = {{"target", {{"fn", "agent"}}}, {"args", args}};
  for (const auto &entry : step.named) {
    named[entry.first] = Resolve(entry.second, step.actor);
  }
  std::string handle = FreshHandle(step.actor, name + ".process");
  Json process = AskPlainly(step, creator,
                            {{"do", "call"},
                             {"on", HandleName(step.object, step.actor)},
                             {"name", "Process"},
                             {"args", Json::array()},
                             {"named", named},
                             {"bind", handle}});
  names_[step.actor][name + ".process"] = process;
  std::string ref = process.is_object() ? process.value("ref", handle) : handle;
  AskPlainly(step, creator,
             {{"do", "call"},
              {"on", ref},
              {"name", "start"},
              {"args", Json::array()},
              {"named", Json::object()}});
  return ref;
}

// An agent that dies before it connects would cost a whole deadline: now and
// then its creator is asked whether it is over.
void Scene::ConnectAgent(const std::string &name, const std::string &ref,
                         Actor *creator) {
  double patience = kAgentPatience * session_->Scale();
  double ask_at = Now() + patience;
  Json ended;
  auto give_up = [&] {
    if (Now() < ask_at) return false;
    ask_at = Now() + patience;
    if (creator->Gone()) session_->StopGone(creator);
    Reply reply =
        Ask(creator, {{"do", "read"}, {"on", ref}, {"name", "exitcode"}});
    if (reply.kind != Reply::Kind::kOk || reply.value.is_null()) return false;
    ended = reply.value;
    return true;
  };
  if (session_->AcceptAgent(name, give_up) != nullptr) return;
  if (ended.is_null()) StopFail(Way::kHang, name + " does not connect");
  StopFail(Way::kCrash,
           name + " ended before it connected, with exitcode " + Show(ended));
}

void Scene::RunAgent(const Step &step) {
  Actor *creator = ServingActor(step);
  const std::string &name = step.binds[0];
  if (creator->Waiting()) {
    StopUnresolved(step.actor + " still owes the reply of an earlier step");
  }
  if (session_->Find(name) != nullptr) {
    StopUnresolved("there is an actor " + name + " already");
  }
  std::string ref = StartAgent(step, creator);
  ConnectAgent(name, ref, creator);
  // The objects that it received, by the names that its creator gave them.
  for (size_t i = 0; i < step.args.size(); i++) {
    if (!step.args[i].is_object() || !step.args[i].contains("name")) continue;
    Json value = Resolve(step.args[i], step.actor);
    if (IsHandle(value)) {
      bool fd = value.contains("fd");
      value = Json{{"ref", "$" + std::to_string(i)}};
      if (fd) value["type"] = "fd";
    }
    names_[name][step.args[i]["name"].get<std::string>()] = value;
  }
}

}  // namespace conformance
