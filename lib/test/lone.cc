// A program that needs nothing beside itself, so that tests can copy it, give
// it rights, and take its file away. It does to itself what its argument says,
// starts a process by each method, and prints what comes of that.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>

#include "brood.h"

namespace {

// Ends with 7 in a process that is called as this program, and has its
// arguments.
void end_with_seven(const brood_args *) {
  std::string name;
  std::ifstream("/proc/self/comm") >> name;
  int argc = 0;
  const char *const *argv = brood_argv(&argc);
  bool same = argc > 0 && argv[argc] == nullptr && !strcmp(argv[0], "lone") &&
              (argc == 1 || strncmp(argv[1], "--", 2) == 0);
  brood_exit(name != "lone" ? 8 : same ? 7 : 9);
}
BROOD_TARGET(end_with_seven);

void StartOne(const char *method) {
  brood_process_options options = {};
  options.target = end_with_seven;
  brood_process *process =
      brood_process_new(brood_get_context(method), &options);
  int code = -1;
  if (brood_process_start(process) == 0) {
    brood_process_join(process, BROOD_FOREVER);
    brood_process_exitcode(process, &code);
    printf("%s %d\n", method, code);
  } else {
    printf("%s %s: %s\n", method, brood_error_name(brood_error()),
           brood_error_message());
  }
  brood_process_free(process);
}

void StartAll() {
  for (const char *method : {"fork", "spawn", "forkserver"}) StartOne(method);
  fflush(stdout);
}

void WriteScript(const std::string &path) {
  std::ofstream(path) << "#!/bin/sh\necho another program; exit 5\n";
  chmod(path.c_str(), 0755);
}

// As another file does that has our name by now, in a mount of our own.
bool MountOver(const std::string &path) {
  WriteScript(path + "-other");
  return (unshare(CLONE_NEWNS) == 0 ||
          unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         mount((path + "-other").c_str(), path.c_str(), nullptr, MS_BIND,
               nullptr) == 0;
}

void *StartWithoutMain(void *main_thread) {
  pthread_join(*static_cast<pthread_t *>(main_thread), nullptr);
  StartAll();
  _exit(0);
}

}  // namespace

int main(int argc, char **argv) {
  brood_init(argc, argv);
  std::string what = argc > 1 ? argv[1] : "";
  char path[PATH_MAX] = "";
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) return 3;
  if (what == "--secure") {
    puts(getauxval(AT_SECURE) ? "secure" : "not");
    return 0;
  }
  if (what == "--deleted" || what == "--replaced") unlink(path);
  if (what == "--deleted") WriteScript(std::string(path) + " (deleted)");
  if (what == "--replaced") WriteScript(path);
  if (what == "--no-directory") {
    std::string folder = std::string(path) + "-folder";
    mkdir(folder.c_str(), 0700);
    if (chdir(folder.c_str()) != 0 || rmdir(folder.c_str()) != 0) return 3;
  }
  if (what == "--mounted-over" && !MountOver(path)) puts("no mounts");
  if (what == "--arguments") {
    memset(argv[0], 'x', strlen(argv[0]));
    argv[1] = nullptr;
  }
  if (what == "--main-ends") {
    static pthread_t self = pthread_self();
    pthread_t other;
    pthread_create(&other, nullptr, StartWithoutMain, &self);
    pthread_exit(nullptr);
  }
  StartAll();
  return 0;
}
