// SPDX-License-Identifier: MIT
//
// fork() runs every handler that a program gave to pthread_atfork, Brood's
// too: a raw fork in this program would cost 5 % more than one in a program
// without Brood, and Brood would look that much better beside it.
#pragma once

#include <sys/types.h>

namespace bench {

// fork() as it is in a program without Brood.
pid_t ForkWithoutHandlers();

}  // namespace bench
