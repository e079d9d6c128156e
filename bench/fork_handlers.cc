// SPDX-License-Identifier: MIT
//
// The linker's --wrap (see BUILD) sends the library's calls of pthread_atfork
// here, before main. _Fork() would be no substitute: it leaves out the work of
// fork() itself, which every program pays for.
#include "bench/fork_handlers.h"

#include <unistd.h>

#include <cerrno>

namespace {

using Handler = void (*)();

// All of this is set before any constructor runs; the library has some.
struct {
  Handler prepare, parent, child;
} handlers[16];
int num_handlers = 0;
// In the thread's own page, which every fork copies anyway.
thread_local bool silent = false;

void Prepare() {
  if (silent) return;
  for (int i = num_handlers; i-- > 0;) {
    if (handlers[i].prepare != nullptr) handlers[i].prepare();
  }
}

void Parent() {
  if (silent) return;
  for (int i = 0; i < num_handlers; i++) {
    if (handlers[i].parent != nullptr) handlers[i].parent();
  }
}

void Child() {
  if (silent) return;
  for (int i = 0; i < num_handlers; i++) {
    if (handlers[i].child != nullptr) handlers[i].child();
  }
}

}  // namespace

extern "C" {

int __real_pthread_atfork(Handler prepare, Handler parent, Handler child);

int __wrap_pthread_atfork(Handler prepare, Handler parent, Handler child) {
  if (num_handlers == sizeof handlers / sizeof *handlers) return ENOMEM;
  int error = 0;
  if (num_handlers == 0) error = __real_pthread_atfork(Prepare, Parent, Child);
  if (error == 0) handlers[num_handlers++] = {prepare, parent, child};
  return error;
}

}  // extern "C"

namespace bench {

pid_t ForkWithoutHandlers() {
  silent = true;
  pid_t pid = fork();
  silent = false;
  return pid;
}

}  // namespace bench
