// All that is read from /proc, and nothing else: every function looks once
// and answers what it saw, or nothing if the process is gone.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace conformance {

struct ProcStat {
  pid_t pid = 0;
  char state = '?';
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;
  int nice = 0;
  int threads = 0;
};

std::optional<ProcStat> ReadStat(pid_t pid);

// Exists and is no zombie.
bool IsAlive(pid_t pid);
bool IsZombie(pid_t pid);

// Sorted pids.
std::vector<pid_t> AllPids();
std::vector<pid_t> ChildrenOf(pid_t pid);     // zombies among them
std::vector<pid_t> DescendantsOf(pid_t pid);  // likewise; without pid itself
bool IsDescendant(pid_t pid, pid_t ancestor);

// How many threads of this machine run, or want to, without the one that asks;
// SIZE_MAX if that cannot be known.
size_t OthersThatRun();

// True if every thread of the process sleeps: then the one that serves the
// runner does, whichever it is.
bool AllThreadsSleep(pid_t pid);

// A field of /proc/PID/status such as "SigBlk", trimmed.
std::optional<std::string> StatusField(pid_t pid, const std::string &name);
// As the process itself would say it, also if it is in a chroot.
std::optional<std::string> ProcLink(pid_t pid, const std::string &name);

// Sorted signal names ("USR1") of a hexadecimal mask in /proc/PID/status,
// without those that the C library keeps for itself: no program can use them,
// and posix_spawn leaves them ignored.
std::vector<std::string> SignalsIn(const std::string &mask);
// 0 for an unknown name.
int SignalNumber(const std::string &name);
std::string SignalName(int number);

// The soft limit of open files; -1 for none at all.
std::optional<long> OpenFilesLimit(pid_t pid);

// Sorted targets of the open descriptors: of all, and of those that a program
// which the process runs would have as well.
std::optional<std::vector<std::string>> OpenFiles(pid_t pid);
std::optional<std::vector<std::string>> InheritableFiles(pid_t pid);

// Kilobytes of its mapped memory that are in RAM, shared ones in full: what
// other processes do does not change the number.
std::optional<long> Resident(pid_t pid);

// How many of these "socket:[123]" are Unix sockets that listen.
int CountListening(pid_t pid, const std::vector<std::string> &targets);

std::string CommandLine(pid_t pid);

// One line for each descendant: pid, parent, state, what it waits for, its
// command.
std::string DescribeDescendants(pid_t pid);

}  // namespace conformance
