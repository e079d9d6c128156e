/* SPDX-License-Identifier: MIT
 *
 * From a request to its reply.
 */
#pragma once

#include "conformance/adapter/call.h"
#include "conformance/adapter/handle.h"

/* request_answer carries out the request in a line and returns the reply's
 * line, to be freed by free; NULL if the line is no request. After ENDING_EXIT
 * and ENDING_FAIL the reply is not to be sent. */
char *request_answer(struct handles *handles, const char *line,
                     struct ending *out_ending);
