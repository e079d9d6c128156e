// A fresh adapter, from start to hygiene; see session.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/session.h"

#include <unistd.h>

#include "conformance/runner/launch.h"
#include "conformance/runner/proc.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

constexpr int kProtocol = 1;
constexpr double kTermGrace = 0.5;
constexpr size_t kOutputShown = 4000;
constexpr size_t kWordLimit = 40;
constexpr size_t kListLimit = 100;
constexpr size_t kTextLimit = 200;

// Its words become names of tests and of files.
bool IsWord(const std::string &text) {
  return !text.empty() && text.size() <= kWordLimit &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") ==
             std::string::npos;
}

std::vector<std::string> WordList(const Json &hello, const char *key) {
  std::vector<std::string> list;
  std::string name = std::string("\"") + key + "\"";
  if (!hello.contains(key) || !hello[key].is_array()) {
    StopUnresolved("hello has no list " + name);
  }
  if (hello[key].size() > kListLimit) {
    StopUnresolved("hello: " + name + " has " +
                   std::to_string(hello[key].size()) + " words; at most " +
                   std::to_string(kListLimit));
  }
  for (const Json &item : hello[key]) {
    if (!item.is_string() || !IsWord(item.get<std::string>())) {
      StopUnresolved("hello: " + name + " is a list of words of at most " +
                     std::to_string(kWordLimit) +
                     " of a-z, 0-9, '-', '_' and '.', not " + Show(item));
    }
    if (Contains(list, item.get<std::string>())) {
      StopUnresolved("hello: " + name + " holds " + Show(item) + " twice");
    }
    list.push_back(item.get<std::string>());
  }
  return list;
}

// Printable, since the last line of a run shows it.
std::string TextField(const Json &hello, const char *key) {
  if (!hello.contains(key) || !hello[key].is_string() || hello[key] == "") {
    StopUnresolved(std::string("hello has no text \"") + key + "\"");
  }
  return Printable(hello[key].get<std::string>().substr(0, kTextLimit));
}

Hello ParseHello(Json hello) {
  if (hello.is_object() && hello.size() == 1 && hello.contains("map")) {
    hello = Json(hello["map"]);
  }
  if (!hello.is_object() || !hello.contains("protocol")) {
    StopUnresolved("hello must be answered with an object: " + Show(hello));
  }
  if (hello["protocol"] != kProtocol) {
    StopUnresolved("the adapter speaks protocol " + Show(hello["protocol"]) +
                   "; this runner speaks " + std::to_string(kProtocol));
  }
  return {TextField(hello, "name"),     TextField(hello, "version"),
          TextField(hello, "language"), WordList(hello, "methods"),
          WordList(hello, "features"),  WordList(hello, "profiles")};
}

}  // namespace

Session::Session(const Setup &setup, Transcript *transcript)
    : setup_(setup),
      transcript_(transcript),
      folder_(setup.run_folder),
      shm_before_(SharedMemoryNames()),
      kernel_(setup.reaper, shm_before_),
      files_(folder_.Tmp()),
      case_deadline_(setup.case_seconds * setup.scale) {
  setup_.reaper->Forget();
}

Session::~Session() {
  setup_.reaper->KillAll(0);
}

Deadline Session::StepDeadline(double seconds) const {
  return Deadline(seconds).Sooner(case_deadline_);
}

Hello Session::Start() {
  listener_ = std::make_unique<Listener>(folder_.Socket());
  launched_ = Launch(setup_.command, folder_);
  transcript_->Note("started " + Join(setup_.command, " ") + " as pid " +
                    std::to_string(launched_));
  pid_t pid = 0;
  auto ended = [this] {
    setup_.reaper->Poll();
    BoundOutput(folder_);
    return setup_.reaper->Status(launched_).has_value();
  };
  Fd connection = listener_->Accept(StartDeadline(), ended, &pid);
  if (connection.Get() < 0) {
    std::optional<int> status = setup_.reaper->Status(launched_);
    if (status) {
      StopUnresolved("the adapter ended before it connected: " +
                     DescribeStatus(*status));
    }
    StopUnresolved(
        "the adapter did not connect to the path that is its last "
        "argument");
  }
  actors_.push_back(
      std::make_unique<Actor>("main", std::move(connection), pid, transcript_));
  actors_[0]->Greet(StartDeadline());
  if (pid != launched_) {
    StopUnresolved("the adapter is pid " + std::to_string(pid) +
                   ", but its command was started as pid " +
                   std::to_string(launched_) +
                   ": a script that wraps an adapter must exec it");
  }
  return AskHello();
}

Hello Session::AskHello() {
  Actor *main = actors_[0].get();
  main->Send({{"do", "hello"}});
  Reply reply = Receive(main, StartDeadline());
  if (reply.kind == Reply::Kind::kEnded) {
    StopUnresolved("the adapter ended at hello: " + DescribeEnd(main));
  }
  if (reply.kind != Reply::Kind::kOk) {
    StopUnresolved("hello was answered with " + reply.Describe());
  }
  return ParseHello(reply.value);
}

Actor *Session::Find(const std::string &name) {
  for (const auto &actor : actors_) {
    if (actor->Name() == name) return actor.get();
  }
  return nullptr;
}

