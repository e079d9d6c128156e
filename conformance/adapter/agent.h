/* SPDX-License-Identifier: MIT
 *
 * An actor: connects to the runner and serves its requests.
 */
#pragma once

#include "brood.h"

/* agent_run serves at the socket `path` until `bye` or end of file, and then
 * returns; it does not if a request ends the process. The arguments behind the
 * first become the handles $0, $1 and so on; NULL is none. */
void agent_run(const char *path, const brood_args *args);

/* agent_connection returns the descriptor of this process's actor. */
int agent_connection(void);
