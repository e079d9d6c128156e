// SPDX-License-Identifier: MIT
//
// fork() runs every handler that a program gave to pthread_atfork, Brood's
// too: a raw fork in this program would cost 5 % more than one in a program
// without Brood, and Brood would look that much better beside it.
#ifndef BENCH_FORK_HANDLERS_H_
#define BENCH_FORK_HANDLERS_H_

#include <sys/types.h>

namespace bench {

// fork() as it is in a program without Brood.
pid_t ForkWithoutHandlers();

}  // namespace bench

#endif  // BENCH_FORK_HANDLERS_H_
