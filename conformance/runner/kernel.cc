// The pseudo-actor `kernel`; see pseudo.h.
// SPDX-License-Identifier: MIT
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>

#include "conformance/runner/proc.h"
#include "conformance/runner/pseudo.h"
#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

namespace conformance {

namespace {

using Ask = Json (*)(pid_t);

Json OrNull(const std::optional<std::string> &text) {
  return text ? Json(*text) : Json();
}

// A field of /proc/PID/stat, null if there is no such process.
template <int ProcStat::*field>
Json StatField(pid_t pid) {
  std::optional<ProcStat> stat = ReadStat(pid);
  return stat ? Json((*stat).*field) : Json();
}

template <bool zombies>
Json Children(pid_t pid) {
  Json list = Json::array();
  for (pid_t child : ChildrenOf(pid)) {
    if (IsZombie(child) == zombies) list.push_back(child);
  }
  return list;
}

Json Descendants(pid_t pid) {
  Json list = Json::array();
  for (pid_t child : DescendantsOf(pid)) {
    if (IsAlive(child)) list.push_back(child);
  }
  return list;
}

Json Mask(pid_t pid, const char *field) {
  std::optional<std::string> mask = StatusField(pid, field);
  return mask ? Json(SignalsIn(*mask)) : Json();
}

Json Umask(pid_t pid) {
  std::optional<std::string> mask = StatusField(pid, "Umask");
  return mask ? Json(strtol(mask->c_str(), nullptr, 8)) : Json();
}

Json Listening(pid_t pid) {
  std::vector<pid_t> pids = DescendantsOf(pid);
  pids.push_back(pid);
  std::vector<std::string> targets;
  for (pid_t one : pids) {
    // A set is not needed: a socket that two processes share is one line of
    // the kernel's table, which is what is counted.
    for (const std::string &target :
         OpenFiles(one).value_or(std::vector<std::string>())) {
      targets.push_back(target);
    }
  }
  return CountListening(pid, targets);
}

Json TextsOrNull(const std::optional<std::vector<std::string>> &texts) {
  return texts ? Json(*texts) : Json();
}

const std::map<std::string, Ask> &Asks() {
  static const std::map<std::string, Ask> asks = {
      {"pid", [](pid_t pid) { return Json(pid); }},
      {"parent", StatField<&ProcStat::parent>},
      {"group", StatField<&ProcStat::group>},
      {"session", StatField<&ProcStat::session>},
      {"nice", StatField<&ProcStat::nice>},
      {"threads", StatField<&ProcStat::threads>},
      {"alive", [](pid_t pid) { return Json(IsAlive(pid)); }},
      {"zombie", [](pid_t pid) { return Json(IsZombie(pid)); }},
      {"children", Children<false>},
      {"zombies", Children<true>},
      {"descendants", Descendants},
      {"cwd", [](pid_t pid) { return OrNull(ProcLink(pid, "cwd")); }},
      {"exe", [](pid_t pid) { return OrNull(ProcLink(pid, "exe")); }},
      {"umask", Umask},
      {"nofile",
       [](pid_t pid) {
         std::optional<long> limit = OpenFilesLimit(pid);
         return limit ? Json(*limit) : Json();
       }},
      {"processors",
       [](pid_t pid) { return OrNull(StatusField(pid, "Cpus_allowed_list")); }},
      {"no_new_privileges",
       [](pid_t pid) { return OrNull(StatusField(pid, "NoNewPrivs")); }},
      {"blocked", [](pid_t pid) { return Mask(pid, "SigBlk"); }},
      {"ignored", [](pid_t pid) { return Mask(pid, "SigIgn"); }},
      {"caught", [](pid_t pid) { return Mask(pid, "SigCgt"); }},
      {"fds", [](pid_t pid) { return TextsOrNull(OpenFiles(pid)); }},
      {"inheritable",
       [](pid_t pid) { return TextsOrNull(InheritableFiles(pid)); }},
      {"listening", Listening},
  };
  return asks;
}

[[noreturn]] void Misused(const std::string &name) {
  StopUnresolved("kernel: no such call, or not with these arguments: " + name);
}

pid_t PidOf(const Json &value) {
  // A greater one than there can be must not become another one's.
  bool is_pid = value.is_number_integer() &&
                value >= std::numeric_limits<pid_t>::min() &&
                value <= std::numeric_limits<pid_t>::max();
  if (!is_pid) {
    StopUnresolved("kernel: " + Show(value) + " is no process");
  }
  return value.get<pid_t>();
}

// All that it has, or those of one target.
Json NumFds(const std::vector<Json> &args) {
  bool good = args.size() == 1 || (args.size() == 2 && args[1].is_string());
  if (!good) Misused("num_fds");
  auto files = OpenFiles(PidOf(args[0]));
  if (!files) return Json();
  if (args.size() == 1) return files->size();
  return std::count(files->begin(), files->end(), args[1].get<std::string>());
}

// How much more than that it is: a scenario has no arithmetic.
Json Memory(const std::vector<Json> &args) {
  bool good =
      args.size() == 1 || (args.size() == 2 && args[1].is_number_integer());
  if (!good) Misused("memory");
  std::optional<long> kilobytes = Resident(PidOf(args[0]));
  if (!kilobytes) return Json();
  return *kilobytes - (args.size() == 2 ? args[1].get<long>() : 0);
}

Json AnyAlive(const std::vector<Json> &args) {
  if (args.size() != 1 || !args[0].is_array()) Misused("any_alive");
  const Json &pids = args[0];
  return std::any_of(pids.begin(), pids.end(),
                     [](const Json &pid) { return IsAlive(PidOf(pid)); });
}

// Living descendants that no actor is in: those are the runner's to talk to.
std::vector<pid_t> Victims(pid_t pid, const std::set<pid_t> &spared) {
  std::vector<pid_t> victims;
  for (pid_t one : DescendantsOf(pid)) {
    if (IsAlive(one) && spared.count(one) == 0) victims.push_back(one);
  }
  return victims;
}

}  // namespace

std::vector<std::string> PseudoOperations(const std::string &actor) {
  if (actor == "file") {
    return {"make_gate", "open_gate", "text",  "exists",     "mode",
            "write",     "mkdir",     "rmdir", "executable", "history"};
  }
  if (actor == "output") return {"text", "count"};
  std::vector<std::string> names = {"status",     "shm",    "send",
                                    "send_group", "harass", "any_alive",
                                    "cpus",       "memory", "num_fds"};
  for (const auto &entry : Asks()) names.push_back(entry.first);
  return names;
}

Json Kernel::Call(const std::string &name, const std::vector<Json> &args,
                  const Deadline &deadline) {
  // An orphan of the case is ours: like any init, collect it at once.
  reaper_->Poll();
  if (name == "shm") {
    if (!args.empty()) Misused(name);
    return NewSharedMemory(shm_before_);
  }
  if (name == "cpus") {
    if (!args.empty()) Misused(name);
    return sysconf(_SC_NPROCESSORS_ONLN);
  }
  if (name == "any_alive") return AnyAlive(args);
  if (name == "memory") return Memory(args);
  if (name == "num_fds") return NumFds(args);
  if (args.empty()) Misused(name);
  pid_t pid = PidOf(args[0]);
  if (name == "harass") {
    bool good =
        args.size() == 3 && args[1].is_number_integer() && args[2].is_number();
    if (!good || !IsDescendant(pid, getpid())) Misused(name);
    return Harass(pid, args[1].get<int>(), args[2].get<double>());
  }
  if (name == "send" || name == "send_group") {
    if (args.size() != 2 || !args[1].is_string()) Misused(name);
    Send(pid, args[1].get<std::string>(), name == "send_group");
    return nullptr;
  }
  if (args.size() != 1) Misused(name);
  if (name == "status") return Status(pid, deadline);
  auto ask = Asks().find(name);
  if (ask == Asks().end()) Misused(name);
  return ask->second(pid);
}

Json Kernel::Status(pid_t pid, const Deadline &deadline) {
  Backoff backoff;
  while (true) {
    reaper_->Poll();
    std::optional<int> status = reaper_->Status(pid);
    if (status) return *status;
    // Gone, and not by our hand: its parent has the status.
    if (!ReadStat(pid)) {
      reaper_->Poll();
      status = reaper_->Status(pid);
      return status ? Json(*status) : Json();
    }
    if (deadline.Over()) {
      StopFail(Way::kHang, "process " + std::to_string(pid) +
                               " has not ended, or not as a child of the "
                               "runner");
    }
    backoff.Wait();
  }
}

// Evenly over the seconds; a moment without a victim is let pass. The choice
// goes through the list by a step that is prime, so that old and new ones fall.
Json Kernel::Harass(pid_t pid, int times, double seconds) {
  int killed = 0;
  std::set<pid_t> spared = spared_;
  for (int i = 0; i < times; i++) {
    usleep(static_cast<useconds_t>(seconds * 1e6 / times));
    reaper_->Poll();
    std::vector<pid_t> victims = Victims(pid, spared);
    if (victims.empty()) continue;
    size_t chosen = static_cast<size_t>(i) * 7919 % victims.size();
    if (kill(victims[chosen], SIGKILL) == 0) killed++;
    spared.insert(victims[chosen]);  // it may look alive for a moment
  }
  return killed;
}

void Kernel::Send(pid_t pid, const std::string &signal, bool group) {
  int number = SignalNumber(signal);
  if (number == 0) StopUnresolved("kernel: no signal is called " + signal);
  // A wrong pid from the adapter must never reach a stranger, let alone
  // kill(-1).
  if (pid <= 1 || !IsDescendant(pid, getpid())) {
    StopFail(Way::kValue, "signal for process " + std::to_string(pid) +
                              ", which is none of the adapter's");
  }
  int result;
  if (group) {
    std::optional<ProcStat> stat = ReadStat(pid);
    bool own = !stat || stat->group <= 1 || stat->group == getpgrp();
    if (own) StopUnresolved("kernel: the process has no group of its own");
    result = killpg(stat->group, number);
  } else {
    result = kill(pid, number);
  }
  if (result != 0) {
    StopUnresolved(std::string("kernel: kill: ") + strerror(errno));
  }
}

}  // namespace conformance
