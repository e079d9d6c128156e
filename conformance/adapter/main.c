/* SPDX-License-Identifier: MIT
 *
 * The reference adapter: offers Brood to the conformance runner, as
 * PROTOCOL.md says. It knows brood.h and nothing else of the library.
 *
 * Start: reference SOCKET
 */
#include <stdio.h>

#include "brood.h"
#include "conformance/adapter/agent.h"
#include "conformance/adapter/main.h"

char **main_argv;

int main(int argc, char **argv) {
  brood_init(argc, argv);
  if (argc < 2) {
    fprintf(stderr, "usage: %s SOCKET\n", argc > 0 ? argv[0] : "reference");
    return 2;
  }
  main_argv = argv;
  agent_run(argv[argc - 1], NULL);
  return 0;
}
