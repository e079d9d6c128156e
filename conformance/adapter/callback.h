/* SPDX-License-Identifier: MIT
 *
 * What a pool calls when a task has ended: os.recorder(), which writes down
 * what it was called with, and then does something.
 */
#pragma once

#include "conformance/adapter/call.h"

/* callback_read has the two callbacks of a task, at two indexes, called. Each
 * may be null.
 *
 * TypeError  it is no callback */
int callback_read(struct call *call, int index, int error_index,
                  brood_task_options *options);
