/* SPDX-License-Identifier: MIT
 *
 * Proves that a child has those descriptors that it was given, and no copies of
 * them: the C library has a hand in that, and not every one has the same. More
 * than a message to a forkserver carries, from numbers that are in the way.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "brood.h"

enum { NUM_FDS = 300 };

/* How many descriptors of this process are of /dev/zero. */
static int count_zeros(void) {
  DIR *all = opendir("/proc/self/fd");
  if (all == NULL) brood_fail("no /proc/self/fd");
  int count = 0;
  for (struct dirent *entry; (entry = readdir(all)) != NULL;) {
    char name[16] = "";
    ssize_t size = readlinkat(dirfd(all), entry->d_name, name, sizeof name);
    count += size == 9 && memcmp(name, "/dev/zero", 9) == 0;
  }
  closedir(all);
  return count;
}

static void check_zeros(const brood_args *args) {
  if (brood_args_count(args) != NUM_FDS) brood_fail("arguments are missing");
  int count = count_zeros();
  char text[64];
  snprintf(text, sizeof text, "%d descriptors of /dev/zero", count);
  if (count != NUM_FDS) brood_fail(text);
}
BROOD_TARGET(check_zeros);

static int check(const char *method, int zero) {
  brood_value args[NUM_FDS];
  for (int i = 0; i < NUM_FDS; i++) args[i] = brood_descriptor(zero);
  brood_process *process = brood_process_new(
      brood_get_context(method),
      &(brood_process_options){
          .target = check_zeros, .args = args, .num_args = NUM_FDS});
  int exitcode = -1;
  if (process == NULL || brood_process_start(process) < 0 ||
      brood_process_join(process, BROOD_FOREVER) < 0 ||
      brood_process_exitcode(process, &exitcode) < 0) {
    fprintf(stderr, "%s: %s\n", method, brood_error_message());
  }
  brood_process_free(process);
  return exitcode;
}

int main(int argc, char **argv) {
  if (brood_init(argc, argv) < 0) return 1;
  int zero = open("/dev/zero", O_RDONLY); /* not close-on-exec */
  return check("spawn", zero) == 0 && check("forkserver", zero) == 0 ? 0 : 1;
}