Actor *Session::AcceptAgent(const std::string &name,
                            const std::function<bool()> &give_up) {
  pid_t pid = 0;
  Fd connection = listener_->Accept(StepDeadline(), give_up, &pid);
  if (connection.Get() < 0) return nullptr;
  for (const auto &actor : actors_) {
    // A thread or a coroutine of another actor is no process.
    if (actor->Pid() != pid || actor->ProcessEnded()) continue;
    StopCompared(Way::kValue, name + " to be a process of its own",
                 "pid " + std::to_string(pid) + ", which is " + actor->Name());
  }
  actors_.push_back(
      std::make_unique<Actor>(name, std::move(connection), pid, transcript_));
  kernel_.Spare(pid);
  actors_.back()->Greet(StepDeadline());
  return actors_.back().get();
}

Reply Session::Receive(Actor *actor, const Deadline &deadline) {
  return actor->Receive(deadline, [this] {
    files_.Pulse();
    BoundOutput(folder_);
  });
}

std::string Session::DescribeEnd(Actor *actor) {
  std::string text =
      actor->Name() + " (pid " + std::to_string(actor->Pid()) + ")";
  // The connection closes a little before the process is a zombie.
  pid_t pid = actor == actors_[0].get() ? launched_ : actor->Pid();
  setup_.reaper->WaitFor(pid, Deadline(1).Sooner(case_deadline_));
  std::optional<int> status = setup_.reaper->Status(pid);
  if (status) return text + " ended: " + DescribeStatus(*status);
  if (IsAlive(pid)) return text + " closed its connection and lives on";
  return text + " ended";
}

void Session::StopGone(Actor *actor) {
  std::string text = DescribeEnd(actor);
  // An actor that lives has not crashed, but broken the protocol.
  if (!actor->ProcessEnded()) StopUnresolved(text);
  StopFail(Way::kCrash, text);
}

// An actor turns out to be gone: for main that is a crash, unless the scenario
// ended it; for an agent it is what its scenario is about.
void Session::FoundGone(Actor *actor) {
  if (actor == actors_[0].get()) {
    if (!main_may_end_) StopGone(actor);
    main_ended_early_ = true;
  }
  actor->Leaves();
}

void Session::Dismiss(Actor *actor) {
  bool main = actor == actors_[0].get();
  if (!actor->Serves()) {
    main_ended_early_ = main_ended_early_ || (main && main_may_end_);
    return;
  }
  if (actor->Gone()) {
    FoundGone(actor);
    return;
  }
  if (actor->Waiting()) return;
  actor->Send({{"do", "bye"}});
  Reply reply = Receive(actor, StepDeadline());
  if (reply.kind == Reply::Kind::kLate) {
    StopFail(Way::kHang, actor->Name() + " does not answer bye");
  }
  if (reply.kind == Reply::Kind::kEnded) {
    FoundGone(actor);
    return;
  }
  if (reply.kind != Reply::Kind::kOk || !reply.value.is_null()) {
    StopUnresolved(actor->Name() + " answers bye with " + reply.Describe() +
                   " instead of null");
  }
  actor->Leaves();
}

void Session::WaitForMain() {
  Actor *main = actors_[0].get();
  if (main->Serves()) {
    StopFail(Way::kHang, "main still has no reply at the scenario's end");
  }
  // Main may wait for a child that comes late to a gate.
  Deadline end = StepDeadline(), slice(0);
  do {
    files_.Pulse();
    slice = Deadline(0.1).Sooner(end);
    setup_.reaper->WaitFor(launched_, slice);
  } while (slice.Over() && !setup_.reaper->Status(launched_) && !end.Over());
  std::optional<int> status = setup_.reaper->Status(launched_);
  if (!status) StopFail(Way::kHang, "main does not exit after bye");
  main_tidy_ = main_tidy_ && *status >= 0;
  if (*status == 0 || main_ended_early_) return;
  StopFail(*status < 0 ? Way::kCrash : Way::kLeak,
           "main did not exit with 0 after bye: " + DescribeStatus(*status));
}

void Session::CheckHygiene() {
  Deadline grace =
      Deadline(setup_.leave_seconds * setup_.scale).Sooner(case_deadline_);
  if (!setup_.reaper->WaitForAll(grace)) {
    std::string left = DescribeDescendants(getpid());
    StopFail(Way::kLeak, "processes are left: " + Join(SplitLines(left), "; "));
  }
  std::vector<std::string> shm = NewSharedMemory(shm_before_);
  if (!shm.empty()) {
    StopFail(Way::kLeak, "left in /dev/shm: " + Join(shm, " "));
  }
  // Who is killed cannot tidy its folder; a scenario that kills says itself
  // what must not be left.
  if (!main_tidy_) return;
  std::vector<std::string> files = ListTree(folder_.Home());
  if (!files.empty()) {
    StopFail(Way::kLeak, "left in TMPDIR: " + Join(files, " "));
  }
}

void Session::End() {
  for (size_t i = actors_.size(); i > 0; i--) Dismiss(actors_[i - 1].get());
  WaitForMain();
  CheckHygiene();
  // Once nobody is left who writes.
  BoundOutput(folder_);
  for (const auto &actor : actors_) actor->ExpectSilence();
}

void Session::Abort(bool hang) {
  if (hang) {
    transcript_->Note("processes at the deadline:");
    transcript_->Note(DescribeDescendants(getpid()));
  }
  if (!setup_.reaper->KillAll(hang ? kTermGrace : 0)) {
    transcript_->Note("a process cannot be killed:");
    transcript_->Note(DescribeDescendants(getpid()));
  }
}

void Session::RecordOutput() {
  for (const char *stream : {"stdout", "stderr"}) {
    std::string text = ReadEnd(folder_.Output(stream), kOutputShown + 1);
    if (text.empty()) continue;
    transcript_->Note(std::string("the adapter's ") + stream + ":");
    transcript_->Note(Tail(text, kOutputShown));
  }
}

}  // namespace conformance
