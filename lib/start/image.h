/* SPDX-License-Identifier: MIT
 *
 * Fresh images: how this program is run again, and what it then is.
 */
#ifndef BROOD_START_IMAGE_H
#define BROOD_START_IMAGE_H

#include <signal.h>
#include <stddef.h>

#include "lib/names.h"

/* The single argument that tells brood_init what an image was run for, and
 * where its descriptors begin. */
#define IMAGE_SPAWNED "--brood-spawned"
#define IMAGE_FORKSERVER "--brood-forkserver"
#define IMAGE_FIRST_FD 3

/* image_run runs the program with one argument and a descriptor table from
 * IMAGE_FIRST_FD on. Returns the pid, or an error that it has set. */
int image_run(const char *role, const int *fds, size_t num_fds);

/* What a fresh image does instead of main. */
__attribute__((noreturn)) void spawn_child(void);
__attribute__((noreturn)) void forkserver_main(void);

#endif /* BROOD_START_IMAGE_H */
