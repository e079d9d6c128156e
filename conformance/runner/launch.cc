// Starts the adapter; see launch.h. Between fork and exec only what is safe
// in a child of a process with threads is called: all strings are made before.
// SPDX-License-Identifier: MIT
#include "conformance/runner/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conformance/runner/text.h"
#include "conformance/runner/verdict.h"

extern char **environ;

namespace conformance {

namespace {

const char *const kPassedOn[] = {
    "BROOD_",
    "ASAN_OPTIONS=",
    "UBSAN_OPTIONS=",
    "TSAN_OPTIONS=",
    "LSAN_OPTIONS=",
    "GCOV_PREFIX",
    "COVERAGE_DIR=",
    "RUNFILES_DIR=",
    "TEST_SRCDIR=",
    "LLVM_PROFILE_FILE=",
    "RUNFILES_MANIFEST_FILE=",
};

std::string Absolute(const std::string &path) {
  char *real = realpath(".", nullptr);
  std::string folder = real == nullptr ? "." : real;
  free(real);
  return folder + "/" + path;
}

bool IsFile(const std::string &path) {
  struct stat st;
  return stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode);
}

std::vector<char *> Pointers(const std::vector<std::string> &words) {
  std::vector<char *> out;
  for (const std::string &word : words) {
    out.push_back(const_cast<char *>(word.c_str()));
  }
  out.push_back(nullptr);
  return out;
}

struct Prepared {
  std::vector<char *> argv;
  std::vector<char *> envp;
  int in, out, err;
  std::string folder;
  int report;  // written with errno if the child does not become the adapter
};

void ResetSignals() {
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void Child(const Prepared &p) {
  setsid();
  ResetSignals();
  // The hard limit stays: a scenario may want one.
  rlimit no_core = {0, 0};
  getrlimit(RLIMIT_CORE, &no_core);
  no_core.rlim_cur = 0;
  setrlimit(RLIMIT_CORE, &no_core);
  bool good = dup2(p.in, 0) == 0 && dup2(p.out, 1) == 1 &&
              dup2(p.err, 2) == 2 && chdir(p.folder.c_str()) == 0;
  // Whatever the caller of the runner left open is not for the adapter.
  close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (good) execvpe(p.argv[0], p.argv.data(), p.envp.data());
  int why = errno;
  (void)!write(p.report, &why, sizeof why);
  _exit(127);
}

int OpenOutput(const Folder &folder, const char *stream) {
  return open(folder.Output(stream).c_str(),
              O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

}  // namespace

std::vector<std::string> AbsoluteCommand(const std::string &command) {
  std::vector<std::string> words = SplitWords(command);
  for (size_t i = 0; i < words.size(); i++) {
    if (words[i][0] == '/') continue;
    // Without a slash it may be the name of a module as well as of a file.
    bool has_slash = words[i].find('/') != std::string::npos;
    if (has_slash && (i == 0 || IsFile(words[i]))) {
      words[i] = Absolute(words[i]);
    }
  }
  return words;
}

std::vector<std::string> AdapterEnvironment(const Folder &folder) {
  std::vector<std::string> env = {
      "PATH=/usr/local/bin:/usr/bin:/bin",
      "HOME=" + folder.Home(),
      "TMPDIR=" + folder.Home(),
      "LANG=C.UTF-8",
  };
  for (char **entry = environ; *entry != nullptr; entry++) {
    for (const char *prefix : kPassedOn) {
      if (StartsWith(*entry, prefix)) {
        env.push_back(*entry);
        break;
      }
    }
  }
  return env;
}

pid_t Launch(const std::vector<std::string> &command, const Folder &folder) {
  std::vector<std::string> words = command;
  words.push_back(folder.Socket());
  std::vector<std::string> env = AdapterEnvironment(folder);
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) StopUnresolved("pipe2 failed");
  Prepared p = {Pointers(words),
                Pointers(env),
                open("/dev/null", O_RDONLY | O_CLOEXEC),
                OpenOutput(folder, "stdout"),
                OpenOutput(folder, "stderr"),
                folder.Tmp(),
                report[1]};
  pid_t pid = fork();
  if (pid == 0) Child(p);
  for (int fd : {p.in, p.out, p.err, report[1]}) close(fd);
  int why = 0;
  ssize_t n = pid < 0 ? 0 : read(report[0], &why, sizeof why);
  close(report[0]);
  if (pid < 0) StopUnresolved(std::string("fork: ") + strerror(errno));
  if (n > 0) {
    StopUnresolved("the adapter cannot be started: " + words[0] + ": " +
                   strerror(why));
  }
  return pid;
}

}  // namespace conformance
